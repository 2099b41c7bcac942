"""A shop's finished work writes itself into the car's logbook, and follows whatever becomes of the order."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.events import Heard, record
from app.core.tables import EventRow
from app.core.viewer import Viewer
from app.domains import billing, garage, workshop
from app.domains.billing.events import OfInvoice
from app.domains.garage.models import Vehicle
from app.domains.logbook.events import EntryChanged, EntryLogged, EntryRemoved
from app.domains.logbook.facts import LONGEST_TITLE
from app.domains.logbook.models import Entry
from app.domains.logbook.writing import told
from app.domains.network.models import ServiceCenter
from app.domains.workshop.events import NextServicePlanned, OfOrder
from app.domains.workshop.models import COUNTER, Job, RepairOrder


async def follow_order(db: AsyncSession, heard: Heard[OfOrder | OfInvoice]) -> None:
    """What the logbook says of an order is what the order and its invoice say now. The owner is told that the work is
    done when it is; before that nothing stands there."""
    if heard.tenant_id is not None:
        await settle(db, heard.event.order_id, by=Viewer.system(heard.tenant_id))


async def settle(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """Write the entry of an order, correct it, or take it out. Doing it again changes nothing."""
    order = await workshop.hold(db, order_id)  # two events of one order take turns
    entry = await db.scalar(
        select(Entry).where(Entry.tenant_id == order.tenant_id, Entry.order_id == order.id)
    )
    values = await _said_by(db, order)
    if values is None:
        if entry is not None and entry.removed_at is None:
            entry.removed_at = clock.now()
            entry.version += 1
            await _tell(db, order, EntryRemoved(**told(entry)), by)
        return
    if entry is None:
        vehicle = await db.get(Vehicle, order.vehicle_id)
        if vehicle is None or not await garage.is_granted(db, vehicle, order.tenant_id):
            return  # the shop may not write into this car's logbook any more
        entry = Entry(
            id=new_id(), tenant_id=order.tenant_id, center_id=order.center_id, order_id=order.id, kind="service", **values
        )  # fmt: skip
        db.add(entry)
        await db.flush()
        await _tell(db, order, EntryLogged(**told(entry)), by)
        return
    values["removed_at"] = None
    was_out = entry.removed_at is not None
    changed = {name: value for name, value in values.items() if getattr(entry, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(entry, name, value)
    entry.version += 1
    event = EntryLogged(**told(entry)) if was_out else EntryChanged(**told(entry))
    await _tell(db, order, event, by)


async def _tell(
    db: AsyncSession, order: RepairOrder, event: EntryLogged | EntryChanged | EntryRemoved, by: Viewer
) -> None:
    await record(db, event, by=by, tenant=order.tenant_id, person=order.user_id, subject=order.vehicle_id)


async def _said_by(db: AsyncSession, order: RepairOrder) -> dict[str, Any] | None:
    """What the entry of an order must say; None when there is nothing to say, or not yet."""
    invoice = await billing.live_invoice(db, order)
    is_done = order.stage in ("ready", "delivered") or invoice is not None
    if order.status in ("estimate", "void") or not is_done:
        return None
    rows = await db.scalars(
        select(Job.title)
        .where(
            Job.tenant_id == order.tenant_id,
            Job.order_id == order.id,
            Job.status == "completed",
            Job.department != COUNTER,
        )
        .order_by(Job.position, Job.id)
    )
    titles = rows.all()
    if not titles:
        return None
    center = await db.get_one(ServiceCenter, order.center_id)
    title = ", ".join(titles)
    due = await _next_service(db, order)
    done = {task for one in titles for task in garage.tasks_in(one)}
    return {
        "vehicle_id": order.vehicle_id,
        "day": (order.ready_at or order.stage_since).astimezone(ZoneInfo(center.zone)).date(),
        "km": order.mileage_in_km,
        "title": title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…",
        "note": "\n".join(titles) if len(title) > LONGEST_TITLE else "",
        "tasks": [task for task in garage.TASKS if task in done],
        "cost_minor": invoice.wanted_minor if invoice else None,
        "currency": invoice.currency if invoice else "",
        "next_on": due.due_on if due else None,
        "next_km": due.due_km if due else None,
    }


async def _next_service(db: AsyncSession, order: RepairOrder) -> NextServicePlanned | None:
    """What the shop said last of the next visit during this one."""
    row = await db.scalar(
        select(EventRow)
        .where(
            EventRow.tenant_id == order.tenant_id,
            EventRow.subject_id == order.id,
            EventRow.name == NextServicePlanned.__name__,
        )
        .order_by(EventRow.created_at.desc(), EventRow.id.desc())
        .limit(1)
    )
    return msgspec.convert(row.payload, NextServicePlanned) if row else None
