"""When parts are there: a shop packs and drives only while it is open."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.network.models import ServiceCenter
from app.domains.network.premises import open_stretches

Day = tuple[datetime, datetime]
"""When a shop opens on a day, and when it closes for good on it."""


async def there_by(db: AsyncSession, center_id: UUID, hours: int, *, start: datetime) -> datetime:
    """When what a shop promises within so many hours is there, if it hears of it at `start`, which is now."""
    center = await db.get_one(ServiceCenter, center_id)
    zone = ZoneInfo(center.zone)
    days = groupby(await open_stretches(db, center), key=lambda span: span[0].astimezone(zone).date())
    spans = [list(of_day) for _date, of_day in days]
    return counted([(of_day[0][0], of_day[-1][1]) for of_day in spans], hours, start)


def counted(days: Sequence[Day], hours: int, start: datetime) -> datetime:
    """Hours begin when the shop is open; those that do not fit into what is left of the day go on when it opens next, and
    whole days are days on which it opens. Who promises more hours is never there earlier. A shop that says no hours is
    taken at its word."""
    days = [one for one in days if one[1] > start]
    if not days:
        return start + timedelta(hours=hours)
    whole, rest = divmod(hours, 24)
    at = _after(days, whole, start) + timedelta(hours=rest)
    if whole < len(days) and (over := at - days[whole][1]) > timedelta():
        morning = days[whole + 1][0] if whole + 1 < len(days) else at - over
        return min(morning + over, _after(days, whole + 1, start))
    return at


def _after(days: Sequence[Day], whole: int, start: datetime) -> datetime:
    """So many opening days later, at the same distance from the opening."""
    last = min(whole, len(days) - 1)
    opens, closes = days[last]
    into = max(start - days[0][0], timedelta())
    return min(opens + into, closes) + timedelta(days=whole - last)
