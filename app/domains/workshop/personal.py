"""What of the workshop's papers is in its driver's copy: visits, the work presented, what was decided, photos shown."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.personal import AtShop, Declared, Emptied, Paper, Records
from app.core.tables import File
from app.core.words import _
from app.domains.network.models import ServiceCenter
from app.domains.workshop.models import Authorization, DeferredWork, Job, OrderPhoto, RepairOrder


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "visits", _("Your cars' visits to workshops."), ("repair_orders",),
            {
                "id": (RepairOrder.id, _("its id, as other files name it")),
                "shop": (ServiceCenter.name, _("which workshop")),
                "number": (RepairOrder.number, _("number of the repair order")),
                "car_id": (RepairOrder.vehicle_id, _("which car")),
                "status": (RepairOrder.status, _("what became of the order")),
                "stage": (RepairOrder.stage, _("how far the work is")),
                "concern": (RepairOrder.concern, _("what you came for")),
                "warning_lights": (RepairOrder.warning_lights, _("warning lights that were on")),
                "mileage_km": (RepairOrder.mileage_in_km, _("how far the car had gone")),
                "charge_percent": (RepairOrder.charge_in_percent, _("how full its battery was")),
                "received_at": (RepairOrder.received_at, _("when the car came in")),
                "promised_for": (RepairOrder.promise_at, _("when it was promised")),
                "ready_at": (RepairOrder.ready_at, _("when it was ready")),
                "delivered_at": (RepairOrder.delivered_at, _("when you got it back")),
                "signed_name": (RepairOrder.signed_name, _("the name you signed with at check-in")),
                "signature": (RepairOrder.signature, _("your signature as drawn")),
            },
            lambda rows: rows.select_from(RepairOrder)
            .join(ServiceCenter, ServiceCenter.id == RepairOrder.center_id)
            .where(RepairOrder.user_id == person)
            .order_by(RepairOrder.received_at),
        ),
        Records(
            "work", _("The work that was presented to you, and what became of it."), ("jobs",),
            {
                "visit_id": (Job.order_id, _("which visit")),
                "title": (Job.title, _("what it is")),
                "status": (Job.status, _("what became of it")),
                "complaint": (Job.complaint, _("what you had noticed")),
                "started_at": (Job.started_at, _("when it was begun")),
                "completed_at": (Job.completed_at, _("when it was done")),
            },
            lambda rows: rows.select_from(Job)
            .join(RepairOrder, RepairOrder.id == Job.order_id)
            .where(RepairOrder.user_id == person, Job.status != "proposed")
            .order_by(Job.created_at),
        ),
        Records(
            "decisions", _("What you agreed to or declined, with your signatures."), ("authorizations",),
            {
                "visit_id": (Job.order_id, _("which visit")),
                "work": (Job.title, _("which work")),
                "decision": (Authorization.decision, _("what you decided")),
                "reason": (Authorization.reason, _("your reason")),
                "amount": (Authorization.amount_minor, _("its price")),
                "total_agreed": (Authorization.revised_total_minor, _("what you had agreed to on the visit by then")),
                "method": (Authorization.method, _("how you said so")),
                "contact": (Authorization.contact, _("the address or number used")),
                "signed_name": (Authorization.signed_name, _("the name you signed with")),
                "signature": (Authorization.signature, _("your signature as drawn")),
                "decided_at": (Authorization.decided_at, _("when")),
                "address": (_own(Authorization.ip), _("the network address you decided from")),
                "device": (_own(Authorization.user_agent), _("the browser you decided with")),
            },
            lambda rows: rows.select_from(Authorization)
            .join(Job, Job.id == Authorization.job_id)
            .join(RepairOrder, RepairOrder.id == Job.order_id)
            .where(RepairOrder.user_id == person)
            .order_by(Authorization.decided_at),
        ),
        Records(
            "work_put_off", _("Work you declined or put off, which stays with the car."), ("deferred_work",),
            {
                "car_id": (DeferredWork.vehicle_id, _("which car")),
                "title": (DeferredWork.title, _("what it is")),
                "decision": (DeferredWork.decision, _("what you decided")),
                "reason": (DeferredWork.reason, _("your reason")),
                "total": (DeferredWork.total_minor, _("what it would have cost")),
                "currency": (DeferredWork.currency, _("its currency")),
                "status": (DeferredWork.status, _("what became of it")),
                "since": (DeferredWork.created_at, _("since when")),
            },
            lambda rows: rows.where(DeferredWork.user_id == person).order_by(DeferredWork.created_at),
        ),
        Records(
            "visit_photos", _("Photos and videos of your visits that the workshop shows you."), ("order_photos",),
            {
                "visit_id": (OrderPhoto.order_id, _("which visit")),
                "file_id": (OrderPhoto.file_id, _("which file in photos/visits")),
                "purpose": (OrderPhoto.purpose, _("what it was taken for")),
                "caption": (OrderPhoto.caption, _("what was written below it")),
                "taken_at": (OrderPhoto.created_at, _("when it was sent in")),
            },
            lambda rows: rows.select_from(OrderPhoto)
            .join(RepairOrder, RepairOrder.id == OrderPhoto.order_id)
            .where(RepairOrder.user_id == person, OrderPhoto.is_shared)
            .order_by(OrderPhoto.created_at),
        ),
    ]  # fmt: skip


def _own(column: object) -> object:
    """Empty where somebody of the shop wrote the decision down: then it is theirs."""
    return case((Authorization.recorded_by_id.is_(None), column), else_="")


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The photos and videos of the visits that are shown to the driver."""
    async with transaction(user=person) as db:
        found = await db.execute(
            select(File.id, File.key)
            .join(OrderPhoto, OrderPhoto.file_id == File.id)
            .join(RepairOrder, RepairOrder.id == OrderPhoto.order_id)
            .where(RepairOrder.user_id == person, OrderPhoto.is_shared, File.state == "ready")
            .order_by(OrderPhoto.created_at)
        )
        rows = found.all()
    for row in rows:
        yield Paper(f"photos/visits/{row.id}.{row.key.rpartition('.')[2]}", key=row.key)


