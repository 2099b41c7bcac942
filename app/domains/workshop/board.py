"""The board: one card for each repair order in the shop, by stage and by bay."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import Bay, ServiceCenter, StaffProfile
from app.domains.network.premises import open_stretches
from app.domains.workshop import foreseen, stages
from app.domains.workshop.models import AUTHORIZED, COUNTER, STAGES, Job, RepairOrder
from app.domains.workshop.moves import document_word
from app.domains.workshop.open_ends import StillOpen, open_ends
from app.domains.workshop.orders import hold, plan

SHOWN_AFTER_DELIVERY = timedelta(hours=12)


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a job ticket says."""

    id: UUID
    number: int
    version: int
    stage: str
    status: str
    since: datetime
    promise_at: datetime | None
    estimated_end: datetime | None
    """When the agreed work will probably be done."""
    not_before: datetime | None
    """When what is known of it will be done, where of some of it nobody knows."""
    is_late: bool
    is_waiter: bool
    priority: int
    key_tag: str
    concern: str
    plate: str
    car: str
    customer: str
    bay_id: UUID | None
    bay: str
    technician_id: UUID | None
    technician: str
    jobs_agreed: int
    jobs_done: int
    jobs_asked: int
    blocked_reason: str
    blocked_at: datetime | None
    is_running: bool
    has_begun: bool
    """Whether anybody has ever started one of its jobs."""


class Column(msgspec.Struct, frozen=True):
    """A stage with its cards."""

    stage: str
    cards: list[Card]


class Lane(msgspec.Struct, frozen=True):
    """A row of the board: one bay, or the whole shop."""

    bay_id: UUID | None
    name: str
    columns: list[Column]


def _select(me: Viewer, center_id: UUID) -> Any:
    return _tickets().where(RepairOrder.tenant_id == me.tenant_id, RepairOrder.center_id == center_id)


@lru_cache(maxsize=1)
def _tickets() -> Any:
    """What a card says of an order. Put together once: building it costs more than asking it."""
    work = (
        select(
            Job.order_id,
            func.count().filter(Job.status.in_(AUTHORIZED), Job.department != COUNTER).label("agreed"),
            func.count().filter(Job.status == "completed", Job.department != COUNTER).label("done"),
            func.count().filter(Job.status == "presented").label("asked"),
            func.min(case((Job.status == "blocked", Job.blocked_reason))).label("blocked_reason"),
            func.min(Job.blocked_at).filter(Job.status == "blocked").label("blocked_at"),
            func.bool_or(foreseen.CLOCKED.c.running > 0).label("running"),
            func.bool_or(Job.started_at.is_not(None)).label("begun"),
            foreseen.PIECES.label("pieces"),
        )
        .select_from(Job)
        .outerjoin(foreseen.CLOCKED, true())
        .where(Job.tenant_id == RepairOrder.tenant_id, Job.order_id == RepairOrder.id)
        .group_by(Job.order_id)
        .lateral("work")
    )
    return (
        select(
            RepairOrder.id,
            RepairOrder.number,
            RepairOrder.version,
            RepairOrder.stage,
            RepairOrder.status,
            RepairOrder.stage_since,
            RepairOrder.promise_at,
            RepairOrder.ready_at,
            RepairOrder.is_waiter,
            RepairOrder.priority,
            RepairOrder.key_tag,
            RepairOrder.concern,
            RepairOrder.bay_id,
            RepairOrder.technician_id,
            Vehicle.plate,
            Vehicle.year,
            Vehicle.make,
            Vehicle.model,
            Customer.name.label("customer"),
            Bay.name.label("bay"),
            StaffProfile.name.label("technician"),
            work.c.agreed,
            work.c.done,
            work.c.asked,
            work.c.blocked_reason,
            work.c.blocked_at,
            work.c.running,
            work.c.begun,
            work.c.pieces,
        )
        .join(
            Customer,
            and_(Customer.tenant_id == RepairOrder.tenant_id, Customer.id == RepairOrder.customer_id),
        )
        .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
        .outerjoin(Bay, and_(Bay.tenant_id == RepairOrder.tenant_id, Bay.id == RepairOrder.bay_id))
        .outerjoin(
            StaffProfile,
            and_(
                StaffProfile.tenant_id == RepairOrder.tenant_id, StaffProfile.id == RepairOrder.technician_id
            ),
        )
        .outerjoin(work, work.c.order_id == RepairOrder.id)
        .where(RepairOrder.status.in_(("estimate", "repair_order", "invoiced", "closed")))
    )


async def cards(
    db: AsyncSession,
    me: Viewer,
    *,
    bay_id: UUID | None = None,
    technician_id: UUID | None = None,
    opening: Sequence[foreseen.Stretch] = (),
) -> list[Card]:
    """The cards of the viewer's center, most urgent first; handed-over cars stay for half a day. When their work
    will be done is said to those who know when the center is `opening`."""
    if me.center_id is None:
        return []
    now = clock.now()
    rows = await db.execute(query(me, now, bay_id=bay_id, technician_id=technician_id))
    return [_card(row, now, opening) for row in rows]


def query(me: Viewer, now: datetime, *, bay_id: UUID | None = None, technician_id: UUID | None = None) -> Any:
    """The one query of the board."""
    assert me.center_id is not None
    chosen = _select(me, me.center_id).where(
        RepairOrder.status != "estimate",  # a price asked: the car is not here
        or_(RepairOrder.stage != "delivered", RepairOrder.delivered_at > now - SHOWN_AFTER_DELIVERY),
    )
    if bay_id:
        chosen = chosen.where(RepairOrder.bay_id == bay_id)
    if technician_id:
        chosen = chosen.where(RepairOrder.technician_id == technician_id)
    return chosen.order_by(
        RepairOrder.priority.desc(), RepairOrder.promise_at.asc().nulls_last(), RepairOrder.number
    )


