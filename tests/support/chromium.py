"""A real browser: headless Chromium driven by selenium, with what the tests look at (console, storage, network, screenshots)."""
import base64
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from instance import ROOT

SCREENSHOTS = ROOT / "build/screenshots"
# What matches and is on view, as the page itself says; with a text, what has it. Selenium's own is_displayed() costs twenty times as much.
SHOWN = """const drawn = (one) => { const { width, height } = one.getBoundingClientRect(); return (width > 0 && height > 0) || [...one.children].some(drawn); };
    const shown = (one) => (one.localName === 'option' ? shown(one.closest('select, datalist'))
        : one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && drawn(one));
    const says = (one) => arguments[1] === null || (one.innerText || one.value || '').includes(arguments[1]);
    const seen = [...document.querySelectorAll(arguments[0])].filter((one) => shown(one) && says(one));"""
AUDIT = (Path(__file__).parent / "audit.js").read_text()

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-default-apps", "--disable-extensions",
         # One process for all pages: another at every new device would cost more than what most tests do.
         "--renderer-process-limit=1", "--disable-site-isolation-trials",
         "--hide-scrollbars", "--window-size=1280,900", "--force-prefers-reduced-motion")


class Seen(WebElement):
    """What was seen on the page. A page may draw itself anew between two looks, as at the end of a plan: who reads on looks at what is in its place."""

    def __init__(self, browser, css, text, element):
        super().__init__(browser.driver, element.id)
        self.look = lambda: browser.look(css, text)

    def anew(self):
        self._id = self.look().id

    def still(self, deed):
        for _ in range(3):
            try:
                return deed()
            except StaleElementReferenceException:
                self.anew()
        return deed()

    def _execute(self, command, params=None):
        return self.still(lambda: super(Seen, self)._execute(command, params))

    def get_attribute(self, name):
        return self.still(lambda: super(Seen, self).get_attribute(name))


class Browser:
    """One Chromium. `new_device()` gives a person with nothing stored; whoever was here before is forgotten."""

    def __init__(self, site):
        self.site = site
        self.profile = tempfile.mkdtemp(prefix="lx-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = str(ROOT / "tests/support/chromium.sh")
        for flag in (*FLAGS, f"--user-data-dir={self.profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(90)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    # Devices and windows
    def new_device(self):
        """A window of a browser that has never been here: no cookies, no storage, and no other window."""
        old = self.driver.window_handles
        self.driver.switch_to.new_window("tab")  # sessionStorage belongs to a tab
        fresh = self.driver.current_window_handle
        for handle in old:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(fresh)
        self.cdp("Network.clearBrowserCookies")
        self.cdp("Storage.clearDataForOrigin", origin=self.site.url, storageTypes="all")

    def new_tab(self):
        """Another window of the same device."""
        self.driver.switch_to.new_window("tab")

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    # Going and looking
    def open(self, path):
        self.driver.get(self.site.url + path)

    @property
    def path(self):
        return self.driver.execute_script("return location.pathname + location.search + location.hash")

    def run(self, script, *values):
        try:
            return self.driver.execute_script(script, *values)
        except StaleElementReferenceException:  # told before the script begins
            for value in values:
                if isinstance(value, Seen):
                    value.anew()
            return self.driver.execute_script(script, *values)

    def all(self, css):
        return self.run(SHOWN + "return seen", css, None)

    def see(self, css, text=None, seconds=45):
        """The first element on view that matches, and has the text; waits for it."""
        return Seen(self, css, text, self.look(css, text, seconds))

    def look(self, css, text=None, seconds=45):
        until = time.monotonic() + seconds
        while not (found := self.run(SHOWN + "return seen.slice(0, 1)", css, text)):
            assert time.monotonic() < until, f"{css}{f' with {text!r}' if text else ''} is not on view at {self.path}:\n{self.words()[:1500]}"
            time.sleep(0.05)
        return found[0]

    def read(self, css, name="innerText"):
        """A property or attribute of each that matches and is on view, from one look: nothing is drawn anew between two of them."""
        return self.run(SHOWN + "return seen.map((one) => one[arguments[2]] ?? one.getAttribute(arguments[2]))", css, None, name)

    def wait(self, condition, seconds=45, about=""):
        until = time.monotonic() + seconds
        while True:
            try:
                if value := condition():
                    return value
            except (StaleElementReferenceException, WebDriverException):
                pass
            assert time.monotonic() < until, f"{about or condition} at {self.path}:\n{self.words()[:1500]}"
            time.sleep(0.05)

    def wait_for_path(self, beginning, seconds=45):
        self.wait(lambda: self.path.startswith(beginning), seconds, f"the page does not become {beginning}")

    def words(self):
        return self.run("return document.body ? document.body.innerText : ''")

    def click(self, css, text=None):
        def click(element):
            self.run("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
        return self._touch(css, text, click)

    def type(self, css, text):
        def type(element):
            element.clear()
            element.send_keys(text)
        return self._touch(css, None, type)

    def _touch(self, css, text, deed):
        """Does all of it to one element; a page that draws itself anew between the look and the touch is looked at again."""
        seen = self.see(css, text)
        seen.still(lambda: deed(WebElement(self.driver, seen.id)))
        return seen

    def stored(self, name, storage="sessionStorage"):
        value = self.run(f"return {storage}.getItem(arguments[0])", name)
        try:
            return json.loads(value) if value else value
        except ValueError:
            return value

    # Circumstances
    def network(self, latency=0, offline=False, kilobytes=-1):
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", offline=offline, latency=latency,
                 downloadThroughput=kilobytes * 1024 if kilobytes > 0 else -1, uploadThroughput=kilobytes * 1024 if kilobytes > 0 else -1)

    def colours(self, scheme):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                         {"name": "prefers-reduced-motion", "value": "reduce"}])

    def width(self, pixels, height=800):
        self.cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=False)
        # Drawn anew, so that what the page does on a change of size is done.
        self.driver.execute_async_script("const done = arguments[0]; setTimeout(done, 500); requestAnimationFrame(() => requestAnimationFrame(done))")

    def any_width(self):
        self.cdp("Emulation.clearDeviceMetricsOverride")

    # Keyboard
    def press(self, *keys):
        """As a keyboard does it, modifiers held: an element's own send_keys() would set a colour to the key."""
        held = [key for key in keys if key in (Keys.CONTROL, Keys.SHIFT, Keys.ALT, Keys.META)]
        chain = ActionChains(self.driver)
        for key in held:
            chain.key_down(key)
        chain.send_keys(*[key for key in keys if key not in held])
        for key in held:
            chain.key_up(key)
        chain.perform()

    def tab_to(self, css, text=None, limit=120):
        """Presses Tab until the focus is on what matches; each stop on the way must show its focus."""
        for _ in range(limit):
            self.press(Keys.TAB)
            there = self.run("return document.activeElement.matches(arguments[0]) && (!arguments[1] || document.activeElement.textContent.includes(arguments[1]))", css, text)
            assert self.run(AUDIT + "return focusShown(document.activeElement)"), f"the focus cannot be seen on {self.run('return document.activeElement.outerHTML.slice(0, 200)')}"
            if there:
                return self.driver.switch_to.active_element
        raise AssertionError(f"Tab does not lead to {css} at {self.path}")

    # Fingers
    def phone(self, width=360, height=740):
        """A phone's window and fingers, until the next device."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=1)
        self.cdp("Emulation.setEmitTouchEventsForMouse", enabled=False)
        self.driver.refresh()

    def middle(self, element):
        return self.run("const { x, y, width, height } = arguments[0].getBoundingClientRect(); return [x + width / 2, y + height / 2]", element)

    def touch(self, kind, *point):
        self.cdp("Input.dispatchTouchEvent", type=f"touch{kind}", touchPoints=[{"x": point[0], "y": point[1]}] if point else [])

    def slide(self, x, y, to_x, to_y, steps=10):
        for step in range(1, steps + 1):
            self.touch("Move", x + (to_x - x) * step / steps, y + (to_y - y) * step / steps)
            time.sleep(0.016)

    def swipe(self, element, dx, dy):
        """A finger that is put on it and moves at once."""
        x, y = self.middle(element)
        self.touch("Start", x, y)
        self.slide(x, y, x + dx, y + dy)
        time.sleep(0.2)  # it comes to rest, so that nothing is left to glide
        self.touch("End")
        self.settled()

    def settled(self, seconds=30):
        """The page has not moved for a while: one that glides takes the next finger for its stop."""
        until, last, since = time.monotonic() + seconds, None, time.monotonic()
        while (now := self.run("return scrollY")) != last or time.monotonic() - since < 0.4:
            if now != last:
                last, since = now, time.monotonic()
            assert time.monotonic() < until, "it scrolls without end"
            time.sleep(0.05)

    def carry(self, element, to_x, to_y, rest=0.5, hold=lambda: None):
        """A finger that rests on it, takes it somewhere, stays there as long as hold() takes, and lets go."""
        x, y = self.middle(element)
        self.touch("Start", x, y)
        time.sleep(rest)
        self.slide(x, y, to_x, to_y)
        hold()
        self.touch("End")

    # Judging
    def audit(self):
        """Sentences about what is wrong with the page for people who see, hear or point differently."""
        return self.run(AUDIT + "return audit()")

    def audit_in(self, name, looks=(("dark", 360), ("light", 1280))):
        """What audit() says in each colour scheme and width (in pixels), with a picture of each; the last one stays."""
        wrong = []
        for scheme, width in looks:
            self.colours(scheme)
            self.width(width)
            self.screenshot(f"{name}-{scheme}-{width}"[:80])
            wrong += [f"{name}, {scheme}, {width} px: {line}" for line in self.audit()]
        return wrong

    def reach(self):
        """Sentences about what a keyboard cannot reach, or not see."""
        return self.run(AUDIT + "return reach()")

    def complaints(self, expected=()):
        """What the console says that it should not: errors, CSP violations, failed loads other than those statuses expected.
        A style sheet that failed is told as one of another type, now and then: what says no is our problem+json."""
        lines, failed = [], [f"status of {status}" for status in expected] + ["('application/problem+json') is not a supported stylesheet"] * bool(expected)
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING") and not any(words in entry["message"] for words in failed):
                lines.append(f"{entry['level']} {entry['message']}")
        return lines

    def screenshot(self, name):
        """For who looks at the pages: LUNAXCODE_TEST_SCREENSHOTS=1, or a test that failed. A picture of a whole page costs as much as loading it."""
        if not (os.environ.get("LUNAXCODE_TEST_SCREENSHOTS") or name.startswith("failed-")):
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        data = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True, optimizeForSpeed=True)["data"]
        (SCREENSHOTS / f"{name}.png").write_bytes(base64.b64decode(data))
