"""Mails leave once by a real server, wait for a lost one, and carry both parts."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from app.core import clock, sealing
from app.core.db import transaction
from app.core.tables import Delivery
from app.domains.notifications import sending
from app.domains.notifications.models import BLANK
from app.gateways.mail import MailDelayed
from app.settings import settings
from tests.cast import Cast
from tests.domains.notifications import things

Run = Callable[[], Awaitable[int]]
MAIL_TEMPLATES = Path("app/templates/notifications/mail")


class Mailbox:
    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


@pytest.fixture
def mailbox(site: str, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    post = Controller(box, hostname="127.0.0.1", port=unused_tcp_port)
    post.start()
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{unused_tcp_port}")
    settings.cache_clear()
    yield box
    post.stop()
    settings.cache_clear()


@pytest.fixture
async def dead_server(site: str, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{unused_tcp_port}")
    settings.cache_clear()
    yield unused_tcp_port
    settings.cache_clear()


async def test_a_mail_is_sent_once_with_both_parts_and_forgets_its_link(
    mailbox: Mailbox, cast: Cast, run_reactions: Run
) -> None:
    await things.estimate()
    await run_reactions()
    [message] = mailbox.got
    [mail] = await things.mails()
    assert message["Message-ID"] == f"<{mail.id}@demo.test>"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    link = re.search(r"http://testserver/approve/[\w-]{43}", text)
    assert link is not None
    assert link[0] in html
    assert mail.sent_at is not None
    assert mail.secret is None
    assert BLANK in sending.letter_of(mail).text
    await sending.send(mail.id, user=mail.user_id, tenant=mail.tenant_id)
    assert len(mailbox.got) == 1


async def test_without_a_server_mails_stay(site: str, cast: Cast, run_reactions: Run) -> None:
    await things.appointment()
    await run_reactions()
    await sending.send_waiting()
    [mail] = await things.mails()
    assert (mail.sent_at, mail.failed_at) == (None, None)


async def test_a_lost_server_is_waited_for(
    dead_server: int, cast: Cast, run_reactions: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await things.appointment()
    with pytest.raises(MailDelayed):
        await run_reactions()
    [mail] = await things.mails()
    assert mail.sent_at is None
    async with transaction() as db:
        still = await db.scalars(select(Delivery).where(Delivery.done_at.is_(None)))
        assert any("send_mail" in one.reaction for one in still)
    await sending.send_waiting()  # too early: its reaction still tries
    box = Mailbox()
    post = Controller(box, hostname="127.0.0.1", port=dead_server)
    post.start()
    try:
        with clock.moved_by(timedelta(minutes=20)):
            await sending.send_waiting()
            await sending.send_waiting()
    finally:
        post.stop()
    assert len(box.got) == 1
    assert (await things.mails())[0].sent_at is not None


def test_every_mail_has_both_parts_one_button_and_is_small() -> None:
    for html in MAIL_TEMPLATES.glob("*.html"):
        if html.name in ("layout.html", "pieces.html"):
            continue
        source = html.read_text()
        assert html.with_suffix(".txt").exists(), html
        assert source.count("{{ button(") <= 1, html
        assert "<script" not in source
        assert "http" not in source.replace("http-equiv", "")


async def test_a_written_mail_is_small_and_speaks_light_and_dark(site: str, run_reactions: Run) -> None:
    await things.appointment()
    await things.estimate()
    await run_reactions()
    for mail in await things.mails():
        assert len(mail.html.encode()) < 60 * 1024
        assert 'content="light dark"' in mail.html
        assert "prefers-color-scheme: dark" in mail.html
        assert not re.search(r"<img|<script|src=", mail.html)
        assert "{{" not in mail.text + mail.html
        assert "\n\n\n\n" not in mail.text


def test_a_sealed_secret_opens_only_for_its_purpose() -> None:
    sealed = sealing.seal("mail link", "a token")
    assert b"a token" not in sealed
    assert sealing.unseal("mail link", sealed) == "a token"
    for bad, purpose in ((sealed, "other"), (sealed[:-1] + b"x", "mail link"), (b"", "mail link")):
        with pytest.raises(ValueError, match=r"sealed|Nonce"):
            sealing.unseal(purpose, bad)