def _card(row: Any, now: datetime, opening: Sequence[foreseen.Stretch]) -> Card:
    ahead = foreseen.Foreseen()
    if row.status == "repair_order":
        ahead = foreseen.of_pieces(row.pieces, opening, now)
    return Card(
        id=row.id,
        number=row.number,
        version=row.version,
        stage=row.stage,
        status=row.status,
        since=row.stage_since,
        promise_at=row.promise_at,
        estimated_end=ahead.done_at,
        not_before=ahead.not_before,
        is_late=row.promise_at is not None and row.promise_at < now and row.ready_at is None,
        is_waiter=row.is_waiter,
        priority=row.priority,
        key_tag=row.key_tag,
        concern=row.concern,
        plate=row.plate,
        car=" ".join(str(part) for part in (row.year, row.make, row.model) if part),
        customer=row.customer,
        bay_id=row.bay_id,
        bay=row.bay or "",
        technician_id=row.technician_id,
        technician=row.technician or "",
        jobs_agreed=row.agreed or 0,
        jobs_done=row.done or 0,
        jobs_asked=row.asked or 0,
        blocked_reason=row.blocked_reason or "",
        blocked_at=row.blocked_at,
        is_running=bool(row.running),
        has_begun=bool(row.begun),
    )


async def card(db: AsyncSession, me: Viewer, order: RepairOrder) -> Card:
    """One card afresh."""
    row = (await db.execute(_select(me, order.center_id).where(RepairOrder.id == order.id))).first()
    if row is None:
        raise NotFound
    return _card(row, clock.now(), await open_stretches(db, await center_of(db, order)))


def columns(shown: Sequence[Card]) -> list[Column]:
    """Cards by stage, every stage present."""
    by_stage: dict[str, list[Card]] = {stage: [] for stage in STAGES}
    for one in shown:
        by_stage[one.stage].append(one)
    return [Column(stage, by_stage[stage]) for stage in STAGES]


def lanes(shown: Sequence[Card], bays: Sequence[Bay]) -> list[Lane]:
    """Cards by bay and stage; cars in no bay come last."""
    rows = [(bay.id, bay.name) for bay in bays]
    return [
        Lane(bay_id, name, columns([one for one in shown if one.bay_id == bay_id]))
        for bay_id, name in [*rows, (None, _("No bay"))]
    ]


async def bays(db: AsyncSession, me: Viewer) -> Sequence[Bay]:
    """The bays of the viewer's center."""
    found = await db.scalars(
        select(Bay)
        .where(Bay.tenant_id == me.tenant_id, Bay.center_id == me.center_id, Bay.is_active)
        .order_by(Bay.position, Bay.name)
    )
    return found.all()


async def technicians(db: AsyncSession, me: Viewer) -> Sequence[StaffProfile]:
    """The technicians of the viewer's center."""
    found = await db.scalars(
        select(StaffProfile)
        .where(
            StaffProfile.tenant_id == me.tenant_id,
            StaffProfile.center_id == me.center_id,
            StaffProfile.is_technician,
            StaffProfile.is_active,
        )
        .order_by(StaffProfile.name)
    )
    return found.all()


async def center(db: AsyncSession, me: Viewer) -> ServiceCenter:
    """The viewer's center. Raises NotFound for those who work nowhere."""
    found = await db.get(ServiceCenter, me.center_id) if me.center_id else None
    if found is None or found.tenant_id != me.tenant_id:
        raise NotFound
    return found


async def center_of(db: AsyncSession, order: RepairOrder) -> ServiceCenter:
    """The center an order belongs to: its clock, its currency."""
    return await db.get_one(ServiceCenter, order.center_id)


async def move(
    db: AsyncSession,
    order: RepairOrder,
    *,
    to: str,
    by: Viewer,
    version: int | None = None,
    bay_id: UUID | None = None,
    in_bay: bool = False,
    anyway: str | None = None,
    seen: Collection[str] | None = None,
) -> RepairOrder:
    """A person moves a card, to any stage; with `in_bay` into a bay (or out of all bays) as well.

    Raises Refused (409) when the card has changed since `version` was shown, and says how; StillOpen when the
    stage would pass over open work or money, unless `anyway` says why. That goes into the order's story. It answers for no more than
    was `seen` (the keys of the open ends that were shown), where that is known.
    """
    if to not in STAGES:
        raise Refused(_("There is no stage “%(stage)s”.", stage=to[:40]), status=422)
    order = await hold(db, order.id, version=version)
    if order.status in ("archived", "void"):
        raise Refused(
            _(
                "%(order)s is in the state “%(status)s”.",
                order=order.label,
                status=document_word(order.status),
            ),
            audit="order.not_open",
        )
    ends = await open_ends(db, order, to)
    if ends and (anyway is None or (seen is not None and {end.key for end in ends} - set(seen))):
        raise StillOpen(order, to, ends)
    reason = (anyway or "").strip()
    if ends and not reason:
        raise Invalid({"reason": _("Say why it moves all the same.")})
    passed_over: dict[str, Any] = {}
    if ends:
        passed_over = {
            "open_jobs": [end.title for end in ends if end.kind == "job"],
            "owed": next((end.kind for end in ends if end.kind != "job"), ""),
            "reason": reason,
        }
    await stages.enter(db, order, to, by=by, by_facts=False, **passed_over)
    if in_bay and bay_id != order.bay_id:
        order = await plan(db, order, by=by, bay_id=bay_id)
    return order
