"""The owner's set-up of a shop: its centers with address, clock, money and rules, their hours and bays."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import minor_of, read, values_of
from app.core.money import to_major
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from app.domains.network.opening import read_hours, read_week, stored
from app.domains.network.premises import BayFacts, CenterFacts
from app.domains.network.said import hours_saved
from app.domains.network.setting_values import rules_of

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")
ON_HOURS = {"page": "/settings/centers/{center_id}/hours"}
ON_PAGE = {"tax_rate": "tax_percent"}
"""A field's name there, where it is another."""
Line = Annotated[str, Meta(max_length=200)]


class CenterForm(msgspec.Struct, kw_only=True):
    """The center as its form says it: the tax in percent, the hourly rate in whole money."""

    name: Annotated[str, Meta(max_length=120)]
    address: Line = ""
    city: Line = ""
    country: Annotated[str, Meta(max_length=2)] = "US"
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Line = ""
    zone: str
    currency: Annotated[str, Meta(max_length=3)]
    distance_unit: str = "km"
    tax_name: Annotated[str, Meta(max_length=40)] = ""
    tax_percent: Decimal = Decimal(0)
    labor_rate: Decimal = Decimal(0)
    slot_minutes: int = 30
    notice_minutes: Annotated[int, Meta(ge=0, le=20160)] = 60
    horizon_days: Annotated[int, Meta(ge=1, le=365)] = 60
    cancel_hours: Annotated[int, Meta(ge=0, le=720)] = 24
    confirm_by_hand: bool = False
    invoice_series: Annotated[str, Meta(max_length=8)] = ""
    is_active: bool = False

    def facts(self, hours: dict[str, Any]) -> CenterFacts:
        if self.currency not in premises.currencies():
            raise Invalid({"currency": _("There is no currency of that code.")})
        if not 0 <= self.labor_rate < 100_000:
            raise Invalid({"labor_rate": _("This number is out of range.")})
        if len(self.country) != 2 or not self.country.isalpha():
            raise Invalid({"country": _("Two letters, like US or DE.")})
        series = self.invoice_series.upper()
        if series and not (series.isascii() and series.isalnum()):
            raise Invalid({"invoice_series": _("Letters and digits only.")})
        return CenterFacts(
            name=self.name, address=self.address, city=self.city, country=self.country.upper(),
            phone=self.phone, email=self.email, zone=self.zone, currency=self.currency,
            distance_unit=self.distance_unit, tax_name=self.tax_name, tax_rate=self.tax_percent / 100,
            labor_rate_minor=minor_of(self.labor_rate, self.currency, "labor_rate"), working_hours=hours,
            slot_minutes=self.slot_minutes, notice_minutes=self.notice_minutes,
            horizon_days=self.horizon_days, cancel_hours=self.cancel_hours,
            confirm_by_hand=self.confirm_by_hand, invoice_series=series, is_active=self.is_active,
        )  # fmt: skip


class ExceptionForm(msgspec.Struct):
    day: date
    hours: Line = ""
    note: Line = ""


class BayForm(msgspec.Struct):
    name: Annotated[str, Meta(max_length=60)]
    capabilities: list[str] = []
    buffer_before_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    buffer_after_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    position: Annotated[int, Meta(ge=0, le=999)] = 0
    is_active: bool = False


@get("/settings/centers", opt=SETS_UP)
async def centers_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(request, me, "network/centers.html", centers=await premises.centers_of(db, me))


@get("/settings/centers/new", opt=SETS_UP)
async def new_page(request: AnyRequest) -> Response[Any]:
    return await _show(request)


