"""Photos and videos prove a finding. The shop chooses one by one what the customer sees."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clips, files
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.inspections.events import FindingPhotosChanged
from app.domains.inspections.filling import still_open
from app.domains.inspections.live import shown_where
from app.domains.inspections.models import Finding, FindingPhoto, Inspection
from app.domains.workshop.models import RepairOrder

MOST_PHOTOS = 12


async def must_take(db: AsyncSession, finding: Finding, coming: int) -> None:
    """Raise Refused when there would be too many with those that come, or the inspection is finished."""
    await still_open(db, finding.inspection_id)
    await db.refresh(finding, with_for_update=True)
    there = await db.scalar(
        select(func.count())
        .select_from(FindingPhoto)
        .where(FindingPhoto.tenant_id == finding.tenant_id, FindingPhoto.finding_id == finding.id)
    )
    if (there or 0) + coming > MOST_PHOTOS:
        raise Refused(_("An item can have at most %(most)s photos and videos.", most=MOST_PHOTOS))


async def add(
    db: AsyncSession, finding: Finding, order: RepairOrder, received: Sequence[files.Kept], *, by: Viewer
) -> list[FindingPhoto]:
    """Put images and videos on a finding; a video, which has voices in it, is the shop's own until it is shown. Raises
    Refused when there would be too many, or the inspection is finished."""
    await must_take(db, finding, len(received))
    added = []
    for one in received:
        file = await files.keep(db, one, by=by, tenant=finding.tenant_id, owner=order.user_id)
        photo = FindingPhoto(
            tenant_id=finding.tenant_id,
            finding_id=finding.id,
            file_id=file.id,
            is_shared=file.kind == "image",
        )
        db.add(photo)
        added.append(photo)
        if file.kind == "video":
            await clips.hand_over(db, file, by=by, rings=shown_where(finding, order), subject=order.id)
    await db.flush()
    await _tell(db, finding, order, by)
    return added


async def find(db: AsyncSession, finding: Finding, photo_id: UUID) -> FindingPhoto:
    """One photo of a finding. Raises NotFound."""
    photo = await db.scalar(
        select(FindingPhoto).where(
            FindingPhoto.tenant_id == finding.tenant_id,
            FindingPhoto.finding_id == finding.id,
            FindingPhoto.id == photo_id,
        )
    )
    if photo is None:
        raise NotFound
    return photo


async def share(
    db: AsyncSession, photo: FindingPhoto, finding: Finding, order: RepairOrder, *, shared: bool, by: Viewer
) -> None:
    """Show a photo to the customer, or hide it; possible after the inspection is finished too."""
    if photo.is_shared == shared:
        return
    photo.is_shared = shared
    await db.flush()
    await _tell(db, finding, order, by)


class Hidden(msgspec.Struct, frozen=True):
    """What proves the red findings of an order and is not shown to its customer."""

    photos: int
    videos: int


async def hidden_proof(
    db: AsyncSession, order: RepairOrder, inspection: Inspection | None = None
) -> Hidden | None:
    """How much of it there is, perhaps of one inspection alone; None when the customer sees everything."""
    rows = await _hidden(db, order, inspection)
    videos = sum(file.kind == "video" for _photo, _finding, file in rows)
    return Hidden(len(rows) - videos, videos) if rows else None


async def show_hidden_proof(
    db: AsyncSession, order: RepairOrder, inspection: Inspection | None = None, *, by: Viewer
) -> None:
    """Show the customer all of it."""
    for photo, finding, _file in await _hidden(db, order, inspection):
        await share(db, photo, finding, order, shared=True, by=by)


async def _hidden(
    db: AsyncSession, order: RepairOrder, inspection: Inspection | None
) -> list[tuple[FindingPhoto, Finding, File]]:
    query = (
        select(FindingPhoto, Finding, File)
        .join(Finding, Finding.id == FindingPhoto.finding_id)
        .join(Inspection, Inspection.id == Finding.inspection_id)
        .join(File, File.id == FindingPhoto.file_id)
        .where(
            Inspection.tenant_id == order.tenant_id,
            Inspection.order_id == order.id,
            Finding.rating == "red",
            FindingPhoto.is_shared.is_(False),
            File.refusal == "",
        )
        .order_by(FindingPhoto.id)
    )
    if inspection is not None:
        query = query.where(Inspection.id == inspection.id)
    return [(photo, finding, file) for photo, finding, file in await db.execute(query)]


async def remove(
    db: AsyncSession, photo: FindingPhoto, finding: Finding, order: RepairOrder, *, by: Viewer
) -> bool:
    """Take a photo off a finding. True when its file is kept all the same: an estimate has shown it.

    Raises Refused when the inspection is finished.
    """
    await still_open(db, finding.inspection_id)
    file = await db.get_one(File, photo.file_id)
    await db.delete(photo)
    await db.flush()
    gone = await files.forget(db, file, by=by)
    await _tell(db, finding, order, by)
    return not gone


def why_kept() -> str:
    """What the person who took an estimate's photo off the sheet is told."""
    return _("The photo is off the sheet. It was shown in an estimate, so it is kept as evidence.")


async def _tell(db: AsyncSession, finding: Finding, order: RepairOrder, by: Viewer) -> None:
    await record(
        db,
        FindingPhotosChanged(inspection_id=finding.inspection_id, order_id=order.id, finding_id=finding.id),
        by=by,
        tenant=finding.tenant_id,
        person=order.user_id,
        subject=order.id,
    )
