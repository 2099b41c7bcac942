"""How far a car goes in a day, from the readings of its odometer. An interval, never a point alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains.garage.models import OdometerReading, Vehicle

RECENT = timedelta(days=400)
"""A little more than a year: every season counts once, and an old habit no longer does."""

SHORTEST = timedelta(days=14)
"""Readings closer together than this say more about one journey than about a habit."""


@dataclass(frozen=True)
class Rate:
    """Kilometres a day: the middle, and the tenth and ninetieth percentile around it; `low <= middle <= high`."""

    km_a_day: float
    low: float
    high: float


def rate(points: Sequence[tuple[datetime, int]]) -> Rate | None:
    """The rate of `points` (moment, odometer in km), in any order; None when they span too little time.

    The slope of Theil (1950) and Sen (1968): the median of the slopes between all pairs of readings, each
    weighted by the days between them (Jaeckel 1972). One mistyped reading among many moves it little. Pairs
    under 14 days are left out; a car does not go backwards, so nothing is below 0. Costs n² / 2 slopes.
    """
    slopes: list[tuple[float, float]] = []
    for (start, low), (end, high) in combinations(sorted(points), 2):
        if end - start >= SHORTEST:
            days = (end - start) / timedelta(days=1)
            slopes.append(((high - low) / days, days))
    if not slopes:
        return None
    slopes.sort()
    tenth, middle, ninetieth = (max(0.0, _percentile(slopes, share)) for share in (0.1, 0.5, 0.9))
    return Rate(middle, tenth, ninetieth)


def _percentile(slopes: Sequence[tuple[float, float]], share: float) -> float:
    """The slope below which `share` of the weight lies; `slopes` are (slope, weight), sorted, at least one."""
    left = share * sum(weight for _slope, weight in slopes)
    for slope, weight in slopes:
        left -= weight
        if left <= 0:
            return slope
    return slopes[-1][0]


async def rate_of(db: AsyncSession, vehicle: Vehicle) -> Rate | None:
    """How far this car goes in a day lately; None until its readings span two weeks.

    One reading a week is enough, so a car that reports every minute costs no more than one read by hand.
    """
    week = func.date_trunc("week", OdometerReading.at, "UTC")
    rows = await db.execute(
        select(OdometerReading.at, OdometerReading.km)
        .ext(distinct_on(cast(week, Date)))
        .where(OdometerReading.vehicle_id == vehicle.id, OdometerReading.at >= clock.now() - RECENT)
        .order_by(cast(week, Date), OdometerReading.at.desc(), OdometerReading.id.desc())
    )
    return rate([(at, km) for at, km in rows])
