"""The stand-in mail server takes mail from an ordinary client, keeps its bytes, and fails as told."""
import smtplib
import ssl
from email.message import EmailMessage

import pytest

from smtp import KINDS, Smtp


@pytest.fixture
def server(request):
    stand_in = Smtp(**getattr(request, "param", {}))
    yield stand_in
    stand_in.close()


def mail(to="ana@example.test"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = "lx@example.test", to, "Grüße", "<1@example.test>"
    message.set_content("First line\n.a line with a dot in front\n.\nlast line\n")
    return message


def send(server, message):
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.send_message(message)


def test_a_mail_is_kept_byte_for_byte_without_the_dots_that_the_wire_adds(server):
    send(server, mail())
    kept, = server.to("ana@example.test")
    assert kept.message.get_content().replace("\r\n", "\n") == "First line\n.a line with a dot in front\n.\nlast line\n"
    assert kept.id == "<1@example.test>" and kept.sender == "lx@example.test" and kept.acknowledged


@pytest.mark.parametrize("server", [{"user": "lx", "password": "s3cret", "tls": True}], indirect=True)
def test_auth_is_offered_after_starttls_only_and_the_certificate_verifies(server):
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.ehlo()
        assert client.has_extn("starttls") and not client.has_extn("auth") and client.has_extn("8bitmime")
        client.starttls(context=ssl.create_default_context(cafile=server.certificate))
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.send_message(mail())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("lx", "wrong")
        client.login("lx", "s3cret")
        client.send_message(mail())
    assert server.mails[0].secure and server.mails[0].user == "lx"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hang", "hang after data", "slow", "no auth"}))
def test_each_fault_shows_once_and_then_mail_flows_again(server, kind):
    server.fail(kind)
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(server, mail())
    send(server, mail())
    assert [m.acknowledged for m in server.mails][-1] and len(server.mails) == (2 if kind == "drop after data" else 1)


def test_a_fault_can_be_meant_for_one_recipient(server):
    server.fail("550", match="ben@", times=9)
    send(server, mail())
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, mail("ben@example.test"))
