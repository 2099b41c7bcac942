"""A tablet that belongs to a workshop: set up by the front desk, changed into by technicians, ended by the owner."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, enter_tenant
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.identity import agent_at
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts import kiosk_pins, signing_in
from app.domains.accounts.models import User
from app.domains.network.models import Kiosk, ServiceCenter
from app.domains.network.setup_events import KioskEnded, KioskEntered, KioskLeft, KioskSetUp

IDLE_MINUTES = (2, 5, 10, 15, 30)


class KioskFacts(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(max_length=60)]
    idle_minutes: int = 5


class Technician(msgspec.Struct, frozen=True):
    """A tile of the tablet."""

    staff_id: UUID
    user_id: UUID
    name: str
    title: str
    has_pin: bool


async def set_up(
    db: AsyncSession, center: ServiceCenter, facts: KioskFacts, *, by: Viewer
) -> tuple[Kiosk, str]:
    """Make the browser that asks a tablet of this center; whoever did it is signed out of it. Its cookie's value.
    Raises Invalid."""
    if facts.idle_minutes not in IDLE_MINUTES:
        raise Invalid({"idle_minutes": _("Choose from the list.")})
    token = new_token()
    kiosk = Kiosk(
        tenant_id=center.tenant_id,
        center_id=center.id,
        name=facts.name,
        token_hash=hash_token(token),
        idle_minutes=facts.idle_minutes,
        set_up_by_name=by.name,
        user_agent=by.user_agent,
    )
    db.add(kiosk)
    await db.flush()
    event = KioskSetUp(kiosk_id=kiosk.id, center_id=center.id)
    await record(db, event, by=by, tenant=center.tenant_id, subject=kiosk.id)
    if by.session_id:
        await signing_in.sign_out(db, by=by)
    return kiosk, token


async def kiosks_of(db: AsyncSession, center: ServiceCenter) -> Sequence[Kiosk]:
    """Those that have not been ended, the newest first."""
    mine = (Kiosk.tenant_id == center.tenant_id, Kiosk.center_id == center.id, Kiosk.ended_at.is_(None))
    return (await db.scalars(select(Kiosk).where(*mine).order_by(Kiosk.created_at.desc()))).all()


async def end(db: AsyncSession, center: ServiceCenter, kiosk_id: UUID, *, by: Viewer) -> Kiosk:
    """The tablet is nobody's from now on; whoever stands at it is changed out. Raises NotFound."""
    kiosk = await db.scalar(
        select(Kiosk)
        .where(Kiosk.tenant_id == center.tenant_id, Kiosk.center_id == center.id, Kiosk.id == kiosk_id)
        .with_for_update()
    )
    if kiosk is None:
        raise NotFound
    if kiosk.ended_at is None:
        kiosk.ended_at = clock.now()
        event = KioskEnded(kiosk_id=kiosk.id, center_id=center.id)
        await record(db, event, by=by, tenant=center.tenant_id, subject=kiosk.id)
    return kiosk


async def here(db: AsyncSession, token: str) -> Kiosk:
    """The tablet whose cookie this is; the rest of the transaction reads its business. Raises NotFound."""
    asked = text("SELECT * FROM kiosk_by_token(:hash)")
    found = (await db.execute(asked, {"hash": hash_token(token)})).first() if token else None
    if found is None:
        raise NotFound
    await enter_tenant(db, found.tenant_id)
    return (
        await db.scalars(select(Kiosk).where(Kiosk.tenant_id == found.tenant_id, Kiosk.id == found.kiosk_id))
    ).one()


async def technicians(db: AsyncSession, kiosk: Kiosk) -> list[Technician]:
    """Who may change in at it."""
    rows = await db.execute(text("SELECT * FROM kiosk_crew(:center)"), {"center": kiosk.center_id})
    return [Technician(**row._mapping) for row in rows]


async def technician(db: AsyncSession, kiosk: Kiosk, staff_id: UUID) -> Technician:
    """One of them. Raises NotFound."""
    for one in await technicians(db, kiosk):
        if one.staff_id == staff_id:
            return one
    raise NotFound


async def change_in(db: AsyncSession, kiosk: Kiosk, who: Technician, pin: str, *, by: Viewer) -> str | None:
    """Let a technician work at the tablet, instead of whoever did: the cookie of their session, or None for a wrong
    PIN. Raises TooMany."""
    tenant_id, center_id, kiosk_id, name = kiosk.tenant_id, kiosk.center_id, kiosk.id, kiosk.name
    by = replace(by, user_agent=agent_at(name, by.user_agent))
    await act_as(db, user=who.user_id, tenant=tenant_id)
    user = (await db.scalars(select(User).where(User.id == who.user_id))).one()
    if not await kiosk_pins.is_right(db, user, pin, kiosk=str(kiosk_id), place=name, tenant=tenant_id, by=by):
        return None
    token, _ends = await signing_in.start_session(db, user, by=by, center_id=center_id, kiosk_id=kiosk_id)
    await act_as(db, user=who.user_id, tenant=tenant_id)
    they = replace(by, kind="person", user_id=user.id, name=user.name)
    event = KioskEntered(user_id=user.id, kiosk_id=kiosk_id)
    await record(db, event, by=they, tenant=tenant_id, person=user.id, subject=kiosk_id)
    return token


async def change_out(db: AsyncSession, *, by: Viewer) -> None:
    """The technician leaves the tablet to the next one."""
    if by.kiosk_id is None or by.session_id is None or by.user_id is None:
        return
    await record(
        db, KioskLeft(user_id=by.user_id, kiosk_id=by.kiosk_id), by=by, person=by.user_id, subject=by.kiosk_id
    )
    await signing_in.sign_out(db, by=by)
