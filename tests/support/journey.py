"""The way of a client through the pages, in the steps that several browser tests share."""
from selenium.webdriver.common.by import By

import onboarding
from instance import PASSWORD
from people import new_address

DESCRIPTION = "A page for our bakery in Iloilo with the menu of the week and an order form"


def pick_service(browser, name="Landing Page"):
    """From the landing page's pricing to the first step."""
    browser.open("/")
    card = browser.see("#services [data-service-id]", name)
    link = card.find_element(By.CSS_SELECTOR, "a.button")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", link)
    link.click()
    browser.wait_for_path("/onboarding?serviceId=")
    browser.see("#description")


def describe(browser, text=DESCRIPTION):
    browser.type("#description", text)


def choose(control, text):
    """Picks an option the way a person does, by its letters: selenium's own way fires no input event."""
    control.send_keys(text)
    assert control.get_property("selectedOptions")[0].text == text


def answer_everything(browser, word="with care"):
    """Answers each question on view, also those that appear on the way."""
    answered = set()
    while True:
        browser.see("#questions [data-question]")
        left = [key for key in browser.read("#questions [data-question]", "data-question") if key not in answered]
        if not left:
            return answered
        answered.add(left[0])
        field = browser.see(f"#questions [data-question='{left[0]}']")
        boxes = field.find_elements(By.CSS_SELECTOR, "input[type=radio], input[type=checkbox]")
        if boxes:
            for box in boxes[:2 if boxes[0].get_attribute("type") == "checkbox" else 1]:
                browser.run("arguments[0].scrollIntoView({block: 'center'})", box)
                box.click()
            continue
        control = field.find_element(By.CSS_SELECTOR, ".input")
        if control.tag_name == "select":
            choose(control, control.find_elements(By.TAG_NAME, "option")[1].text)
        elif control.get_attribute("type") == "number":
            control.send_keys("3")
        else:
            control.send_keys(f"Answered {word}")


def leave_contact(browser, name="Juana dela Cruz", email=None):
    email = email or new_address("client")
    browser.type("#client-name", name)
    browser.type("#client-email", email)
    browser.type("#client-phone", "+63 917 123 4567")
    return email


def fill_in(browser, text=DESCRIPTION, email=None):
    """All three steps, up to the button that sends; answers the address."""
    describe(browser, text)
    browser.click("#next")
    answer_everything(browser)
    browser.click("#next")
    return leave_contact(browser, email=email)


def create_account(browser, password=PASSWORD):
    """On the sign-in page, where name and address are filled in already."""
    browser.wait_for_path("/login?from=onboarding")
    browser.type("#signup-password", password)
    browser.click("#signup-submit")


def project_id(browser, seconds=60):
    browser.wait_for_path("/projects/", seconds)
    return int(browser.path.split("/")[2].split("?")[0].split("#")[0])


def tasks_on_view(browser):
    return browser.all("#tasks-list [data-task-id]")


def wait_for_tasks(browser, seconds=90):
    return browser.wait(lambda: (found := tasks_on_view(browser)) and 15 <= len(found) <= 25 and found, seconds, "15 to 25 tasks do not appear")


def signed_in_device(browser, site, client):
    """Gives the device on view the session of an API client."""
    browser.driver.get("about:blank")  # whoever was here before is not asked for anything any more
    for name, value in client.cookies.items():
        browser.cdp("Network.setCookie", name=name, value=value, url=site.url, httpOnly=name != "language")
    browser.driver.get_log("browser")


def planned_project(site, client, **changes):
    project = onboarding.create(client, **changes)
    onboarding.wait_for_plan(client, project)
    return project
