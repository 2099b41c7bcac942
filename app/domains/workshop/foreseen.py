"""When a job is to begin and when it will probably be done, as things stand at this minute.

Nothing of this is stored: an end that was right at nine is wrong as soon as the job is begun late or its clock
stops. A job's end is what is left of its planned time, laid into the center's opening hours from now on (for one
that is not begun, from its planned start on, if that is still to come). Where nobody knows, nothing is said: a
blocked job, one without a planned time or already over it, one that nobody has planned. Of an order with such a
job it is known all the same that it will not be done before the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import JSON, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains.network.models import ServiceCenter, StaffProfile
from app.domains.network.premises import open_stretches
from app.domains.workshop.models import AUTHORIZED, OPEN_WORK, Job, JobClock, RepairOrder

STEP = 300

Stretch = tuple[datetime, datetime]


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A job the customer has agreed to, as far as time is concerned. Times are minutes."""

    job_id: UUID
    status: str
    planned: int
    spent: float = 0
    scheduled_start: datetime | None = None
    is_running: bool = False


class Window(msgspec.Struct, frozen=True):
    """The start planned for a job and its estimated end; empty is unknown."""

    start: datetime | None = None
    end: datetime | None = None


def foresee(pieces: Sequence[Piece], opening: Sequence[Stretch], now: datetime) -> dict[UUID, Window]:
    """The windows of one order's jobs, which come in the order of the order. Ends are rounded up to five minutes,
    for nobody foresees more: here and nowhere else, so that the last job and its order end at the same time.

    What nobody has planned follows the job before it; one car is worked on by one job after the other.
    """
    windows: dict[UUID, Window] = {}
    before: datetime | None = None
    for piece in sorted(pieces, key=lambda one: one.status != "in_progress"):
        start, end = piece.scheduled_start, None
        left = piece.planned - piece.spent
        if piece.status == "in_progress" and left > 0:
            # Who works on after closing is not sent home by the opening hours.
            late = piece.is_running and not any(opens <= now < closes for opens, closes in opening)
            end = now + timedelta(minutes=left) if late else laid(now, left, opening)
        elif piece.status in ("authorized", "pending"):
            start = max(filter(None, (start, before)), default=None)
            end = laid(max(start, now), left, opening) if start and left > 0 else None
        end = end and up(end)
        windows[piece.job_id] = Window(start, end)
        if piece.status in OPEN_WORK and piece.status != "blocked":
            before = end
    return windows


def laid(start: datetime, minutes: float, opening: Iterable[Stretch]) -> datetime | None:
    """The moment at which `minutes` of work from `start` on are done, worked only in the sorted stretches
    `opening`; None when they do not suffice."""
    left = timedelta(minutes=minutes)
    for opens, closes in opening:
        begin = max(start, opens)
        if begin >= closes:
            continue
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    return None


def done_at(pieces: Sequence[Piece], windows: Mapping[UUID, Window]) -> datetime | None:
    """When all the agreed work of an order will be done; None when there is none left, or of one nobody knows."""
    return None if None in (ends := _ends(pieces, windows)) else _last(ends)


def not_before(pieces: Sequence[Piece], windows: Mapping[UUID, Window]) -> datetime | None:
    """When what is known of the agreed work will be done, where of some of it nobody knows."""
    return _last(ends) if None in (ends := _ends(pieces, windows)) else None


def _ends(pieces: Sequence[Piece], windows: Mapping[UUID, Window]) -> list[datetime | None]:
    return [windows[one.job_id].end for one in pieces if one.status in OPEN_WORK]


def _last(ends: Sequence[datetime | None]) -> datetime | None:
    return max(filter(None, ends), default=None)


