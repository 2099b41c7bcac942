"""Which shops are asked: active, of the order's currency, that sell for the make, within the radius and within their own
reach; ranked by how near they are, how they do, and how quickly they answer.

The distance is the great circle's (haversine, earth's mean radius 6,371.009 km); a box on an index keeps the rows that are looked at few.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.marketplace.models import PartsOrder
from app.gateways.places import bounding_box

RADII_KM = (25, 50, 100, 200, 400)
"""As far as shops are looked for, step by step."""

MOST_ASKED = 60
"""More shops at once help nobody: the best ranked are asked."""

QUICK_SECONDS = 10 * 60
"""An answer within ten minutes is as quick as it gets."""

SLOW_SECONDS = 2 * 60 * 60


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A shop that could be asked."""

    shop_id: UUID
    tenant_id: UUID
    center_id: UUID
    name: str
    distance_m: int
    score: Decimal
    response_seconds: int | None


NEAR = text("""
SELECT * FROM (
  SELECT s.id AS shop_id, s.tenant_id, s.center_id, s.name, s.score, s.response_seconds, s.reach_km,
         round(2 * 6371009 * asin(sqrt(least(1,
             power(sin(radians(s.latitude - :latitude) / 2), 2)
             + cos(radians(:latitude)) * cos(radians(s.latitude))
             * power(sin(radians(s.longitude - :longitude) / 2), 2)))))::bigint AS distance_m
    FROM parts_shops s
    JOIN tenants t ON t.id = s.tenant_id AND t.is_active
   WHERE s.status = 'active' AND s.currency = :currency
     AND (s.makes = '{}' OR s.makes @> ARRAY[:make]::text[])
     AND s.latitude BETWEEN :south AND :north
     AND (s.longitude BETWEEN :west AND :east OR (CAST(:across AS boolean) AND (s.longitude >= :west OR s.longitude <= :east)))) near
 WHERE distance_m <= :radius_km * 1000 AND distance_m <= reach_km * 1000
""")


def asked_for(order: PartsOrder, radius_km: int) -> dict[str, Any]:
    """What the search is asked with. The order has a place."""
    assert order.latitude is not None
    assert order.longitude is not None
    box = bounding_box(order.latitude, order.longitude, radius_km)
    return {
        "latitude": order.latitude,
        "longitude": order.longitude,
        "currency": order.currency,
        "make": order.make,
        "radius_km": radius_km,
        "south": box.south,
        "north": box.north,
        "west": box.west,
        "east": box.east,
        "across": box.west > box.east,
    }


async def near(db: AsyncSession, order: PartsOrder, radius_km: int) -> list[Candidate]:
    """The shops that could be asked within a radius, best first."""
    if order.latitude is None or order.longitude is None:
        return []
    rows = await db.execute(NEAR, asked_for(order, radius_km))
    found = (
        Candidate(
            shop_id=row.shop_id,
            tenant_id=row.tenant_id,
            center_id=row.center_id,
            name=row.name,
            distance_m=row.distance_m,
            score=row.score,
            response_seconds=row.response_seconds,
        )
        for row in rows
    )
    return ranked(found, radius_km)


def ranked(found: Iterable[Candidate], radius_km: int) -> list[Candidate]:
    """Best first. Half of it is how near the shop is, a third how it does, the rest how quickly it answers; a shop that
    has never answered counts as middling. Equal ones stand by their id, so that the order is always the same."""
    return sorted(found, key=lambda one: (-merit(one, radius_km), one.shop_id))


def merit(one: Candidate, radius_km: int) -> float:
    """0 to 1."""
    nearness = 1 - min(one.distance_m / (radius_km * 1000), 1)
    seconds = (QUICK_SECONDS + SLOW_SECONDS) / 2 if one.response_seconds is None else one.response_seconds
    quickness = 1 - min(max(seconds - QUICK_SECONDS, 0) / (SLOW_SECONDS - QUICK_SECONDS), 1)
    return 0.5 * nearness + 0.35 * float(one.score) / 100 + 0.15 * quickness


def next_radius(radius_km: int) -> int | None:
    """The next step outwards; None when there is none."""
    return next((step for step in RADII_KM if step > radius_km), None)


def first_with_shops(reached: Sequence[tuple[int, int]]) -> int:
    """Of (radius, shops found there) the first radius with any; the widest when there is none."""
    return next((radius for radius, count in reached if count), reached[-1][0])
