"""The accessibility checks themselves: each defect of a bad page is named, and a good page has none."""
import urllib.parse

import pytest

GOOD = """<!doctype html><html lang="en"><title>Good</title><style>body { background: #fff; color: #111; } a, button { min-height: 24px; }
button:focus-visible { outline: 3px solid #00f; }</style><main><h1>Good</h1><h2>Part</h2><label for="a">Name</label>
<input id="a" style="border: 1px solid #555"><button>Send</button></main></html>"""

DEFECTS = {
    "no language": ('<html lang="en">', "<html>"),
    "no title": ("<title>Good</title>", ""),
    "main landmarks": ("main>", "div>"),
    "headings of level 1": ("<h1>Good</h1>", "<h1>Good</h1><h1>Again</h1>"),
    "heading jumps from 1 to 3": ("h2>", "h3>"),
    "two elements have the id a": ("<button>", '<button id="a">'),
    "names nothing, which is not there": ('<input id="a"', '<input id="a" aria-describedby="nothing"'),
    "no name": ('<label for="a">Name</label>', ""),
    "invalid without a reason": ('<input id="a"', '<input id="a" aria-invalid="true"'),
    "tabindex above 0": ("<button>", '<button tabindex="3">'),
    "contrast 2": ("<h2>Part</h2>", '<h2>Part</h2><p style="color: #aaa">Pale</p>'),
    "a field whose edge": ("1px solid #555", "1px solid #eee"),
    "beside another": ("<button>Send</button>", '<button style="height: 12px; width: 12px; min-height: 0; padding: 0">x</button><button>Send</button>'),
    "px wide in a window": ("<h2>Part</h2>", '<h2>Part</h2><p style="width: 4000px">wide</p>'),
    "a table without a caption": ("<h2>Part</h2>", '<h2>Part</h2><table><tr><th scope="col">x</th></tr></table>'),
    "a table without heads": ("<h2>Part</h2>", '<h2>Part</h2><table><caption>Dates</caption><tr><td>x</td></tr></table>'),
    "a head without a scope": ("<h2>Part</h2>", '<h2>Part</h2><table><caption>Dates</caption><tr><th>x</th></tr></table>'),
    "a list holds what is no item": ("<h2>Part</h2>", "<h2>Part</h2><ul><p>x</p></ul>"),
    "a section without a heading": ("<h2>Part</h2>", "<h2>Part</h2><section><p>x</p></section>"),
    "aria-pressed is yes": ("<button>", '<button aria-pressed="yes">'),
    "two places are the current one": ("<h2>Part</h2>", '<h2>Part</h2><nav><a href="#a" aria-current="true">a</a> <a href="#a" aria-current="true">b</a></nav>'),
    "a link to #nowhere": ("<h2>Part</h2>", '<h2>Part</h2><p><a href="#nowhere">There</a></p>'),
    "scrolls, but not by keyboard": ("<h2>Part</h2>", '<h2>Part</h2><div style="overflow: auto; width: 100px"><p style="width: 300px">wide</p></div>'),
    "a control within a control": ("<h2>Part</h2>", '<h2>Part</h2><label>Name <button>x</button></label>'),
    "unknown role": ("<h2>Part</h2>", '<h2>Part</h2><p role="butler">Yes?</p>'),
}


def look(browser, html):
    browser.driver.get("data:text/html;charset=utf-8," + urllib.parse.quote(html))
    return browser.audit()


def test_a_good_page_has_no_defect(browser):
    assert look(browser, GOOD) == []


@pytest.mark.parametrize("sign", DEFECTS)
def test_each_defect_is_named(browser, sign):
    old, new = DEFECTS[sign]
    assert old in GOOD
    found = look(browser, GOOD.replace(old, new))
    assert any(sign in line for line in found), found


def test_an_invisible_focus_is_noticed(browser):
    look(browser, GOOD.replace("outline: 3px solid #00f", "outline: none"))
    with pytest.raises(AssertionError, match="focus cannot be seen"):
        browser.tab_to("button")
    look(browser, GOOD)
    browser.tab_to("button")
