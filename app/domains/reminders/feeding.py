"""A person's reminders as a calendar that other programs read, at an address that is its own key."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from icalendar import Calendar, Event
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import NotFound
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains import garage
from app.domains.accounts.models import User
from app.domains.garage import Vehicle
from app.domains.reminders.keeping import Known, of_person
from app.domains.reminders.models import CalendarFeed
from app.domains.reminders.said import called
from app.settings import settings


async def feed_of(db: AsyncSession, me: Viewer) -> CalendarFeed | None:
    """The person's address, as far as it is known: when it was made and last read, not what it is."""
    return await db.scalar(select(CalendarFeed).where(CalendarFeed.user_id == me.user_id))


async def open_feed(db: AsyncSession, *, by: Viewer) -> str:
    """A fresh address, shown once. The one before ends."""
    token = new_token()
    values = {"token_hash": hash_token(token), "created_at": clock.now(), "read_at": None}
    await db.execute(
        insert(CalendarFeed)
        .values(id=new_id(), user_id=by.user_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )
    return f"{settings().base_url}/calendar/{token}.ics"


async def close_feed(db: AsyncSession, *, by: Viewer) -> None:
    """The address leads nowhere any more."""
    await db.execute(delete(CalendarFeed).where(CalendarFeed.user_id == by.user_id))


async def read_feed(db: AsyncSession, token: str) -> bytes:
    """The calendar behind an address. Raises NotFound. The transaction acts for its person from here on."""
    person: UUID | None = await db.scalar(
        text("SELECT user_by_calendar(:hash)"), {"hash": hash_token(token.removesuffix(".ics"))}
    )
    if person is None:
        raise NotFound
    await act_as(db, user=person)
    feed = await db.scalar(select(CalendarFeed).where(CalendarFeed.user_id == person))
    user = await db.get_one(User, person)
    if feed is not None and (feed.read_at is None or clock.now() - feed.read_at > timedelta(hours=1)):
        feed.read_at = clock.now()
    me = Viewer(kind="person", user_id=person, locale=user.locale, zone=user.zone)
    cars = await garage.mine(db, me)
    with speaking(user.locale):
        return written(await of_person(db, cars, clock.today(user.zone)))


def written(known: Sequence[tuple[Vehicle, Sequence[Known]]]) -> bytes:
    """The reminders as a calendar (RFC 5545), in the language spoken: each a whole day, that on which it is due, or about
    which its mileage is expected. One without a day is left out."""
    feed = Calendar()
    feed.add("prodid", "-//Torqueline//Reminders//EN")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", _("Torqueline: your cars"))
    feed.add("refresh-interval;value=duration", "PT6H")
    for car, reminders in known:
        for one, standing in reminders:
            day, is_about = _day_of(one.due_on, standing.expected)
            if day is None:
                continue
            event = Event()
            event.add("uid", f"reminder-{one.id}@torqueline")
            event.add("dtstamp", clock.now())
            event.add("sequence", one.version)
            event.add("dtstart", day)
            event.add("dtend", day + timedelta(days=1))
            event.add("summary", _("%(what)s (%(car)s)", what=called(one), car=car.name))
            lines = [_("About this day, by how far the car goes.")] if is_about else []
            event.add("description", "\n".join(filter(None, [*lines, one.note])))
            event.add("url", f"{settings().base_url}/garage/{car.id}/reminders")
            event.add("transp", "TRANSPARENT")
            feed.add_component(event)
    return bytes(feed.to_ical())


def _day_of(due_on: date | None, expected: tuple[date, date] | None) -> tuple[date | None, bool]:
    """The day to show it on, and whether that is reckoned."""
    if expected is not None and (due_on is None or expected[0] < due_on):
        return expected[0], True
    return due_on, False
