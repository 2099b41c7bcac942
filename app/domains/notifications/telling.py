"""The two ways to tell somebody something, each exactly once for an event: a line in their list, and a mail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, sealing
from app.core.db import new_id
from app.core.events import Event, Heard, record
from app.core.viewer import Viewer
from app.domains.notifications import choices, own_words
from app.domains.notifications.composing import Parts, compose, compose_worded
from app.domains.notifications.events import MailWritten, NotificationSent
from app.domains.notifications.mail_table import MAILS, About
from app.domains.notifications.models import LINK_SEAL, Mail, Notification
from app.domains.notifications.push_topics import topic_of_mail
from app.domains.notifications.recipients import Place, Recipient


@dataclass(frozen=True, slots=True)
class Line:
    """A line for somebody's list."""

    type: str
    title: str
    message: str = ""
    url: str = ""
    related_id: UUID | None = None
    is_urgent: bool = False
    useful_until: datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)


async def list_for(
    db: AsyncSession, heard: Heard[Any], user_id: UUID, line: Line, *, tenant_id: UUID | None
) -> None:
    """Put a line on a person's list; the same event puts it there once."""
    notification_id = new_id()
    added = await db.scalar(
        insert(Notification)
        .values(
            id=notification_id,
            created_at=clock.now(),
            user_id=user_id,
            tenant_id=tenant_id,
            event_id=heard.id,
            type=line.type,
            title=line.title,
            message=line.message,
            url=line.url,
            data=line.data,
            related_id=line.related_id,
            is_read=False,
            is_urgent=line.is_urgent,
            useful_until=line.useful_until,
        )
        .on_conflict_do_nothing()
        .returning(Notification.id)
    )
    if added:
        event = NotificationSent(notification_id=added, user_id=user_id)
        await record(db, event, by=Viewer.system(tenant_id), person=user_id, subject=user_id)


async def write_mail(
    db: AsyncSession,
    heard: Heard[Any],
    to: Recipient,
    template: str,
    *,
    place: Place | None = None,
    secret: str = "",
    **context: Any,
) -> None:
    """Write a mail of two files in the recipient's language; it is sent after the commit. The same event writes it once.

    `secret` is the token of the link in it: in the stored parts `BLANK` stands in its place, and the token
    itself rests sealed until the mail is sent. Somebody without an address gets none.
    """
    if to.email:
        await _keep(db, heard, to, template, compose(template, to, place=place, **context), place, secret)


async def write_to_customer(
    db: AsyncSession,
    heard: Heard[Any],
    to: Recipient,
    name: str,
    about: About,
    *,
    place: Place,
    secret: str = "",
) -> None:
    """Write one of the mails of `mail_table`, as the shop words it in the recipient's language. As `write_mail`."""
    if to.email:
        mail = MAILS[name]
        said = await own_words.in_force(db, place.tenant_id, mail, own_words.language_of(to.locale))
        await _keep(db, heard, to, name, compose_worded(mail, said, to, about, place=place), place, secret)


async def _keep(
    db: AsyncSession,
    heard: Heard[Any],
    to: Recipient,
    template: str,
    parts: Parts,
    place: Place | None,
    secret: str,
) -> None:
    topic = topic_of_mail(template)
    if topic and to.user_id and topic in await choices.muted(db, to.user_id, "mail"):
        return
    mail_id = new_id()
    tenant_id = place.tenant_id if place else None
    added = await db.scalar(
        insert(Mail)
        .values(
            id=mail_id,
            created_at=clock.now(),
            tenant_id=tenant_id,
            user_id=to.user_id,
            event_id=heard.id,
            template=template,
            sender_name=place.center.name if place else "",
            reply_to=(place.center.email or place.brand.email) if place else "",
            recipient=to.email,
            recipient_name=to.name,
            language=to.locale,
            secret=sealing.seal(LINK_SEAL, secret) if secret else None,
            error="",
            **parts,
        )
        .on_conflict_do_nothing()
        .returning(Mail.id)
    )
    if added:
        event: Event = MailWritten(mail_id=added)
        by = Viewer.system(tenant_id)
        await record(db, event, by=by, tenant=tenant_id, person=to.user_id, subject=added)
