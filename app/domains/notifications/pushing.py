"""What is put on a person's list also goes to their devices, each by itself: one that is away holds up no other."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.events import Heard, record
from app.core.relay import Later, outside_transaction
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains.accounts.models import Session
from app.domains.notifications import choices, devices, quiet_hours, reading, recipients
from app.domains.notifications.events import NotificationSent, PushAddressed
from app.domains.notifications.models import Notification, PushSubscription
from app.domains.notifications.push_topics import TOPICS, Topic, topic_of
from app.gateways.push import (
    NotASubscription,
    PushGone,
    PushRefused,
    PushTooLarge,
    PushUnavailable,
    Subscription,
)

log = structlog.get_logger()

LONGEST_BODY = 300
"""Characters; a lock screen shows fewer."""
AGAIN_AFTER = timedelta(minutes=1)
AGAIN_AT_LATEST = timedelta(hours=1)
TEST_LIFE = timedelta(minutes=5)
"""A try nobody waits for any more is not sent."""


class Told(msgspec.Struct, frozen=True):
    """What the service worker gets."""

    title: str
    body: str
    url: str
    tag: str
    """A later one of the same tag takes the earlier one's place on the screen."""
    type: str
    related_id: UUID | None
    unread: int


async def address_devices(db: AsyncSession, heard: Heard[NotificationSent]) -> None:
    """Reaction: every device of the reader gets it, unless they do not want to be told of such things there."""
    person = heard.event.user_id
    if not devices.push_key():
        return
    alive = (
        select(PushSubscription.id)
        .join(Session, Session.id == PushSubscription.session_id)
        .where(PushSubscription.user_id == person, Session.expires_at > clock.now())
    )
    found = (await db.scalars(alive)).all()
    if not found:
        return
    notification = await db.get(Notification, heard.event.notification_id)
    if notification is None or topic_of(notification.type) in await choices.muted(db, person, "push"):
        return
    for device_id in found:
        event = PushAddressed(subscription_id=device_id, notification_id=notification.id)
        await record(db, event, by=Viewer.system(heard.tenant_id), person=person, subject=person)


@outside_transaction
async def push_to_device(heard: Heard[PushAddressed]) -> None:
    """Reaction: hand it to the device's push service. While that cannot take it, it comes round again until it would be
    news of yesterday. A crash after it was taken sends it again, under the same tag."""
    pushes = devices.push()
    if pushes is None or heard.user_id is None:
        return
    async with transaction(user=heard.user_id, tenant=heard.tenant_id) as db:
        ready = await _ready(db, heard)
    if ready is None:
        return
    subscription, told, topic, rest = ready
    device = heard.event.subscription_id
    try:
        await pushes.send(
            subscription,
            msgspec.json.encode(told),
            ttl=rest,
            urgency=topic.urgency,
            topic=told.tag,
        )
    except (PushGone, NotASubscription):
        async with transaction(user=heard.user_id) as db:
            await db.execute(delete(PushSubscription).where(PushSubscription.id == device))
    except PushUnavailable as away:
        wait = min(away.retry_after or AGAIN_AFTER, AGAIN_AT_LATEST)
        await _note(heard.user_id, device, not_before=clock.now() + wait)
        raise Later(str(away), term=wait) from away
    except (PushRefused, PushTooLarge) as refused:
        log.warning("push.refused", device=str(device), why=str(refused))
        await _note(heard.user_id, device, failures=PushSubscription.failures + 1)
    else:
        await _note(heard.user_id, device, failures=0, not_before=None, last_sent_at=clock.now())


async def _note(user_id: UUID, device: UUID, **found: object) -> None:
    async with transaction(user=user_id) as db:
        await db.execute(update(PushSubscription).where(PushSubscription.id == device).values(**found))


async def _ready(
    db: AsyncSession, heard: Heard[PushAddressed]
) -> tuple[Subscription, Told, Topic, timedelta] | None:
    """What to send where, and for how much longer it is worth it; None when it no longer is: the device was removed or
    signed out, the account closed, the line read. Raises Later while the service, or the person, wants to be left alone."""
    person = heard.user_id
    assert person is not None
    device = await db.get(PushSubscription, heard.event.subscription_id)
    session = await db.get(Session, device.session_id) if device else None
    to = await recipients.person(db, person, tenant_id=heard.tenant_id)
    if device is None or session is None or session.expires_at <= clock.now() or to is None:
        return None
    unread = await reading.unread(db, Viewer(kind="person", user_id=person))
    if heard.event.notification_id is None:
        topic, made, quiet_until = TOPICS["system"], _made_at(heard.id), None
        rest = TEST_LIFE - (clock.now() - made)
        with speaking(to.locale):
            told = Told(
                title=_("It works"),
                body=_("You will be told here, on this device."),
                url="/settings/notifications",
                tag=_tag(heard.id),
                type="system",
                related_id=None,
                unread=unread,
            )
    else:
        line = await db.get(Notification, heard.event.notification_id)
        if line is None or line.is_read:
            return None
        topic = TOPICS[topic_of(line.type)]
        topic = replace(topic, urgency="high") if line.is_urgent else topic
        quiet_until = await quiet_hours.ends(db, person, clock.now())
        # What is said in quiet hours is news when they are over.
        told_from = await quiet_hours.ends(db, person, line.created_at) or line.created_at
        rest = topic.ttl - (clock.now() - told_from)
        if line.useful_until is not None:
            rest = min(rest, line.useful_until - clock.now())
        told = Told(
            title=line.title,
            body=line.message[:LONGEST_BODY],
            url=line.url or "/notifications",
            tag=_tag(f"{line.type} {line.related_id}" if topic.replaces and line.related_id else line.id),
            type=line.type,
            related_id=line.related_id,
            unread=unread,
        )
    if rest <= timedelta():
        return None
    if quiet_until is not None:
        raise Later(term=quiet_until - clock.now())
    if device.not_before and device.not_before > clock.now():
        raise Later(term=device.not_before - clock.now())
    try:
        return devices.opened(device), told, topic, rest
    except ValueError:  # sealed with a key nobody has any more: the person sets the device up again
        await db.delete(device)
        return None


def _made_at(event_id: UUID) -> datetime:
    """When an event was recorded: its id says so (UUIDv7)."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, tz=UTC)


def _tag(about: object) -> str:
    """Names a thing to a push service without telling what it is: 32 characters of base64url, as RFC 8030 has topics."""
    return urlsafe_b64encode(hashlib.sha256(str(about).encode()).digest()[:24]).decode()
