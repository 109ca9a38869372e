"""Invitations in the browser: from the people page to whoever opens the mail, new here, known, or signed in as somebody else."""
import pytest

import journey
import onboarding
from instance import PASSWORD, link_in
from people import new_address, new_person


def invite(site, browser, email, role="Member"):
    """Sends one from the people page; the path that its mail leads to."""
    browser.open("/admin/people")
    browser.type("#invite-email", email)
    journey.choose(browser.see("#invite-role"), role)
    browser.click("#invite-form [type=submit]")
    browser.see("#invite-said", "is invited")
    return f"/invitation?token={link_in(site.wait_for_mail(email, '/invitation?token='), '/invitation')}"


def test_somebody_new_is_invited_sets_a_password_and_is_in_the_back_office(site, browser):
    journey.signed_in_device(browser, site, site.signed_in(*site.account("owner")))
    email = new_address("new")
    path = invite(site, browser, email)
    browser.see("#invites [data-state=open]", email)
    assert browser.audit_in("people-invitations") == []
    browser.any_width()

    browser.new_device()
    browser.open(path)
    browser.see("#join-form")
    assert browser.run("return location.search") == "", "the address does not keep the token"
    browser.see("#join-email", email)
    assert "Member of the team" in browser.words()
    assert browser.audit_in("invitation") == []
    browser.any_width()
    browser.click("#join-submit")
    browser.see("#join-name-error", "your name")
    browser.type("#join-name", "Ana Reyes")
    browser.type("#join-password", PASSWORD)
    browser.click("#join-submit")
    browser.wait_for_path("/admin")
    browser.see("[data-office-nav] a", "Projects")
    browser.open(path)
    browser.see("#invitation-title", "This invitation was accepted")


def test_who_is_signed_in_as_somebody_else_signs_out_and_comes_back_with_the_right_account(site, browser):
    known, other = new_person(site), new_person(site)
    journey.signed_in_device(browser, site, site.signed_in(*site.account("owner")))
    path = invite(site, browser, known.email, "Viewer")
    browser.new_device()
    journey.signed_in_device(browser, site, other)
    browser.open(path)
    browser.see("#invitation-lead", f"You are signed in as {other.email}, and this invitation is for {known.email}")
    browser.width(360)
    assert browser.audit() == []
    browser.screenshot("invitation-other-360")
    browser.any_width()
    browser.click("#invitation-acts button", "Sign out and go on")
    browser.click("#invitation-acts a", "Sign in to accept")
    browser.type("#login-email", known.email)
    browser.type("#login-password", PASSWORD)
    browser.click("#login-submit")
    browser.click("#invitation-acts button", "Accept the invitation")
    browser.wait_for_path("/admin")


@pytest.mark.expects(422)
def test_one_is_sent_again_and_withdrawn_by_keyboard_alone(site, browser):
    journey.signed_in_device(browser, site, site.signed_in(*site.account("owner")))
    email = new_address("twice")
    path = invite(site, browser, email)
    row = f"#invites li:has([aria-label='Send again to {email}']) "
    browser.tab_to(f"{row}button")
    browser.press("\n")
    browser.see("#invite-said", "Sent again")
    browser.click(f"{row}[aria-label='Withdraw the invitation of {email}']")
    browser.see("#invite-said", "is withdrawn")
    browser.wait(lambda: email not in browser.see("#invites, #no-invites").text, about="the withdrawn one is listed as open")
    journey.choose(browser.see("#invite-state"), "Withdrawn")
    browser.see("#invites [data-state=withdrawn]", email)
    browser.new_device()
    browser.open(path)
    browser.see("#invitation-title", "This link does not work")


def test_a_client_shares_a_project_and_the_contact_finds_it_and_may_look(site, browser):
    owner = new_person(site, name="Maria Santos")
    site.sql("update users set email_verified = now() where id = %s", owner.user["id"])
    project = onboarding.create(owner)
    journey.signed_in_device(browser, site, owner)
    browser.open(f"/projects/{project}#people")
    browser.see("#contacts li", "Maria Santos")
    email = new_address("contact")
    browser.type("#contact-email", email)
    browser.click("#contact-form [type=submit]")
    browser.see("#contacts [data-invitation-id]", email)
    path = f"/invitation?token={link_in(site.wait_for_mail(email, '/invitation?token='), '/invitation')}"

    browser.new_device()
    browser.open(path)
    browser.see("#invitation-facts dd", "Look: follow the project")
    browser.type("#join-name", "Ben Cruz")
    browser.type("#join-password", PASSWORD)
    browser.click("#join-submit")
    browser.wait_for_path(f"/projects/{project}")
    browser.see("#contacts li", "Ben Cruz (you)")
    assert not browser.see("#messages").find_elements("css selector", "#message-form")[0].is_displayed(), "nothing to write with"
    assert not browser.all("#contact-form") and not browser.all(".drop-zone")
    browser.open(f"/projects/{project}/payment")
    browser.see("#payment-error", "its owner pays here")
    assert not browser.all("#ways")
    browser.open("/dashboard")
    browser.see(f"[data-project-id='{project}'] [data-contact=view]", "Shared with you")
    browser.width(360)
    assert browser.audit() == []
    browser.screenshot("dashboard-contact-360")
    browser.any_width()

    browser.new_device()
    journey.signed_in_device(browser, site, owner)
    browser.open(f"/projects/{project}#people")
    browser.see("[data-contact-id] select")
    assert browser.audit_in("project-people") == []
    browser.any_width()
    browser.see("[data-contact-id] select").send_keys("W")
    browser.see("#people-said", "may write, send files and pay now")
    browser.click("[data-contact-id] button", "Take off")
    browser.click("[data-contact-id] .row button", "Take off")
    browser.see("#people-said", "is off this project")
    browser.wait(lambda: not browser.all("[data-contact-id]"), about="who was taken off is still listed")


def test_a_contact_leaves_a_project_once_they_are_sure(site, browser):
    project = onboarding.create(new_person(site, name="Maria Santos"))
    ben = new_person(site, name="Ben Cruz")
    site.sql("insert into project_contacts (project_id, user_id, role) values (%s, %s, 'view')", project, ben.user["id"], tenant=site.tenant)
    journey.signed_in_device(browser, site, ben)
    browser.open(f"/projects/{project}#people")
    browser.click("#leave-project")
    browser.see("#people", "You see nothing of it from then on")
    browser.width(360)
    assert browser.audit() == []
    browser.screenshot("project-leave-360")
    browser.any_width()
    browser.click("#people .row button", "Stay")
    browser.click("#leave-project")
    browser.click("#leave-project-yes")
    browser.wait_for_path("/dashboard")
    browser.see("main:not([aria-busy])")
    assert not browser.all(f"[data-project-id='{project}']")
