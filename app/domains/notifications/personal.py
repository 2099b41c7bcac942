"""What people were told is in their copy, word for word. The links in mails are blank: a copy must open nothing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import AtShop, Declared, Emptied, Records
from app.core.tables import EventRow
from app.core.words import _
from app.domains.booking.models import Appointment
from app.domains.notifications.models import Mail, Mute, Notification, PushSubscription, QuietHours
from app.domains.workshop.models import RepairOrder


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "notifications", _("What was put on your list."), ("notifications",),
            {
                "at": (Notification.created_at, _("when")),
                "title": (Notification.title, _("what it said")),
                "message": (Notification.message, _("the rest of it")),
                "page": (Notification.url, _("the page it leads to")),
                "is_read": (Notification.is_read, _("whether you have read it")),
            },
            lambda rows: rows.where(Notification.user_id == person).order_by(Notification.created_at),
        ),
        Records(
            "push_devices", _("Devices on which you are told at once."), ("push_subscriptions",),
            {
                "since": (PushSubscription.created_at, _("since when")),
                "device": (PushSubscription.user_agent, _("what the browser calls itself")),
                "last_sent_at": (PushSubscription.last_sent_at, _("when something last went there")),
            },
            lambda rows: rows.where(PushSubscription.user_id == person).order_by(PushSubscription.created_at),
        ),
        Records(
            "mutes", _("What you do not want to be told on your devices, or by mail."), ("mutes",),
            {
                "channel": (Mute.channel, _("in which way")),
                "topic": (Mute.topic, _("what it is about")),
                "since": (Mute.created_at, _("since when")),
            },
            lambda rows: rows.where(Mute.user_id == person).order_by(Mute.channel, Mute.topic),
        ),
        Records(
            "quiet_hours", _("When you want to be left alone."), ("quiet_hours",),
            {
                "from": (QuietHours.starts, _("from when on")),
                "until": (QuietHours.ends, _("until when")),
            },
            lambda rows: rows.where(QuietHours.user_id == person),
        ),
        Records(
            "mails", _("Mails that were written to you."), ("mails",),
            {
                "written_at": (Mail.created_at, _("when it was written")),
                "sent_at": (Mail.sent_at, _("when it was sent")),
                "to": (Mail.recipient, _("the address it went to")),
                "subject": (Mail.subject, _("its subject")),
                "text": (Mail.text, _("what it said")),
            },
            lambda rows: rows.where(Mail.user_id == person).order_by(Mail.created_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """What they were told, on their list and by mail, and the devices they were told on."""
    for kind in (Notification, Mail, PushSubscription, Mute, QuietHours):
        await db.execute(delete(kind).where(kind.user_id == person))


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """What they were told, and what the shop's people were told about them."""
    orders = select(RepairOrder.id).where(
        RepairOrder.tenant_id == who.tenant_id, RepairOrder.customer_id == who.customer_id
    )
    visits = select(Appointment.id).where(
        Appointment.tenant_id == who.tenant_id, Appointment.customer_id == who.customer_id
    )
    about = select(EventRow.id).where(
        EventRow.tenant_id == who.tenant_id,
        or_(
            EventRow.subject_id == who.customer_id,
            EventRow.subject_id.in_(orders),
            EventRow.subject_id.in_(visits),
            EventRow.user_id == who.user_id if who.user_id else false(),
        ),
    )
    for kind in (Notification, Mail):
        await db.execute(delete(kind).where(kind.tenant_id == who.tenant_id, kind.event_id.in_(about)))
    if who.email:
        await db.execute(delete(Mail).where(Mail.tenant_id == who.tenant_id, Mail.recipient == who.email))
    return {}  # the trail holds no mails


DECLARED = Declared(
    records,
    erase=erase,
    leave=leave,
    left_out={"mail_words": "how a business words its mails, changed by whom; the business answers for it"},
)
