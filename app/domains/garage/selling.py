"""A car that is sold: out of every garage it stood in, while its owners keep its history and what it cost them."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
from babel.numbers import list_currencies
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import take_turn
from app.core.errors import Invalid
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage.events import SharedVehicleSold, VehicleSold
from app.domains.garage.facts import EARLIEST, MOST_MINOR
from app.domains.garage.models import Ownership, Vehicle


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """When a car was sold, and for how much. Prices are minor units of the currency; None where not said."""

    sold_on: date
    bought_minor: int | None = None
    sold_minor: int | None = None
    currency: str = ""


async def sell(
    db: AsyncSession, vehicle: Vehicle, claim: Ownership, sale: Sale, *, by: Viewer, owner: UUID | None = None
) -> None:
    """Note that an owner sold the car, or correct what was noted. Raises Invalid.

    Whoever drove it or looked at it does no more; the shops keep what they know. Nothing is expected of it any more: no
    service falls due, and what it reports from afar concerns somebody else.
    """
    _must_be_possible(sale)
    await take_turn(db, f"family of {vehicle.id}")
    was_sold = claim.sold_on is not None
    claim.bought_minor, claim.sold_minor = sale.bought_minor, sale.sold_minor
    claim.currency = sale.currency if (sale.bought_minor, sale.sold_minor) != (None, None) else ""
    now = clock.now()
    rows = await db.scalars(
        select(Ownership)
        .where(Ownership.vehicle_id == vehicle.id, Ownership.until.is_(None))
        # Whose own row it is comes last: it lets them end the others'.
        .order_by(Ownership.user_id == claim.user_id, Ownership.id)
    )
    for one in rows.all():
        if one.id != claim.id and one.sold_on is None:
            told = SharedVehicleSold(vehicle_id=vehicle.id, car=vehicle.name)
            await record(db, told, by=by, person=one.user_id, subject=vehicle.id)
        if one.role != "owner":
            one.until = now
        elif not was_sold or one.id == claim.id:
            one.sold_on, one.archived_at = sale.sold_on, one.archived_at or now
        await db.flush()
    if not was_sold:
        vehicle.telematics_id = ""
        vehicle.next_maintenance_due = vehicle.next_maintenance_km = None
        vehicle.version += 1
    event = VehicleSold(vehicle_id=vehicle.id, day=sale.sold_on)
    await record(db, event, by=by, person=owner or by.user_id, subject=vehicle.id)


def _must_be_possible(sale: Sale) -> None:
    wrong: dict[str, str] = {}
    # Somewhere it is tomorrow already.
    if not EARLIEST <= sale.sold_on <= clock.now().date() + timedelta(days=1):
        wrong["sold_on"] = _("Please enter the day it was sold; it cannot lie ahead.")
    for name in ("bought_minor", "sold_minor"):
        if not 0 <= (getattr(sale, name) or 0) <= MOST_MINOR:
            wrong[name.removesuffix("_minor")] = _("Please enter an amount.")
    is_priced = (sale.bought_minor, sale.sold_minor) != (None, None)
    if is_priced and sale.currency not in list_currencies("en"):
        wrong["currency"] = _("Please choose a currency.")
    if wrong:
        raise Invalid(wrong)