async def join(db: AsyncSession, who: AtShop) -> None:
    """Visits, what was put off, and the photos of the visits."""
    visits = select(RepairOrder.id).where(
        RepairOrder.tenant_id == who.tenant_id, RepairOrder.customer_id == who.customer_id
    )
    await db.execute(update(RepairOrder).where(RepairOrder.id.in_(visits)).values(user_id=who.user_id))
    put_off = select(Job.id).where(Job.tenant_id == who.tenant_id, Job.order_id.in_(visits))
    await db.execute(
        update(DeferredWork)
        .where(DeferredWork.tenant_id == who.tenant_id, DeferredWork.job_id.in_(put_off))
        .values(user_id=who.user_id)
    )
    photos = select(OrderPhoto.file_id).where(
        OrderPhoto.tenant_id == who.tenant_id, OrderPhoto.order_id.in_(visits)
    )
    await db.execute(
        update(File)
        .where(File.tenant_id == who.tenant_id, File.id.in_(photos), File.user_id.is_(None))
        .values(user_id=who.user_id)
    )


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """Photos of the car are the shop's; the names their files had on somebody's phone are not."""
    of_visits = (
        select(OrderPhoto.file_id)
        .join(RepairOrder, RepairOrder.id == OrderPhoto.order_id)
        .where(RepairOrder.tenant_id == who.tenant_id, RepairOrder.customer_id == who.customer_id)
    )
    named = await db.scalars(
        update(File)
        .where(File.tenant_id == who.tenant_id, File.id.in_(of_visits))
        .values(label="", user_id=None)
        .returning(File.id)
    )
    return {"files": named.all()}


async def unsettled(db: AsyncSession, who: AtShop) -> Sequence[str]:
    """Work that is not done with, and a car that is paid for and still here: somebody must be rung up to fetch it."""
    theirs = select(RepairOrder.id).where(
        RepairOrder.tenant_id == who.tenant_id, RepairOrder.customer_id == who.customer_id
    )
    is_open = theirs.where(RepairOrder.status.in_(("estimate", "repair_order")))
    is_here = theirs.where(RepairOrder.status.in_(("invoiced", "closed")), RepairOrder.stage != "delivered")
    found = []
    if await db.scalar(select(is_open.exists())):
        found.append(_("an open repair order"))
    if await db.scalar(select(is_here.exists())):
        found.append(_("a car to hand over"))
    return found


DECLARED = Declared(records, papers=papers, join=join, leave=leave, unsettled=unsettled)
