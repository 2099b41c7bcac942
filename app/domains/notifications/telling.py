"""The two ways to tell somebody something, each exactly once for an event: a line in their list, and a mail."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, render, sealing
from app.core.db import new_id
from app.core.events import Event, Heard, record
from app.core.viewer import Viewer
from app.core.words import speaking
from app.domains.network.branding import PETROL_NIGHT
from app.domains.network.setting_table import PETROL
from app.domains.notifications.events import MailWritten, NotificationSent
from app.domains.notifications.models import LINK_SEAL, Mail, Notification
from app.domains.notifications.recipients import Place, Recipient
from app.settings import settings

BLANK = "-the-link-is-sealed-"
"""Stands for a link's token in the stored parts of a mail."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line for somebody's list."""

    type: str
    title: str
    message: str = ""
    url: str = ""
    related_id: UUID | None = None
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
    """Write a mail in the recipient's language; it is sent after the commit. The same event writes it once.

    `secret` is the token of the link in it: in the stored parts `BLANK` stands in its place, and the token
    itself rests sealed until the mail is sent. Somebody without an address gets none.
    """
    if not to.email:
        return
    mail_id = new_id()
    tenant_id = place.tenant_id if place else None
    parts = compose(template, to, place=place, **context)
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


def compose(template: str, to: Recipient, *, place: Place | None, **context: Any) -> dict[str, str]:
    """Subject, text and HTML of a mail. The subject is the first line of the text part's file."""
    given = {
        "to": to,
        "place": place,
        "accent": place.brand.accent if place else PETROL,
        "accent_night": place.brand.accent_night if place else PETROL_NIGHT,
        "zone": place.zone if place else "UTC",
        "site": settings().base_url,
        "blank": BLANK,
        "language": to.locale,
        **context,
    }
    with speaking(to.locale):
        plain = render.render(f"notifications/mail/{template}.txt", **given)
        subject, _rule, text = plain.lstrip().partition("\n")
        html = render.render(f"notifications/mail/{template}.html", subject=subject.strip(), **given)
    return {"subject": subject.strip(), "text": text.strip() + "\n", "html": html}
