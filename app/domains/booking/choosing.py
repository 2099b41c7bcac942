"""The choice of a time: two weeks of days with their free slots, one day open."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains.booking.availability import Slot, Work
from app.domains.booking.slots import free
from app.domains.network.models import ServiceCenter
from app.domains.services.models import Service

FORTNIGHT = timedelta(days=14)
NOON = 12


class Day(msgspec.Struct, frozen=True):
    date: date
    count: int


class Part(msgspec.Struct, frozen=True):
    """Morning or afternoon, when the day is long enough to be told apart."""

    name: str
    slots: Sequence[Slot]


class Times(msgspec.Struct, frozen=True):
    """Fourteen days from `first`; the slots are those of `day`. Dates are of the center's zone."""

    first: date
    day: date | None
    days: Sequence[Day]
    parts: Sequence[Part]
    earlier: date | None
    later: date | None

    @property
    def is_empty(self) -> bool:
        return not any(day.count for day in self.days)


async def times(
    db: AsyncSession,
    center: ServiceCenter,
    work: Work,
    *,
    day: date | None = None,
    except_for: UUID | None = None,
    notice: int | None = None,
) -> Times:
    """The fortnight that holds `day`, or the first one with anything free."""
    today = clock.today(center.zone)
    final = today + timedelta(days=center.horizon_days)
    wanted = min(max(day or today, today), final)
    first = today + (wanted - today) // FORTNIGHT * FORTNIGHT
    found = await _fortnight(db, center, work, first, except_for, notice)
    while day is None and not found and first + FORTNIGHT <= final:
        first += FORTNIGHT
        found = await _fortnight(db, center, work, first, except_for, notice)
    zone = ZoneInfo(center.zone)
    by_day: dict[date, list[Slot]] = {}
    for slot in found:
        by_day.setdefault(slot.starts.astimezone(zone).date(), []).append(slot)
    last = min(first + FORTNIGHT - timedelta(days=1), final)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    chosen = wanted if day is not None else min(by_day, default=None)
    return Times(
        first=first,
        day=chosen,
        days=[Day(one, len(by_day.get(one, ()))) for one in days],
        parts=_parts(by_day.get(chosen, []) if chosen else [], zone),
        earlier=first - FORTNIGHT if first > today else None,
        later=first + FORTNIGHT if last < final else None,
    )


async def _fortnight(
    db: AsyncSession,
    center: ServiceCenter,
    work: Work,
    first: date,
    except_for: UUID | None,
    notice: int | None,
) -> list[Slot]:
    last = first + FORTNIGHT - timedelta(days=1)
    return await free(db, center, work, first=first, last=last, except_for=except_for, notice=notice)


def _parts(slots: Sequence[Slot], zone: ZoneInfo) -> list[Part]:
    morning = [slot for slot in slots if _local(slot, zone).hour < NOON]
    afternoon = [slot for slot in slots if _local(slot, zone).hour >= NOON]
    return [Part(name, some) for name, some in (("morning", morning), ("afternoon", afternoon)) if some]


def _local(slot: Slot, zone: ZoneInfo) -> datetime:
    return slot.starts.astimezone(zone)


def grouped(services: Iterable[Service]) -> list[tuple[str, list[Service]]]:
    """By category, in the order the categories first appear."""
    groups: dict[str, list[Service]] = {}
    for service in services:
        groups.setdefault(service.category, []).append(service)
    return list(groups.items())