@get("/settings/centers/{center_id:uuid}", opt=SETS_UP)
async def center_page(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    return await _show(request, center_id)


async def _show(
    request: AnyRequest, center_id: UUID | None = None, wrong: Invalid | None = None
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else None
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id) if center_id else None
        return page(
            request, me, "network/center.html", status=422 if wrong else 200, center=center,
            values=typed if typed is not None else await _values(db, me, center),
            steps=premises.SLOT_STEPS,
            errors={ON_PAGE.get(name, name): words for name, words in wrong.errors.items()} if wrong else {},
            public_page=_public_page(center, me),
        )  # fmt: skip


def _public_page(center: ServiceCenter | None, me: Viewer) -> str:
    if center is None or not center.is_active:
        return ""
    return f"/parts-shops/{center.slug}" if me.can("sell:parts") else f"/shops/{center.slug}"


async def _values(db: AsyncSession, me: Viewer, center: ServiceCenter | None) -> dict[str, Any]:
    if center is None:
        rules = await rules_of(db, premises.business_of(me))
        return {"zone": "America/New_York", "currency": rules["formats.currency"], "country": "US",
                "distance_unit": rules["formats.distance_unit"], "slot_minutes": 30,
                "notice_minutes": 60, "horizon_days": 60, "cancel_hours": 24, "is_active": "on"}  # fmt: skip
    values = {name: getattr(center, name) for name in CenterForm.__struct_fields__ if hasattr(center, name)}
    percent = (center.tax_rate * 100).normalize()
    return values | {
        "tax_percent": f"{percent:f}",
        "labor_rate": str(to_major(center.labor_rate_minor, center.currency)),
    }


@post("/settings/centers", opt=SETS_UP, status_code=303)
async def open_center(request: AnyRequest) -> Response[Any]:
    try:
        form = read(CenterForm, await request.form())
        async with begin(request) as (db, me):
            center = await premises.open_center(db, form.facts({}), by=me)
            return see_other(
                request, f"/settings/centers/{center.id}/hours", flash=_("Now its opening hours.")
            )
    except Invalid as wrong:
        return await _show(request, None, wrong)


@post("/settings/centers/{center_id:uuid}", opt=SETS_UP, status_code=303)
async def change_center(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    try:
        typed = await request.form()
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            # A parts shop's form asks for nothing about bookings and tax: what is there stays.
            stays = await _values(db, me, center) if me.can("sell:parts") else {}
            form = read(
                CenterForm, {name: _as_sent(value) for name, value in stays.items()} | values_of(typed)
            )
            await premises.change_center(db, center, form.facts(center.working_hours), by=me)
            return see_other(request, f"/settings/centers/{center_id}", flash=_("Saved."))
    except Invalid as wrong:
        return await _show(request, center_id, wrong)


@get("/settings/centers/{center_id:uuid}/hours", opt=SETS_UP)
async def hours_page(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    return await _hours(request, center_id)


async def _hours(request: AnyRequest, center_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        return page(
            request, me, "network/hours.html", status=422 if wrong else 200, center=center, typed=typed,
            exceptions=await premises.exceptions_of(db, center), errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post("/settings/centers/{center_id:uuid}/hours", opt=SETS_UP, status_code=303)
async def set_hours(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    try:
        week = read_week(values_of(await request.form()))
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            await premises.set_hours(db, center, week, by=me)
            return see_other(request, f"/settings/centers/{center_id}/hours", flash=hours_saved(week))
    except Invalid as wrong:
        return await _hours(request, center_id, wrong)


@post("/settings/centers/{center_id:uuid}/exceptions", opt=SETS_UP | ON_HOURS, status_code=303)
async def set_exception(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(ExceptionForm, await request.form())
        intervals = _hours_of(form.hours)
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            await premises.set_exception(db, center, form.day, intervals, by=me, note=form.note)
            return see_other(request, f"/settings/centers/{center_id}/hours", flash=_("Saved."))
    except Invalid as wrong:
        return await _hours(request, center_id, wrong)


def _as_sent(value: Any) -> str:
    return ("yes" if value else "") if isinstance(value, bool) else str(value)


def _hours_of(words: str) -> list[list[str]]:
    try:
        return stored(read_hours(words))
    except ValueError as error:
        raise Invalid({"hours": str(error)}) from error


@post(
    "/settings/centers/{center_id:uuid}/exceptions/{day:date}/removal",
    opt=SETS_UP | ON_HOURS,
    status_code=303,
)
async def drop_exception(
    request: AnyRequest, center_id: FromPath[UUID], day: FromPath[date]
) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        await premises.drop_exception(db, center, day, by=me)
        return see_other(request, f"/settings/centers/{center_id}/hours", flash=_("Back to the usual hours."))


@get("/settings/centers/{center_id:uuid}/bays", opt=SETS_UP)
async def bays_page(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    return await _bays(request, center_id)


async def _bays(request: AnyRequest, center_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        return page(
            request, me, "network/bays.html", status=422 if wrong else 200, center=center,
            bays=await premises.bays_of(db, center), capabilities=premises.CAPABILITIES,
            errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post("/settings/centers/{center_id:uuid}/bays", opt=SETS_UP, status_code=303)
async def add_bay(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    return await _write_bay(request, center_id, None)


@post("/settings/centers/{center_id:uuid}/bays/{bay_id:uuid}", opt=SETS_UP, status_code=303)
async def change_bay(request: AnyRequest, center_id: FromPath[UUID], bay_id: FromPath[UUID]) -> Response[Any]:
    return await _write_bay(request, center_id, bay_id)


async def _write_bay(request: AnyRequest, center_id: UUID, bay_id: UUID | None) -> Response[Any]:
    try:
        facts = BayFacts(**msgspec.structs.asdict(read(BayForm, await request.form())))
        async with begin(request) as (db, me):
            await _put_bay(db, me, center_id, bay_id, facts)
            return see_other(request, f"/settings/centers/{center_id}/bays", flash=_("Saved."))
    except Invalid as wrong:
        return await _bays(request, center_id, wrong)


async def _put_bay(
    db: AsyncSession, me: Viewer, center_id: UUID, bay_id: UUID | None, facts: BayFacts
) -> None:
    center = await premises.find_center(db, me, center_id)
    if bay_id is None:
        await premises.add_bay(db, center, facts, by=me)
    else:
        await premises.change_bay(db, await premises.find_bay(db, center, bay_id), facts, by=me)


router = Router(
    "/",
    route_handlers=[
        centers_page, new_page, center_page, open_center, change_center, hours_page, set_hours,
        set_exception, drop_exception, bays_page, add_bay, change_bay,
    ],
)  # fmt: skip
