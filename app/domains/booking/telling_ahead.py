"""Before the car comes: what its driver says of it from the phone. The counter sees it, corrects it, has it signed."""

from collections.abc import Collection, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.files import Kept, forget, keep
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.booking.appointments import Visit
from app.domains.booking.changing import STANDING, must_be_version
from app.domains.booking.events import AppointmentToldAhead
from app.domains.booking.models import Appointment, AppointmentPhoto
from app.domains.booking.telling import tell
from app.domains.workshop.models import OrderPhoto, RepairOrder

MOST_PHOTOS = 12


class Ahead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the car is, as its driver says it."""

    concern: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    mileage_km: int | None = None
    charge_percent: int | None = None
    warning_lights: tuple[str, ...] = ()


def may_tell_ahead(visit: Visit, by: Viewer) -> bool:
    """The driver of a visit that is still to come."""
    appointment = visit.appointment
    return (
        by.user_id is not None
        and appointment.user_id == by.user_id
        and appointment.status in STANDING
        and visit.vehicle is not None
    )


def must_be_to_come(visit: Visit, by: Viewer) -> None:
    """Raises NotFound for anybody else, Refused once the car is here or the visit is off."""
    if by.user_id is None or visit.appointment.user_id != by.user_id or visit.vehicle is None:
        raise NotFound
    if not may_tell_ahead(visit, by):
        raise Refused(
            _("This visit is no longer to come. Tell the workshop at the counter, or call."),
            audit="appointment.illegal_move",
        )


async def tell_ahead(
    db: AsyncSession,
    visit: Visit,
    said: Ahead,
    *,
    photos: Sequence[Kept] = (),
    without: Collection[UUID] = (),
    version: int | None = None,
    by: Viewer,
) -> Appointment:
    """Keep what the driver says, in place of what they said before; `without` names photos to take away again.

    The caller holds the appointment's row. Raises Invalid by the rules of the counter's own form.
    """
    must_be_to_come(visit, by)
    appointment = visit.appointment
    must_be_version(appointment, version)
    workshop.Intake(
        concern=said.concern.strip() or visit.title,  # who has no complaint comes for what was booked
        mileage_km=said.mileage_km,
        charge_percent=said.charge_percent,
        warning_lights=said.warning_lights,
    )
    known = await photos_of(db, appointment)
    left = [photo for photo, _file in known if photo.id not in without]
    if len(left) + len(photos) > MOST_PHOTOS:
        raise Invalid({"photos": _("Up to %(most)s photos, please.", most=MOST_PHOTOS)})
    for photo, file in known:
        if photo.id in without:
            await _take_away(db, photo, file, by=by)
    for one in photos:
        kept = await keep(db, one, by=by, tenant=appointment.tenant_id, owner=appointment.user_id)
        db.add(
            AppointmentPhoto(tenant_id=appointment.tenant_id, appointment_id=appointment.id, file_id=kept.id)
        )
    appointment.concern = said.concern.strip()
    appointment.mileage_km = said.mileage_km
    appointment.charge_percent = said.charge_percent
    appointment.warning_lights = list(said.warning_lights)
    appointment.told_at = clock.now()
    appointment.version += 1
    await tell(db, AppointmentToldAhead, appointment, by=by)
    return appointment


async def _take_away(db: AsyncSession, photo: AppointmentPhoto, file: File, *, by: Viewer) -> None:
    await db.delete(photo)
    await db.flush()
    # An order that was opened by mistake may show it too.
    if not await db.scalar(select(select(OrderPhoto.id).where(OrderPhoto.file_id == file.id).exists())):
        await forget(db, file, by=by)


async def photos_of(db: AsyncSession, appointment: Appointment) -> list[tuple[AppointmentPhoto, File]]:
    """What was sent ahead, in the order it came, each with its file."""
    rows = await db.execute(
        select(AppointmentPhoto, File)
        .join(File, File.id == AppointmentPhoto.file_id)
        .where(
            AppointmentPhoto.tenant_id == appointment.tenant_id,
            AppointmentPhoto.appointment_id == appointment.id,
        )
        .order_by(AppointmentPhoto.id)
    )
    return [(photo, file) for photo, file in rows]


async def bring_photos(db: AsyncSession, appointment: Appointment, order: RepairOrder, *, by: Viewer) -> None:
    """Put what was sent ahead beside the walk-around; the driver goes on seeing it."""
    for _photo, file in await photos_of(db, appointment):
        await workshop.add_photo(
            db,
            order,
            file.id,
            purpose="walk_around",
            caption=_("Sent before the visit"),
            is_shared=True,
            by=by,
        )
