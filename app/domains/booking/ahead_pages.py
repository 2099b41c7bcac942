"""Before you come: a driver tells the workshop about the car, as a form and as JSON."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.datastructures import UploadFile
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.answers import audit_refusal
from app.core.errors import Invalid, NotFound, Refused
from app.core.files import file_url, kept_or_gone, receive_images
from app.core.forms import read, values_of
from app.core.render import from_km, lost_files, page, see_other, to_km
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.booking import appointments, telling_ahead
from app.domains.booking.appointments import Visit
from app.domains.booking.telling_ahead import Ahead
from app.domains.network.branding import brand_of

AnyRequest = Request[Any, Any, Any]
MINE = needs("manage:own_appointments")


class AheadForm(msgspec.Struct, kw_only=True):
    """The fields of booking/ahead.html. Mileage is in the unit the odometer shows."""

    concern: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    mileage: Annotated[int, msgspec.Meta(ge=0, le=3_000_000)] | None = None
    charge_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    warning_lights: list[str] = []
    without: list[UUID] = []
    photos: list[UploadFile] = []
    version: int | None = None

    def said(self, visit: Visit) -> Ahead:
        unit = visit.vehicle.odometer_unit if visit.vehicle else "km"
        return Ahead(
            concern=self.concern,
            mileage_km=None if self.mileage is None else to_km(self.mileage, unit),
            charge_percent=self.charge_percent,
            warning_lights=tuple(self.warning_lights),
        )


def fields_of(visit: Visit) -> dict[str, Any]:
    """What was said ahead, as a form shows it."""
    appointment = visit.appointment
    unit = visit.vehicle.odometer_unit if visit.vehicle else "km"
    mileage = "" if appointment.mileage_km is None else from_km(appointment.mileage_km, unit)
    charge = "" if appointment.charge_percent is None else appointment.charge_percent
    return {"mileage": mileage, "charge_percent": charge}


@get("/appointments/{appointment_id:uuid}/intake", opt=MINE)
async def ahead_page(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    return await _show(request, appointment_id)


async def _show(
    request: AnyRequest, appointment_id: UUID, wrong: Invalid | None = None, stale: Refused | None = None
) -> Response[Any]:
    """The form; after one that could not be accepted as it was typed, meant for the visit as it is now."""
    form = await request.form()
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        telling_ahead.must_be_to_come(visit, me)
        appointment = visit.appointment
        kept = {"concern": appointment.concern or appointment.notes, **fields_of(visit)}
        answer = page(
            request,
            me,
            "booking/ahead.html",
            status=stale.status if stale else 422 if wrong else 200,
            visit=visit,
            photos=await telling_ahead.photos_of(db, appointment),
            typed=values_of(form) if wrong else kept,
            lights=form.getall("warning_lights", []) if wrong else appointment.warning_lights,
            without=form.getall("without", []) if wrong else [],
            errors=(await lost_files(request, "photos") | wrong.errors) if wrong else {},
            shop_brand=await brand_of(db, visit.center.tenant_id),
        )
    answer.background = audit_refusal(request, stale)
    return answer


@post("/appointments/{appointment_id:uuid}/intake", opt=MINE)
async def tell(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(AheadForm, await request.form())
        sender, tenant = await _may_send(request, appointment_id, len(form.photos))
        kept = await receive_images(form.photos, by=sender, tenant=tenant)
        async with kept_or_gone(kept, by=sender, tenant=tenant), begin(request) as (db, me):
            visit = await appointments.find(db, me, appointment_id, for_update=True)
            await telling_ahead.tell_ahead(
                db, visit, form.said(visit), photos=kept, without=form.without, version=form.version, by=me
            )
            return see_other(request, f"/appointments/{appointment_id}", flash=_("The workshop knows."))
    except Invalid as wrong:
        return await _show(request, appointment_id, wrong)
    except Refused as no:
        if not no.is_stale:
            raise
        return await _show(request, appointment_id, Invalid({"form": no.words}), no)


async def _may_send(request: AnyRequest, appointment_id: UUID, count: int) -> tuple[Viewer, UUID]:
    """Who sends them and the shop whose photos they become, before anything is read. Raises NotFound, Refused, Invalid."""
    async with glance(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        telling_ahead.must_be_to_come(visit, me)
        if count > telling_ahead.MOST_PHOTOS:
            raise Invalid({"photos": _("Up to %(most)s photos, please.", most=telling_ahead.MOST_PHOTOS)})
        return me, visit.center.tenant_id


class PhotoOut(msgspec.Struct):
    id: UUID
    url: str
    """Good for some twenty minutes."""


class AheadOut(msgspec.Struct):
    concern: str
    mileage_km: int | None
    charge_percent: int | None
    warning_lights: list[str]
    told_at: datetime | None
    photos: list[PhotoOut]
    version: int


class AheadIn(Ahead, frozen=True, kw_only=True, forbid_unknown_fields=True):
    without: tuple[UUID, ...] = ()
    """Photos to take away again."""
    version: int | None = None


@get("/customers/appointments/{appointment_id:uuid}/intake", opt=needs("read:own_appointments"))
async def told(request: AnyRequest, appointment_id: FromPath[UUID]) -> AheadOut:
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        if visit.appointment.user_id != me.user_id:
            raise NotFound
        return await _out(db, visit)


@get("/staff/appointments/{appointment_id:uuid}/intake", opt=needs("read:all_appointments"))
async def told_to_desk(request: AnyRequest, appointment_id: FromPath[UUID]) -> AheadOut:
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        if (visit.center.tenant_id, visit.center.id) != (me.tenant_id, me.center_id):
            raise NotFound
        return await _out(db, visit)


@put("/customers/appointments/{appointment_id:uuid}/intake", opt=MINE)
async def say(request: AnyRequest, appointment_id: FromPath[UUID], data: JSONBody[AheadIn]) -> AheadOut:
    """How the car is, before it comes: in place of what was said before."""
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id, for_update=True)
        await telling_ahead.tell_ahead(db, visit, data, without=data.without, version=data.version, by=me)
        return await _out(db, visit)


@post(
    "/customers/appointments/{appointment_id:uuid}/intake/photos",
    opt=MINE,
    status_code=201,
)
async def send_photos(request: AnyRequest, appointment_id: FromPath[UUID]) -> AheadOut:
    """Multipart; the field `photos` may come several times."""
    sent = [one for one in (await request.form()).getall("photos", []) if isinstance(one, UploadFile)]
    sender, tenant = await _may_send(request, appointment_id, len(sent))
    if not sent:
        raise Invalid({"photos": _("Choose or take a photo first.")})
    kept = await receive_images(sent, by=sender, tenant=tenant)
    async with kept_or_gone(kept, by=sender, tenant=tenant), begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id, for_update=True)
        appointment = visit.appointment
        said = Ahead(
            concern=appointment.concern,
            mileage_km=appointment.mileage_km,
            charge_percent=appointment.charge_percent,
            warning_lights=tuple(appointment.warning_lights),
        )
        await telling_ahead.tell_ahead(db, visit, said, photos=kept, by=me)
        return await _out(db, visit)


async def _out(db: AsyncSession, visit: Visit) -> AheadOut:
    appointment = visit.appointment
    await db.flush()
    return AheadOut(
        concern=appointment.concern,
        mileage_km=appointment.mileage_km,
        charge_percent=appointment.charge_percent,
        warning_lights=appointment.warning_lights,
        told_at=appointment.told_at,
        photos=[
            PhotoOut(photo.id, file_url(file))
            for photo, file in await telling_ahead.photos_of(db, appointment)
        ],
        version=appointment.version,
    )


router = Router("/", route_handlers=[ahead_page, tell])
api = Router("/", route_handlers=[told, told_to_desk, say, send_photos], tags=["booking"])
