"""Photos and videos on a repair order: taken at the walk-around or during the work, shown to the customer when chosen."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clips, files
from app.core.errors import NotFound, Refused
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.workshop import jobs
from app.domains.workshop.events import OrderPhotographed, OrderVideoRemoved
from app.domains.workshop.live import shown_where
from app.domains.workshop.models import Job, OrderPhoto, RepairOrder
from app.domains.workshop.moves import document_word
from app.domains.workshop.orders import of, tell


async def must_take(db: AsyncSession, order: RepairOrder, job_id: UUID | None, *, by: Viewer) -> Job | None:
    """The job that something is photographed of, if of one. Raises Refused when nothing is put on the order any more, and
    NotFound for a job not of it."""
    if order.status in ("archived", "void"):
        raise Refused(
            _(
                "%(order)s is in the state “%(status)s”.",
                order=order.label,
                status=document_word(order.status),
            ),
            audit="order.not_open",
        )
    if job_id is None:
        return None
    job, its_order = await jobs.find(db, by, job_id)
    if its_order.id != order.id:
        raise NotFound
    return job


async def add_photo(
    db: AsyncSession,
    order: RepairOrder,
    file_id: UUID,
    *,
    purpose: str,
    by: Viewer,
    caption: str = "",
    job_id: UUID | None = None,
    is_shared: bool = False,
) -> OrderPhoto:
    """Put a stored image on the order: walk_around, finding or progress. Raises NotFound for a job not of it."""
    await must_take(db, order, job_id, by=by)
    photo = OrderPhoto(
        tenant_id=order.tenant_id,
        order_id=order.id,
        file_id=file_id,
        job_id=job_id,
        purpose=purpose,
        caption=caption,
        is_shared=is_shared,
    )
    db.add(photo)
    await db.flush()
    event = OrderPhotographed(**of(order), photo_id=photo.id, purpose=purpose, is_shared=is_shared)
    await tell(db, order, event, by=by)
    return photo


async def add_clip(
    db: AsyncSession,
    order: RepairOrder,
    received: files.Kept,
    *,
    purpose: str,
    by: Viewer,
    caption: str = "",
    job_id: UUID | None = None,
    is_shared: bool = False,
) -> OrderPhoto:
    """Put a received video on the order, and have it prepared. Raises NotFound for a job not of it."""
    file = await files.keep(db, received, by=by, tenant=order.tenant_id, owner=order.user_id)
    added = await add_photo(
        db, order, file.id, purpose=purpose, by=by, caption=caption, job_id=job_id, is_shared=is_shared
    )
    rings = shown_where(order, await must_take(db, order, job_id, by=by))
    await clips.hand_over(db, file, by=by, rings=rings, subject=order.id)
    return added


async def share_photo(
    db: AsyncSession, order: RepairOrder, photo_id: UUID, *, shared: bool, by: Viewer
) -> OrderPhoto:
    """Show a photo to the customer, or no longer."""
    photo = await _find(db, order, photo_id)
    if photo.is_shared != shared:
        photo.is_shared = shared
        event = OrderPhotographed(**of(order), photo_id=photo.id, purpose=photo.purpose, is_shared=shared)
        await tell(db, order, event, by=by)
    return photo


async def remove_video(db: AsyncSession, order: RepairOrder, photo_id: UUID, *, by: Viewer) -> None:
    """Take a video off the order that cannot be shown; what can be seen stays with the visit. Raises Refused."""
    photo = await _find(db, order, photo_id)
    file = await db.get_one(File, photo.file_id)
    if not file.refusal:
        raise Refused(_("Only a video that cannot be shown is removed. Hide others from the customer."))
    await db.delete(photo)
    await db.flush()
    await files.forget(db, file, by=by)
    await tell(db, order, OrderVideoRemoved(**of(order), photo_id=photo.id), by=by)


async def _find(db: AsyncSession, order: RepairOrder, photo_id: UUID) -> OrderPhoto:
    photo = await db.scalar(
        select(OrderPhoto).where(OrderPhoto.order_id == order.id, OrderPhoto.id == photo_id)
    )
    if photo is None:
        raise NotFound
    return photo


async def photos(
    db: AsyncSession, order: RepairOrder, *, shared_only: bool = False, job_id: UUID | None = None
) -> list[tuple[OrderPhoto, File]]:
    """The photos of a visit, or of one of its jobs, in the order they were taken, each with its file."""
    chosen = (
        select(OrderPhoto, File)
        .join(File, File.id == OrderPhoto.file_id)
        .where(OrderPhoto.tenant_id == order.tenant_id, OrderPhoto.order_id == order.id)
        .order_by(OrderPhoto.id)
    )
    if shared_only:
        chosen = chosen.where(OrderPhoto.is_shared)
    if job_id:
        chosen = chosen.where(OrderPhoto.job_id == job_id)
    return [(photo, file) for photo, file in await db.execute(chosen)]
