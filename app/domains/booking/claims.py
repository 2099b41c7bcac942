"""Taking a bay and a technician for a stretch of time, when many want the same.

A look without locks tells most of a crowd that they are too late. Who is left locks each resource, in one order
for everybody, and so queues instead of deadlocking on the exclusion constraint; looks again; clears the
overdue holds in the way, for a constraint cannot see the clock; and takes what is free. The constraint stays
as the proof.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Update, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger, Uuid

from app.core import clock
from app.core.errors import Refused
from app.core.legible import within_reach
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.booking.availability import Shop, Slot, Work, free_slots
from app.domains.booking.events import AppointmentExpired
from app.domains.booking.floor import shop_floor
from app.domains.booking.models import Appointment, BookedService, Occupation
from app.domains.booking.slots import next_free
from app.domains.booking.telling import tell
from app.domains.network.models import Bay, ServiceCenter
from app.domains.services.models import Service

ALTERNATIVES = 5
A_WEEK = timedelta(days=6)
_LOCK_NOT_AVAILABLE = "55P03"
_EXCLUDED = "23P01"

_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)
_STILL_FREE = text("""
SELECT wanted.id FROM unnest(:ids, :spans) AS wanted (id, during)
 WHERE NOT EXISTS (
   SELECT 1 FROM occupations o
    WHERE o.tenant_id = :tenant AND o.resource_id = wanted.id AND o.is_active
      AND o.ends_at > lower(wanted.during) AND o.during && wanted.during
      AND (o.held_until IS NULL OR o.held_until > :now)
      AND o.appointment_id IS DISTINCT FROM :except_for)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("spans", type_=ARRAY(TSTZRANGE)))


class SlotTaken(Refused):
    """Somebody was faster, or the time was never free. Carries the next free starts."""

    def __init__(self, alternatives: Sequence[Slot], words: str = "") -> None:
        super().__init__(
            words or _("That time is no longer free. Please choose another."),
            data={"next": [{"starts_at": slot.starts, "ends_at": slot.ends} for slot in alternatives]},
        )
        self.alternatives = list(alternatives)


class Claim(msgspec.Struct, frozen=True):
    """One bay and one technician, locked and free, with the stretch each is occupied."""

    starts: datetime
    ends: datetime
    bay_id: UUID
    technician_id: UUID
    bay_during: Range[datetime]
    technician_during: Range[datetime]


class Prospect(msgspec.Struct, frozen=True):
    """What a look without locks found: who could take the slot, and where else one could look."""

    slot: Slot
    bays: list[UUID]
    technicians: list[UUID]
    during: dict[UUID, Range[datetime]]
    shop: Shop
    work: Work

    def later(self) -> list[Slot]:
        """What else there would be afterwards."""
        return _next(self.shop, self.work, after=self.slot.ends)


async def look(
    db: AsyncSession,
    center: ServiceCenter,
    work: Work,
    starts: datetime,
    *,
    bay: UUID | None = None,
    technician: UUID | None = None,
    except_for: UUID | None = None,
    notice: int | None = None,
) -> Prospect:
    """Who could take `work` from `starts` on, among the given ones if any are given. Locks nothing.

    Raises SlotTaken. What the appointment `except_for` occupies does not stand in the way. `notice` replaces
    the center's earliest notice in minutes: the desk may book at once, and reassign what has begun.
    """
    # A week is read at once: whoever comes too late is told the next free times from the same look.
    day = within_reach(starts).astimezone(ZoneInfo(center.zone)).date()
    shop = await shop_floor(db, center, first=day, last=day + A_WEEK, except_for=except_for)
    if notice is not None:
        shop = replace(shop, notice=notice)
    if not center.is_active:
        raise SlotTaken([])
    free = free_slots(shop, work, first=day, last=day, now=clock.now())
    slot = next((one for one in free if one.starts == starts), None)
    bays = [one for one in (slot.bays if slot else ()) if bay in (None, one)]
    people = [one for one in (slot.technicians if slot else ()) if technician in (None, one)]
    if slot is None or not bays or not people:
        later = _next(shop, work, after=starts + timedelta(minutes=1))
        raise SlotTaken(later or await _alternatives(db, center, work, starts, except_for))
    return Prospect(slot, bays, people, _spans(shop, work, slot, bays, people), shop, work)


async def take(
    db: AsyncSession, center: ServiceCenter, seen: Prospect, *, by: Viewer, except_for: UUID | None = None
) -> Claim:
    """Lock all who could take the slot, look again, and choose. Raises SlotTaken.

    From here to the commit everybody else who wants them waits: do beforehand what can be done beforehand.
    """
    await _lock(db, seen)
    still = set(
        await db.scalars(
            _STILL_FREE,
            {
                "tenant": center.tenant_id,
                "ids": list(seen.during),
                "spans": list(seen.during.values()),
                "now": clock.now(),
                "except_for": except_for,
            },
        )
    )
    bay = next((one for one in seen.bays if one in still), None)
    technician = next((one for one in seen.technicians if one in still), None)
    if bay is None or technician is None:
        raise SlotTaken(seen.later())
    await clear_overdue(db, center.tenant_id, (bay, technician), by=by)
    return Claim(seen.slot.starts, seen.slot.ends, bay, technician, seen.during[bay], seen.during[technician])


