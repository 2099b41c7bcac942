"""What of the inspections is in a driver's copy: what was found and is shown to them."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.personal import AtShop, Declared, Paper, Records
from app.core.tables import File
from app.core.words import _
from app.domains.inspections.models import Finding, FindingPhoto, Inspection
from app.domains.workshop.models import RepairOrder


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "findings", _("What finished inspections of your cars found."), ("inspections", "findings", "finding_photos"),
            {
                "id": (Finding.id, _("its id: its photos and videos lie in photos/findings under it")),
                "visit_id": (Inspection.order_id, _("which visit")),
                "rating": (Finding.rating, _("green, yellow, red")),
                "measure": (Finding.measure, _("what was measured")),
                "note": (Finding.note, _("what the technician wrote")),
                "inspected_at": (Inspection.completed_at, _("when the inspection was finished")),
            },
            lambda rows: rows.select_from(Finding)
            .join(Inspection, Inspection.id == Finding.inspection_id)
            .join(RepairOrder, RepairOrder.id == Inspection.order_id)
            .where(RepairOrder.user_id == person, Inspection.status == "completed")
            .order_by(Inspection.completed_at, Finding.position),
        )
    ]  # fmt: skip


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The photos and videos that prove findings and are shown to the driver."""
    async with transaction(user=person) as db:
        found = await db.execute(
            select(Finding.id.label("finding_id"), File.id, File.key)
            .join(FindingPhoto, FindingPhoto.finding_id == Finding.id)
            .join(File, File.id == FindingPhoto.file_id)
            .join(Inspection, Inspection.id == Finding.inspection_id)
            .join(RepairOrder, RepairOrder.id == Inspection.order_id)
            .where(
                RepairOrder.user_id == person,
                Inspection.status == "completed",
                FindingPhoto.is_shared,
                File.state == "ready",
            )
            .order_by(FindingPhoto.id)
        )
        rows = found.all()
    for row in rows:
        yield Paper(f"photos/findings/{row.finding_id}/{row.id}.{row.key.rpartition('.')[2]}", key=row.key)


async def join(db: AsyncSession, who: AtShop) -> None:
    """The photos of what was found."""
    photos = (
        select(FindingPhoto.file_id)
        .join(Finding, Finding.id == FindingPhoto.finding_id)
        .join(Inspection, Inspection.id == Finding.inspection_id)
        .join(RepairOrder, RepairOrder.id == Inspection.order_id)
        .where(RepairOrder.tenant_id == who.tenant_id, RepairOrder.customer_id == who.customer_id)
    )
    await db.execute(
        update(File)
        .where(File.tenant_id == who.tenant_id, File.id.in_(photos), File.user_id.is_(None))
        .values(user_id=who.user_id)
    )


DECLARED = Declared(records, papers=papers, join=join)
