"""What having a car came to: what it lost in value, and what its logbook says was paid."""

from datetime import date
from decimal import Decimal

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains import garage
from app.domains.garage import Ownership, Vehicle
from app.domains.logbook import reckoning


class Owned(msgspec.Struct, frozen=True):
    """In minor units of one currency."""

    currency: str
    lost_minor: int
    """What it was bought for less what it was sold for; below 0 where it gained."""
    upkeep_minor: int
    km: int
    """From the first reading, or the last of its previous owner, to the last."""
    days: int

    @property
    def minor(self) -> int:
        return self.lost_minor + self.upkeep_minor

    @property
    def per_1000_km_minor(self) -> Decimal | None:
        return Decimal(self.minor) * 1000 / self.km if self.km else None

    @property
    def per_month_minor(self) -> Decimal | None:
        """Over months of 365.25 / 12 days; None for less than one."""
        months = Decimal(self.days) * 12 / Decimal("365.25")
        return self.minor / months if months >= 1 else None


async def owned(db: AsyncSession, vehicle: Vehicle, claim: Ownership) -> Owned | None:
    """None unless it is known what the car was bought and sold for."""
    if claim.bought_minor is None or claim.sold_minor is None or claim.sold_on is None:
        return None
    added = await reckoning.sums(db, vehicle.id, year=claim.sold_on.year)
    upkeep = sum(one.minor for one in added.costs if one.currency == claim.currency)
    km, theirs = garage.OdometerReading.km, garage.OdometerReading.source == "previous"
    before, first, last = (
        await db.execute(
            select(func.max(km).filter(theirs), func.min(km).filter(~theirs), func.max(km)).where(
                garage.OdometerReading.vehicle_id == vehicle.id
            )
        )
    ).one()
    first = first if before is None else before
    since: date = vehicle.purchase_date or claim.since.date()
    return Owned(
        currency=claim.currency,
        lost_minor=claim.bought_minor - claim.sold_minor,
        upkeep_minor=upkeep,
        km=last - first if last is not None else 0,
        days=max((claim.sold_on - since).days, 0),
    )
