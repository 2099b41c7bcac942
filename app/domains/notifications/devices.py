"""The devices on which a person is told at once."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, sealing
from app.core.db import new_id
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.render import template_global
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.notifications.events import PushAddressed
from app.domains.notifications.models import PUSH_SEAL, PushSubscription
from app.gateways.push import NotASubscription, Push, Subscription
from app.gateways.push.web import open_push
from app.settings import settings

MOST = 20
"""Devices of one person: each is a call for every line on their list."""


def push() -> Push | None:
    """Who hands messages to push services; None where this site has no key for it."""
    return open_push(settings().vapid_private_key, settings().vapid_subject, settings().push_services)


@template_global
def push_key() -> str:
    """What browsers subscribe with; "" where nothing is pushed."""
    pushes = push()
    return pushes.public_key if pushes else ""


async def of_person(db: AsyncSession, me: Viewer) -> Sequence[PushSubscription]:
    """One's own devices, the newest first."""
    mine = select(PushSubscription).where(PushSubscription.user_id == me.user_id)
    return (await db.scalars(mine.order_by(PushSubscription.id.desc()))).all()


async def add(
    db: AsyncSession, subscription: Subscription, *, pushes: Push, by: Viewer, replaces: str = ""
) -> None:
    """Tell the viewer on this device from now on, for as long as they are signed in there. Whoever was told there before
    is no longer. `replaces`: the address the browser had until now. Raises Refused."""
    if by.session_id is None or by.user_id is None or by.kiosk_id:
        raise Refused(_("Only a browser you have signed in with yourself can tell you things."))
    try:
        pushes.check(subscription)
    except NotASubscription as wrong:
        raise Refused(
            _("This browser gets its messages by a service that this site does not know."), status=422
        ) from wrong
    former = [endpoint for endpoint in (subscription.endpoint, replaces) if endpoint]
    others = select(func.count()).where(
        PushSubscription.user_id == by.user_id, PushSubscription.endpoint_hash.not_in(map(_hash, former))
    )
    if (await db.scalar(others) or 0) >= MOST:
        raise Refused(_("You are told on %(count)s devices already. Remove one of them first.", count=MOST))
    for endpoint in former:
        await _free(db, endpoint)
    await db.execute(
        insert(PushSubscription)
        .values(
            id=new_id(),
            created_at=clock.now(),
            user_id=by.user_id,
            session_id=by.session_id,
            endpoint_hash=_hash(subscription.endpoint),
            sealed=sealing.seal(PUSH_SEAL, msgspec.json.encode(subscription).decode()),
            user_agent=by.user_agent,
            failures=0,
        )
        .on_conflict_do_nothing()  # the same browser, in two tabs at once
    )


async def renew(db: AsyncSession, endpoint: str, *, by: Viewer) -> bool:
    """Whether the viewer is told at this address; from now on for as long as the present sign-in lasts. Where somebody
    else was told, who had signed in at this browser before, nobody is."""
    mine = await db.execute(
        update(PushSubscription)
        .where(PushSubscription.endpoint_hash == _hash(endpoint), PushSubscription.user_id == by.user_id)
        .values(session_id=by.session_id, user_agent=by.user_agent)
    )
    if mine.rowcount and by.session_id:  # type: ignore[attr-defined]
        return True
    await _free(db, endpoint)
    return False


async def _free(db: AsyncSession, endpoint: str) -> None:
    await db.execute(text("SELECT free_push_endpoint(:hash)"), {"hash": _hash(endpoint)})


def _hash(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode()).digest()


def opened(one: PushSubscription) -> Subscription:
    """Address and keys of a device."""
    return msgspec.json.decode(sealing.unseal(PUSH_SEAL, one.sealed), type=Subscription)


async def find(db: AsyncSession, me: Viewer, device_id: UUID) -> PushSubscription:
    """One of the viewer's own. Raises NotFound."""
    found = await db.scalar(
        select(PushSubscription).where(
            PushSubscription.id == device_id, PushSubscription.user_id == me.user_id
        )
    )
    if found is None:
        raise NotFound
    return found


async def remove(db: AsyncSession, device: PushSubscription) -> None:
    """Tell nobody there any more."""
    await db.delete(device)


async def try_out(db: AsyncSession, device: PushSubscription, *, by: Viewer) -> None:
    """Have something sent there, to see whether it arrives."""
    event = PushAddressed(subscription_id=device.id, notification_id=None)
    await record(db, event, by=by, person=by.user_id, subject=by.user_id)
