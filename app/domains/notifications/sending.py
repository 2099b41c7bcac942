"""Written mails leave by SMTP, after the commit, at least once. Without a server they stay and are read at
/dev/mail."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, text

from app.core import clock, sealing
from app.core.db import transaction
from app.core.events import Heard
from app.core.queue import cron
from app.core.relay import outside_transaction
from app.domains.notifications.events import MailWritten
from app.domains.notifications.models import BLANK, LINK_SEAL, Mail
from app.gateways.mail import Letter, MailDelayed, MailRefused, open_mailer
from app.settings import settings

log = structlog.get_logger()

PATIENCE = timedelta(minutes=15)
"""After this a mail that waits was given up by its reaction; the cron takes it over."""
GIVE_UP = timedelta(days=3)


@outside_transaction
async def send_mail(heard: Heard[MailWritten]) -> None:
    """Reaction: send a written mail. Raises MailDelayed, and is tried again."""
    await send(heard.event.mail_id, user=heard.user_id, tenant=heard.tenant_id)


async def send(mail_id: UUID, *, user: UUID | None, tenant: UUID | None) -> None:
    """Send one mail that has not been sent. A crash between sending and noting it sends it again, under the
    same Message-ID."""
    mailer = open_mailer(settings().smtp_url, sender=settings().mail_from)
    if mailer is None:
        return
    async with transaction(user=user, tenant=tenant) as db:
        mail = await db.get(Mail, mail_id)
    if mail is None or mail.sent_at or mail.failed_at:
        return
    error = ""
    try:
        await mailer.send(letter_of(mail))
    except MailRefused as refused:
        error = str(refused)[:500]
        log.warning("mail.refused", mail_id=str(mail_id), template=mail.template)
    async with transaction(user=user, tenant=tenant) as db:
        sent = await db.get_one(Mail, mail_id, with_for_update=True)
        sent.secret = None  # what the link opens is now in the recipient's hands alone
        sent.error = error
        if error:
            sent.failed_at = clock.now()
        else:
            sent.sent_at = clock.now()


def letter_of(mail: Mail) -> Letter:
    """The mail with its link in place."""
    return Letter(
        id=str(mail.id),
        to=mail.recipient,
        to_name=mail.recipient_name,
        subject=mail.subject,
        text=opened(mail, mail.text),
        html=opened(mail, mail.html),
        from_name=mail.sender_name,
        reply_to=mail.reply_to,
        language=mail.language,
    )


def opened(mail: Mail, part: str) -> str:
    """A part with the sealed token in the place of its blank; once the mail is sent the blank stays."""
    return part.replace(BLANK, sealing.unseal(LINK_SEAL, mail.secret)) if mail.secret else part


@cron("*/5 * * * *")
async def send_waiting() -> None:
    """Send what its reaction gave up on: a mail server may be down for hours."""
    if settings().smtp_url is None:
        return
    now = clock.now()
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        waiting = await db.execute(
            select(Mail.id, Mail.user_id, Mail.tenant_id)
            .where(
                Mail.sent_at.is_(None),
                Mail.failed_at.is_(None),
                Mail.created_at.between(now - GIVE_UP, now - PATIENCE),
            )
            .order_by(Mail.created_at)
            .limit(200)
        )
        found = waiting.all()
    for mail_id, user, tenant in found:
        try:
            await send(mail_id, user=user, tenant=tenant)
        except MailDelayed as error:
            log.warning("mail.delayed", mail_id=str(mail_id), error=str(error))
            return  # the server is still down; the rest would fare no better
