"""The page decides which questions are asked as the server does: thousands of random conditions, sound and broken, by both."""
import json
import os
import subprocess

from instance import build


def test_page_and_server_ask_the_same_questions(browser, tmp_path):
    cases = tmp_path / "cases"
    subprocess.run([build() / "unit-tests", "--gtest_filter=ShowIf.DecidesAnything*"], check=True, capture_output=True, env={**os.environ, "SHOW_IF_CASES": str(cases)})
    decided = [json.loads(line) for line in cases.read_text().splitlines()]
    assert len(decided) == 4000
    browser.open("/")
    # As text: JSON.parse is what reads it on the page, numbers and all.
    wrong = browser.driver.execute_async_script("""
        const [lines, done] = arguments;
        import('/assets/js/onboarding/show-if.js').then(({ visibleKeys }) => done(lines.map((line) => JSON.parse(line))
            .map((one) => ({ ...one, page: [...visibleKeys(one.questions, one.answers)] })).filter((one) => one.page.join() !== one.asked.join()).slice(0, 3)))
            .catch((error) => done(String(error)));""", cases.read_text().splitlines())
    assert wrong == []
