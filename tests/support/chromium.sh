#!/bin/sh
# Chromium as the browser tests drive it: without a window of its own, which costs as much as the pages in it. ChromeDriver waits for a
# first page, and this program opens none by itself.
exec /usr/lib/chromium/chromium-headless-shell "$@" about:blank