def up(moment: datetime) -> datetime:
    """The next five minutes."""
    return datetime.fromtimestamp(-(-moment.timestamp() // STEP) * STEP, UTC)


class Foreseen(msgspec.Struct, frozen=True):
    """The windows of an order's jobs, and when all of them are done, or before when they are not."""

    windows: dict[UUID, Window] = {}
    done_at: datetime | None = None
    not_before: datetime | None = None

    def after(self, promise: datetime | None) -> datetime | None:
        """The end of the work as far as it is known, where that is after what was promised."""
        known = self.done_at or self.not_before
        return known if promise and known and known > promise else None

    def of(self, job: Job) -> Window:
        return self.windows.get(job.id, Window(job.scheduled_start))


async def of_order(db: AsyncSession, center: ServiceCenter, order: RepairOrder) -> Foreseen:
    """What is foreseen for one order; nothing for one whose car is not in the shop's hands."""
    if order.status != "repair_order":
        return Foreseen()
    return (await of_orders(db, center, [order.id])).get(order.id, Foreseen())


async def of_orders(
    db: AsyncSession, center: ServiceCenter, order_ids: Collection[UUID]
) -> dict[UUID, Foreseen]:
    """What is foreseen for several orders of a center; those without agreed work are left out."""
    rows = await db.execute(
        select(Job.order_id, PIECES.label("pieces"))
        .outerjoin(CLOCKED, true())
        .where(Job.tenant_id == center.tenant_id, Job.order_id.in_(list(order_ids)))
        .group_by(Job.order_id)
    )
    found = [(order_id, pieces) for order_id, pieces in rows if pieces]
    if not found:
        return {}
    opening, now = await open_stretches(db, center), clock.now()
    return {order_id: of_pieces(pieces, opening, now) for order_id, pieces in found}


class Meanwhile(msgspec.Struct, frozen=True, kw_only=True):
    """Other work of the same technician at the time of a job."""

    technician: str
    order: str
    start: datetime
    end: datetime


async def meanwhile(db: AsyncSession, center: ServiceCenter, job: Job, window: Window) -> list[Meanwhile]:
    """What else the technician of a job that is not begun is at within its window, the earliest first."""
    if job.technician_id is None or window.start is None:
        return []
    rows = (
        await db.execute(
            select(Job, RepairOrder, StaffProfile.name)
            .join(RepairOrder, RepairOrder.id == Job.order_id)
            .join(StaffProfile, StaffProfile.id == Job.technician_id)
            .where(
                Job.tenant_id == center.tenant_id,
                Job.technician_id == job.technician_id,
                Job.id != job.id,
                Job.status.in_(OPEN_WORK),
                RepairOrder.center_id == center.id,
                RepairOrder.status == "repair_order",
            )
        )
    ).all()
    ahead, now = await of_orders(db, center, {order.id for _other, order, _name in rows}), clock.now()
    begin = max(window.start, now)
    end = window.end or begin + timedelta(minutes=job.estimated_minutes)
    found = []
    for other, order, name in rows:
        theirs = ahead.get(order.id, Foreseen()).of(other)
        start = max(theirs.start or now, now) if other.status != "in_progress" else now
        if theirs.end and theirs.end > begin and (start <= begin or start < end):
            found.append(Meanwhile(technician=name, order=order.label, start=start, end=theirs.end))
    return sorted(found, key=lambda one: one.start)


CLOCKED = (
    select(
        func.coalesce(func.sum(func.extract("epoch", JobClock.stopped_at - JobClock.started_at)), 0).label(
            "spent"
        ),
        func.count().filter(JobClock.stopped_at.is_(None)).label("running"),
        func.sum(func.extract("epoch", JobClock.started_at))
        .filter(JobClock.stopped_at.is_(None))
        .label("since"),
    )
    .where(JobClock.tenant_id == Job.tenant_id, JobClock.job_id == Job.id)
    .lateral("clocked")
)
"""A job's stopped clocks in seconds, how many run, and the sum of the moments these began."""

PIECES = func.json_agg(
    aggregate_order_by(
        func.json_build_array(
            Job.id,
            Job.status,
            Job.estimated_minutes,
            func.extract("epoch", Job.scheduled_start),
            CLOCKED.c.spent,
            CLOCKED.c.running,
            CLOCKED.c.since,
        ),
        Job.position,
        Job.id,
    ),
    type_=JSON,
).filter(Job.status.in_(AUTHORIZED))
"""The agreed jobs of an order, whatever is asked of it besides: the board asks everything at once."""


def of_pieces(rows: Sequence[Any] | None, opening: Sequence[Stretch], now: datetime) -> Foreseen:
    """What PIECES tells of one order."""
    pieces = [
        Piece(
            job_id=UUID(job_id),
            status=status,
            planned=planned,
            spent=(spent + (running * now.timestamp() - since if running else 0)) / 60,
            scheduled_start=None if start is None else datetime.fromtimestamp(start, UTC),
            is_running=running > 0,
        )
        for job_id, status, planned, start, spent, running, since in rows or ()
    ]
    windows = foresee(pieces, opening, now)
    return Foreseen(windows, done_at(pieces, windows), not_before(pieces, windows))
