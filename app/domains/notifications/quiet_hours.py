"""The hours of the day in which a person is left alone."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts.models import User
from app.domains.notifications.models import QuietHours

A_DAY = timedelta(days=1)


def quiet_until(now: datetime, starts: time, ends: time, zone: str) -> datetime | None:
    """When the quiet hours that `now` lies in are over, in UTC and later than `now`; None outside of them. The two
    times are read on the wall of `zone`: an hour its clock skips ends them after it, one it shows twice the second time."""
    place = ZoneInfo(zone)
    wall = now.astimezone(place)
    clock_time = wall.time()
    over_night = starts > ends
    is_quiet = (clock_time >= starts or clock_time < ends) if over_night else starts <= clock_time < ends
    if not is_quiet:
        return None
    day = wall.date() + A_DAY if over_night and clock_time >= starts else wall.date()
    both = (datetime.combine(day, ends.replace(fold=fold), place).astimezone(UTC) for fold in (0, 1))
    return max(both)


async def of_person(db: AsyncSession, user_id: UUID | None) -> QuietHours | None:
    """When a person wants to be left alone; None when they have not said."""
    return await db.scalar(select(QuietHours).where(QuietHours.user_id == user_id))


async def ends(db: AsyncSession, user_id: UUID, now: datetime) -> datetime | None:
    """When a person may be told something again; None when they may be now."""
    found = await of_person(db, user_id)
    if found is None:
        return None
    zone = await db.scalar(select(User.zone).where(User.id == user_id))
    return quiet_until(now, found.starts, found.ends, zone or "UTC")


async def choose(db: AsyncSession, starts: time | None, ends: time | None, *, by: Viewer) -> None:
    """Leave the viewer alone between these times; without both, at no time. Raises Invalid."""
    if (starts is None) != (ends is None):
        empty = "starts" if starts is None else "ends"
        raise Invalid({empty: _("Please enter both times, or neither.")})
    if starts is None or ends is None:
        await db.execute(delete(QuietHours).where(QuietHours.user_id == by.user_id))
        return
    if starts == ends:
        raise Invalid({"ends": _("That would be the whole day. Please enter another time.")})
    values = {"starts": starts, "ends": ends}
    await db.execute(
        insert(QuietHours)
        .values(id=new_id(), created_at=clock.now(), user_id=by.user_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )
