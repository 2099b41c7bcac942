"""Free slots of a center for some work, as the driver and the desk see them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains.booking.availability import Slot, Work, free_slots
from app.domains.booking.floor import shop_floor
from app.domains.network.models import ServiceCenter

LOOK_AHEAD = timedelta(days=27)
LONGEST_SEARCH = timedelta(days=41)


async def free(
    db: AsyncSession,
    center: ServiceCenter,
    work: Work,
    *,
    first: date,
    last: date,
    except_for: UUID | None = None,
    notice: int | None = None,
) -> list[Slot]:
    """The free slots from `first` to `last`, dates of the center's zone; none at an inactive center.

    `notice` replaces the center's own, in minutes: the desk may book at once.
    """
    if not center.is_active or work.minutes <= 0:
        return []
    today = clock.today(center.zone)
    first = max(first, today)
    last = min(last, first + LONGEST_SEARCH, today + timedelta(days=center.horizon_days))
    if last < first:
        return []
    shop = await shop_floor(db, center, first=first, last=last, except_for=except_for)
    if notice is not None:
        shop = replace(shop, notice=notice)
    return free_slots(shop, work, first=first, last=last, now=clock.now())


async def next_free(
    db: AsyncSession,
    center: ServiceCenter,
    work: Work,
    *,
    after: datetime,
    limit: int = 5,
    except_for: UUID | None = None,
) -> list[Slot]:
    """The first free slots from a moment on, within four weeks."""
    day = after.astimezone(ZoneInfo(center.zone)).date()
    for first, last in ((day, day + timedelta(days=6)), (day + timedelta(days=7), day + LOOK_AHEAD)):
        found = await free(db, center, work, first=first, last=last, except_for=except_for)
        if later := [slot for slot in found if slot.starts >= after]:
            return later[:limit]
    return []