async def claim(
    db: AsyncSession,
    center: ServiceCenter,
    work: Work,
    starts: datetime,
    *,
    by: Viewer,
    bay: UUID | None = None,
    technician: UUID | None = None,
    except_for: UUID | None = None,
    notice: int | None = None,
) -> Claim:
    """`look` and `take` in one."""
    seen = await look(
        db, center, work, starts, bay=bay, technician=technician, except_for=except_for, notice=notice
    )
    return await take(db, center, seen, by=by, except_for=except_for)


async def occupy(
    db: AsyncSession, appointment: Appointment, claimed: Claim, *, held_until: datetime | None = None
) -> None:
    """Write down what was claimed. What a moved appointment occupied before, `vacate` ends first."""
    for resource, during in (
        (claimed.bay_id, claimed.bay_during),
        (claimed.technician_id, claimed.technician_during),
    ):
        db.add(
            Occupation(
                tenant_id=appointment.tenant_id,
                appointment_id=appointment.id,
                resource_id=resource,
                during=during,
                held_until=held_until,
            )
        )
    try:
        await db.flush()
    except IntegrityError as error:
        if _sqlstate(error) == _EXCLUDED:
            raise SlotTaken([]) from error
        raise


async def queue_for(db: AsyncSession, tenant_id: UUID, resources: Iterable[UUID], *, by: Viewer) -> None:
    """Wait for the turn of each resource, always in the same order, and clear the overdue holds in the way. Who takes
    in two steps queues first for all that either may want: two queues in one transaction are no order."""
    wanted = sorted(resources, key=_key)
    await db.execute(_LOCK, {"keys": [_key(one) for one in wanted]})
    await clear_overdue(db, tenant_id, wanted, by=by)


async def take_what_is_left(
    db: AsyncSession, appointment: Appointment, taking: Iterable[UUID | None], *, by: Viewer
) -> None:
    """What is left of a visit's own time, each of some resources takes that has nothing else then. Its time counts and
    not what it occupies: that may be nothing, where one before had something else."""
    wanted = {one for one in taking if one}
    await queue_for(db, appointment.tenant_id, wanted, by=by)
    spans = await _left_for(db, appointment, wanted)
    free = await db.scalars(
        _STILL_FREE,
        {
            "tenant": appointment.tenant_id,
            "ids": list(spans),
            "spans": list(spans.values()),
            "now": clock.now(),
            "except_for": None,
        },
    )
    for resource in free.all():
        db.add(
            Occupation(
                tenant_id=appointment.tenant_id,
                appointment_id=appointment.id,
                resource_id=resource,
                during=spans[resource],
            )
        )
    await db.flush()


async def _left_for(
    db: AsyncSession, appointment: Appointment, resources: Iterable[UUID]
) -> dict[UUID, Range[datetime]]:
    """From now to the end of a visit, with what its work and each bay need around it."""
    booked = await db.execute(
        select(Service.buffer_before_minutes, Service.buffer_after_minutes)
        .join(BookedService, BookedService.service_id == Service.id)
        .where(
            Service.tenant_id == appointment.tenant_id,
            BookedService.tenant_id == appointment.tenant_id,
            BookedService.appointment_id == appointment.id,
        )
    )
    bays = await db.execute(
        select(Bay.id, Bay.buffer_before_minutes, Bay.buffer_after_minutes).where(
            Bay.tenant_id == appointment.tenant_id, Bay.id.in_(resources)
        )
    )
    around = [(before, after) for before, after in booked]
    own = {bay: (before, after) for bay, before, after in bays}
    now, found = clock.now(), dict[UUID, Range[datetime]]()
    for one in resources:
        before, after = (max(minutes) for minutes in zip((0, 0), own.get(one, (0, 0)), *around, strict=True))
        starts = max(appointment.starts_at - timedelta(minutes=before), now)
        ends = appointment.ends_at + timedelta(minutes=after)
        if starts < ends:
            found[one] = Range(starts, ends)
    return found


async def vacate(
    db: AsyncSession, appointment: Appointment, resources: Iterable[UUID | None] | None = None
) -> None:
    """All that a visit occupies is free, or some of it."""
    held = _what_it_holds(appointment)
    if resources is not None:
        held = held.where(Occupation.resource_id.in_([one for one in resources if one]))
    await db.execute(held.values(is_active=False))


