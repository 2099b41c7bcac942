from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from app.gateways.mail import Letter, MailDelayed, MailRefused, Smtp, compose, one_line, open_mailer

SENDER = "Torqueline <no-reply@torqueline.test>"
LETTER = Letter(
    id="0192-7f",
    to="dana@example.com",
    to_name="Dana Müller",
    subject="Your estimate is ready – 412,50 €",
    text="Hello Dana,\n.a line that begins with a dot\nGrüße",
    html="<p>Hello <b>Dana</b></p>",
    from_name="Voltwerk Berlin",
    reply_to="desk@voltwerk.test",
    language="de",
)


class Mailbox:
    def __init__(self):
        self.got = []
        self.answer_to_rcpt = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer_to_rcpt:
            return self.answer_to_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 kept"


@pytest.fixture
def mailbox(unused_tcp_port):
    box = Mailbox()
    box.url = f"smtp://127.0.0.1:{unused_tcp_port}"
    post = Controller(box, hostname="127.0.0.1", port=unused_tcp_port)
    post.start()
    yield box
    post.stop()


def parsed(raw):
    return message_from_bytes(raw, policy=policy.default)


async def test_a_letter_arrives_with_text_and_html(mailbox):
    await open_mailer(mailbox.url, sender=SENDER).send(LETTER)
    ((sender, recipients, raw),) = mailbox.got
    assert (sender, recipients) == ("no-reply@torqueline.test", ["dana@example.com"])
    message = parsed(raw)
    assert message["Subject"] == LETTER.subject
    assert str(message["From"]) == "Voltwerk Berlin <no-reply@torqueline.test>"
    assert message["To"].addresses[0].display_name == "Dana Müller"
    assert message["Reply-To"] == "desk@voltwerk.test"
    assert message["Message-ID"] == "<0192-7f@torqueline.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    assert message.get_body(("plain",)).get_content().splitlines() == LETTER.text.splitlines()
    assert "<b>Dana</b>" in message.get_body(("html",)).get_content()
    assert max(len(line) for line in raw.splitlines()) <= 998


async def test_a_server_without_tls_never_hears_the_password(mailbox):
    with pytest.raises(MailDelayed):
        await Smtp(mailbox.url.replace("//", "//user:secret@"), sender=SENDER).send(LETTER)
    assert mailbox.got == []


async def test_a_refused_recipient_is_final_and_a_busy_server_is_not(mailbox):
    mailer = Smtp(mailbox.url, sender=SENDER)
    mailbox.answer_to_rcpt = "550 no such mailbox"
    with pytest.raises(MailRefused):
        await mailer.send(LETTER)
    mailbox.answer_to_rcpt = "451 come back later"
    with pytest.raises(MailDelayed):
        await mailer.send(LETTER)


async def test_a_server_that_is_down_means_later(unused_tcp_port):
    with pytest.raises(MailDelayed):
        await Smtp(f"smtp://127.0.0.1:{unused_tcp_port}", sender=SENDER).send(LETTER)


BREAKERS = [
    "Dana\r\nBcc: everyone@example.com",
    "Dana\nX-Evil: 1",
    "Dana\rX-Evil: 1",
    "Dana\x00\x0b\x0c\x1c\x85\u2028\u2029X-Evil: 1",
    "Dana\u202eX-Evil: 1",
    '"Dana" <everyone@example.com>, X',
    "=?utf-8?q?Dana=0D=0ABcc:_everyone@example.com?=",
    "D" * 5_000,
]


@pytest.mark.parametrize("typed", BREAKERS)
def test_nothing_typed_into_a_name_or_a_subject_becomes_a_header(typed):
    letter = replace(LETTER, to_name=typed, from_name=typed, subject=typed)
    raw = compose(letter, sender=SENDER).as_bytes()
    message = parsed(raw)
    assert set(message.keys()) == set(compose(LETTER, sender=SENDER).keys())
    assert [one.addr_spec for one in message["To"].addresses] == ["dana@example.com"]
    assert [one.addr_spec for one in message["From"].addresses] == ["no-reply@torqueline.test"]


NO_ADDRESSES = [
    *["", "dana", "a@b@c", "a b@example.com", "dana@example.com\nBcc: x@example.com", "a,b@example.com"],
    *["<dana@example.com>", "dana@", "@example.com", "x" * 300 + "@" + "y" * 300],
]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused_before_anything_is_sent(address):
    with pytest.raises(MailRefused):
        compose(replace(LETTER, to=address), sender=SENDER)


def test_without_a_server_there_is_no_mailer():
    assert open_mailer(None, sender=SENDER) is None
    for bad in ["http://x", "smtp://", "mail.example.com"]:
        with pytest.raises(ValueError, match="SMTP_URL"):
            open_mailer(bad, sender=SENDER)


def test_header_text_is_one_line():
    assert one_line(" a\r\n b\tc ") == "a b c"
