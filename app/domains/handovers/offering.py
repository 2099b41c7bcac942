"""The seller's side: offering a car's history to its next owner, and taking the offer back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, take_turn
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.forms import check_email
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.handovers.events import HandoverOffered, HandoverWithdrawn
from app.domains.handovers.models import Handover
from app.domains.logbook import Entry
from app.domains.logbook.facts import FILLS, WORK
from app.domains.logbook.finding import standing_in

LIFE = timedelta(days=30)
MOST_A_DAY = 20
"""Offers of one person within a day: mails to strangers are not for the asking."""


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """To whom the history goes, and what of it besides the work and the readings."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    with_fills: bool = False
    with_costs: bool = False
    with_notes: bool = False


class Along(msgspec.Struct, frozen=True):
    """What of a car's history can go along."""

    verified: int
    """Entries shops vouch for."""
    work: int
    """Work its owners wrote down."""
    fills: int
    readings: int


async def goes_along(db: AsyncSession, vehicle: Vehicle) -> Along:
    """How much there is to hand over."""
    is_shops = Entry.tenant_id.is_not(None)
    verified, work, fills = (
        await db.execute(
            select(
                func.count().filter(is_shops),
                func.count().filter(~is_shops, Entry.kind.in_(WORK)),
                func.count().filter(~is_shops, Entry.kind.in_(FILLS)),
            ).where(standing_in(vehicle.id), or_(is_shops, Entry.kind.in_((*WORK, *FILLS))))
        )
    ).one()
    readings = await db.scalar(select(func.count()).where(garage.OdometerReading.vehicle_id == vehicle.id))
    return Along(verified, work, fills, readings or 0)


async def offer(db: AsyncSession, vehicle: Vehicle, offered: Offered, *, by: Viewer) -> Handover:
    """Offer the history of a car the viewer owns. One offer of a car stands at a time: a new one replaces the last.
    Raises Invalid, Refused."""
    email = offered.email.strip()
    check_email(email)
    if email.lower() == by.email.lower():
        raise Invalid({"email": _("That is your own address. Enter the next owner's.")})
    await take_turn(db, f"family of {vehicle.id}")
    now = clock.now()
    recent = await db.scalar(
        select(func.count()).where(
            Handover.user_id == by.user_id, Handover.created_at > now - timedelta(days=1)
        )
    )
    if (recent or 0) >= MOST_A_DAY:
        raise Refused(_("That was many offers for one day. Please try again tomorrow."))
    made = await of_car(db, vehicle, by=by)
    claim = await garage.ownership(db, by, vehicle)
    if claim is not None and claim.sold_on and any(one.accepted_at for one in made):
        raise Refused(_("The next owner has taken the history already."))
    for older in made:
        if older.is_open(now):
            older.withdrawn_at = now
    handover = Handover(
        id=new_id(), user_id=by.user_id, vehicle_id=vehicle.id, offered_by_name=by.name, email=email,
        with_fills=offered.with_fills, with_costs=offered.with_costs, with_notes=offered.with_notes,
        expires_at=now + LIFE,
    )  # fmt: skip
    db.add(handover)
    await db.flush()
    event = HandoverOffered(handover_id=handover.id, vehicle_id=vehicle.id)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
    return handover


async def of_car(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> Sequence[Handover]:
    """The viewer's offers of a car, the newest first."""
    rows = await db.scalars(
        select(Handover)
        .where(Handover.vehicle_id == vehicle.id, Handover.user_id == by.user_id)
        .order_by(Handover.id.desc())
        .limit(50)
    )
    return rows.all()


async def withdraw(db: AsyncSession, vehicle: Vehicle, handover_id: UUID, *, by: Viewer) -> None:
    """Raises NotFound for what is not the viewer's; Refused for one that was taken. Twice changes nothing."""
    await take_turn(db, f"family of {vehicle.id}")
    handover = await db.scalar(
        select(Handover).where(
            Handover.id == handover_id, Handover.vehicle_id == vehicle.id, Handover.user_id == by.user_id
        )
    )
    if handover is None:
        raise NotFound
    if handover.accepted_at is not None:
        raise Refused(_("The next owner has taken the history already."))
    if handover.withdrawn_at is None:
        handover.withdrawn_at = clock.now()
        event = HandoverWithdrawn(handover_id=handover.id, vehicle_id=vehicle.id)
        await record(db, event, by=by, person=by.user_id, subject=vehicle.id)


def issue_link(handover: Handover) -> str:
    """The token for the mail being written; only its hash is stored."""
    token = new_token()
    handover.token_hash = hash_token(token)
    return token
