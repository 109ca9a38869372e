#!/bin/sh
# Brings public and every tenant up to date without a question, for machines; options go to `migrate deploy`.
# Exit codes: those of `scripts/migrate help`.
set -eu
exec "$(dirname -- "$(readlink -f -- "$0")")/migrate" deploy --yes "$@"
