"""The next owner's side: what a link offers, and taking it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import case, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, take_turn
from app.core.errors import Refused
from app.core.events import record
from app.core.security import hash_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.accounts.models import User
from app.domains.garage import Ownership, Sale, Vehicle
from app.domains.garage.events import VehicleAdded, VehicleReturned
from app.domains.handovers.events import HandoverTaken
from app.domains.handovers.offering import Along, goes_along
from app.domains.logbook import Entry
from app.domains.logbook.discretion import impersonal
from app.domains.logbook.finding import standing_in


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever opens a link is told of it."""

    id: UUID
    user_id: UUID
    vehicle_id: UUID
    offered_by_name: str
    email: str
    with_fills: bool
    with_costs: bool
    with_notes: bool
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    car: str
    vin: str


async def opened(db: AsyncSession, token: str) -> Opened:
    """What a link leads to. Raises Refused when it is spent, withdrawn or over."""
    row = (
        await db.execute(text("SELECT * FROM car_handover_by_token(:hash)"), {"hash": hash_token(token)})
    ).one_or_none()
    known = Opened(**row._mapping) if row else None
    if known is None or known.accepted_at or known.withdrawn_at or known.expires_at <= clock.now():
        raise _gone()
    return known


def _gone() -> Refused:
    return Refused(
        _("This handover was taken, withdrawn or has expired. Ask the previous owner for a new one."),
        status=410,
    )


async def has_account(db: AsyncSession, offer: Opened) -> bool:
    return await db.scalar(text("SELECT user_by_email(:email)"), {"email": offer.email}) is not None


async def comes_along(db: AsyncSession, offer: Opened, *, by: Viewer) -> Along:
    """How much the link holds, before it is taken: numbers alone."""
    await act_as(db, user=offer.user_id)
    along = await goes_along(db, await db.get_one(Vehicle, offer.vehicle_id))
    await act_as(db, user=by.user_id, tenant=by.tenant_id)
    return along if offer.with_fills else msgspec.structs.replace(along, fills=0)


async def accept(db: AsyncSession, offer: Opened, token: str, *, by: Viewer, user_id: UUID) -> UUID:
    """The car with its history stands in the taker's garage, and is sold in the seller's. Of two who open the same link
    one gets it. Raises Refused."""
    if user_id == offer.user_id:
        raise Refused(_("This link is for the next owner: you offered the car yourself."))
    if by.user_id and len(await garage.mine(db, by)) >= garage.MOST_CARS:
        raise Refused(_("Your garage is full. Please put a car away first."))
    await take_turn(db, f"family of {offer.vehicle_id}")
    await act_as(db, user=offer.user_id)
    nameless = await _that_name_somebody(db, offer)
    await act_as(db, user=user_id)
    zone = by.zone if by.user_id else await db.scalar(select(User.zone).where(User.id == user_id)) or "UTC"
    asked = {"hash": hash_token(token), "now": clock.now(), "today": clock.today(zone), "nameless": nameless}
    taken = (
        await db.execute(text("SELECT * FROM accept_car_handover(:hash, :now, :today, :nameless)"), asked)
    ).one_or_none()
    if taken is None:
        raise _gone()
    event = VehicleReturned(vehicle_id=taken.car) if taken.is_back else VehicleAdded(vehicle_id=taken.car)
    # Their own, wherever they work: the account may be the one just made.
    await record(db, event, by=replace(by, user_id=user_id), person=user_id, subject=taken.car)
    await act_as(db, user=offer.user_id)
    await _leave_the_seller(db, offer)
    await act_as(db, user=user_id)
    car: UUID = taken.car
    return car


async def _leave_the_seller(db: AsyncSession, offer: Opened) -> None:
    """Nothing of it says by whom: who took the history is nothing the seller learns from here."""
    by = Viewer.system()
    claim, zone = (
        await db.execute(
            select(Ownership, User.zone)
            .join(User, User.id == Ownership.user_id)
            .where(
                Ownership.vehicle_id == offer.vehicle_id,
                Ownership.user_id == offer.user_id,
                Ownership.until.is_(None),
            )
        )
    ).one()
    vehicle = await db.get_one(Vehicle, offer.vehicle_id)
    sale = Sale(
        sold_on=claim.sold_on or clock.today(zone),
        bought_minor=claim.bought_minor,
        sold_minor=claim.sold_minor,
        currency=claim.currency,
    )
    await garage.sell(db, vehicle, claim, sale, by=by, owner=offer.user_id)
    event = HandoverTaken(handover_id=offer.id, vehicle_id=offer.vehicle_id)
    await record(db, event, by=by, person=offer.user_id, subject=offer.vehicle_id)


async def _that_name_somebody(db: AsyncSession, offer: Opened) -> list[UUID]:
    """The entries whose words say who the car's people are: they go along without them."""
    vehicle = await db.get_one(Vehicle, offer.vehicle_id)
    people = await garage.everybody_of(db, vehicle)
    rows = await db.execute(
        select(Entry.id, Entry.title, case((Entry.tenant_id.is_not(None), Entry.note), else_="").label("note"))
        .where(standing_in(vehicle.id))
    )  # fmt: skip
    return [
        row.id for row in rows if (said := f"{row.title} {row.note}".strip()) and not impersonal(said, people)
    ]