async def move_over(db: AsyncSession, appointment: Appointment, claimed: Claim) -> None:
    """The visit is with the bay and technician that were claimed, and no longer with those before."""
    appointment.bay_id, appointment.technician_id = claimed.bay_id, claimed.technician_id
    await vacate(db, appointment)
    await occupy(db, appointment, claimed)


async def occupied(db: AsyncSession, appointment: Appointment) -> set[UUID]:
    """The bay and the technician that are kept for a visit."""
    held = select(Occupation.resource_id).where(
        Occupation.tenant_id == appointment.tenant_id,
        Occupation.appointment_id == appointment.id,
        Occupation.is_active,
    )
    return set(await db.scalars(held))


async def keep_for_good(db: AsyncSession, appointment: Appointment) -> None:
    """What was held is a promise now."""
    await db.execute(_what_it_holds(appointment).values(held_until=None))


def _what_it_holds(appointment: Appointment) -> Update:
    return update(Occupation).where(
        Occupation.tenant_id == appointment.tenant_id,
        Occupation.appointment_id == appointment.id,
        Occupation.is_active,
    )


async def _lock(db: AsyncSession, seen: Prospect) -> None:
    """Wait for the turn of each resource, always in the same order. Who waits longer than the lock timeout
    stands behind so many others that the slot is as good as gone."""
    try:
        await db.execute(_LOCK, {"keys": sorted(_key(one) for one in seen.during)})
    except DBAPIError as error:
        if _sqlstate(error) == _LOCK_NOT_AVAILABLE:
            words = _("Many people want this time right now. Please choose another.")
            raise SlotTaken(seen.later(), words) from error
        raise


async def clear_overdue(
    db: AsyncSession, tenant_id: UUID, resources: Iterable[UUID] | None = None, *, by: Viewer
) -> int:
    """End the holds whose time is over, on some resources or on all of the tenant's."""
    now = clock.now()
    overdue = select(Occupation.appointment_id).where(
        Occupation.tenant_id == tenant_id, Occupation.is_active, Occupation.held_until <= now
    )
    if resources is not None:
        overdue = overdue.where(Occupation.resource_id.in_(list(resources)))
    ids = set(await db.scalars(overdue))
    if not ids:
        return 0
    # In order of id, so that two who clear the same holds wait for each other and do not deadlock.
    held = await db.scalars(
        select(Appointment)
        .where(
            Appointment.tenant_id == tenant_id,
            Appointment.id.in_(ids),
            Appointment.status == "held",
            Appointment.held_until <= now,
        )
        .order_by(Appointment.id)
        .with_for_update()
    )
    count = 0
    for appointment in held:
        await expire(db, appointment, by=by)
        count += 1
    # Whoever confirmed while we waited has emptied `held_until`; what still carries one is over for good.
    await db.execute(
        update(Occupation)
        .where(
            Occupation.tenant_id == tenant_id,
            Occupation.appointment_id.in_(ids),
            Occupation.is_active,
            Occupation.held_until <= now,
        )
        .values(is_active=False)
    )
    return count


async def expire(db: AsyncSession, appointment: Appointment, *, by: Viewer) -> None:
    """held → expired. The caller holds the row."""
    appointment.status = "expired"
    appointment.version += 1
    await vacate(db, appointment)
    await tell(db, AppointmentExpired, appointment, by=by)


def _spans(
    shop: Shop, work: Work, slot: Slot, bays: Sequence[UUID], people: Sequence[UUID]
) -> dict[UUID, Range[datetime]]:
    def around(before: int, after: int) -> Range[datetime]:
        return Range(slot.starts - timedelta(minutes=before), slot.ends + timedelta(minutes=after))

    own = {bay.id: bay for bay in shop.bays}
    return {
        **{one: around(max(work.before, own[one].before), max(work.after, own[one].after)) for one in bays},
        **{one: around(work.before, work.after) for one in people},
    }


def _next(shop: Shop, work: Work, *, after: datetime) -> list[Slot]:
    """The first free slots from a moment on, within the week that was read; mostly they are on its first day."""
    first = after.astimezone(shop.zone).date()
    found: list[Slot] = []
    for day in (first + timedelta(days=n) for n in range(A_WEEK.days + 1)):
        free = free_slots(shop, work, first=day, last=day, now=clock.now())
        found += [slot for slot in free if slot.starts >= after]
        if len(found) >= ALTERNATIVES:
            break
    return found[:ALTERNATIVES]


async def _alternatives(
    db: AsyncSession, center: ServiceCenter, work: Work, starts: datetime, except_for: UUID | None
) -> list[Slot]:
    after = max(starts, clock.now())
    return await next_free(db, center, work, after=after, limit=ALTERNATIVES, except_for=except_for)


def _key(resource: UUID) -> int:
    """The random half of a UUIDv7 as PostgreSQL's bigint."""
    return int.from_bytes(resource.bytes[8:], "big", signed=True)


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")
