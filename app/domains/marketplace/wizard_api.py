"""Parts orders as JSON: written in one call or piece by piece, asked, looked at, called off. Only the buyer reads them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.core.files import file_url
from app.core.locating import Place, find_places, place_at
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage, workshop
from app.domains.marketplace import asking, drafting, orders
from app.domains.marketplace.drafting import PartWanted, Recipient, Terms
from app.domains.marketplace.models import PartsOrder

AnyRequest = Request[Any, Any, Any]

BUYS = needs("order:parts", "parts_market")

Short = Annotated[str, Meta(max_length=60)]


class CarIn(msgspec.Struct, forbid_unknown_fields=True):
    """A car the buyer knows here (`id`), or one by its VIN or its facts; a VIN alone is enough when it decodes."""

    id: UUID | None = None
    vin: Annotated[str, Meta(max_length=40)] = ""
    make: Short = ""
    model: Short = ""
    year: int | None = None
    engine: Short = ""
    fuel: Literal["", "gasoline", "diesel", "hybrid", "plug_in_hybrid", "electric", "other"] = ""


class DeliveryIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A point, or the words for a town that is the only one called so. The rest no shop reads before it has sold."""

    place: Annotated[str, Meta(max_length=200)] = ""
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    name: Annotated[str, Meta(max_length=120)]
    address: Annotated[str, Meta(max_length=300)]
    phone: Annotated[str, Meta(max_length=40)] = ""
    note: Annotated[str, Meta(max_length=300)] = ""


class PartIn(msgspec.Struct, forbid_unknown_fields=True):
    """`id` of the part it changes, when a draft is written anew."""

    id: UUID | None = None
    name: Annotated[str, Meta(max_length=120)] = ""
    part_number: Annotated[str, Meta(max_length=60)] = ""
    quantity: Decimal = Decimal(1)
    note: Annotated[str, Meta(max_length=500)] = ""
    oem_only: bool = False


class OrderIn(Terms, forbid_unknown_fields=True, kw_only=True):
    """What is left out stays as it is. `submitted` asks the shops at once, `draft` keeps it for later."""

    status: Literal["draft", "submitted"] = "draft"
    job_id: UUID | None = None
    vehicle: CarIn | None = None
    delivery: DeliveryIn | None = None
    parts: Annotated[list[PartIn], Meta(max_length=asking.MOST_LINES)] | None = None
    anyway: bool = False
    """Ask also for parts of a job that another request for it names already."""


class OrderChangeIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Of a draft. What is left out stays as it is."""

    status: Literal["draft", "submitted"] = "draft"
    vehicle: CarIn | None = None
    delivery: DeliveryIn | None = None
    parts: Annotated[list[PartIn], Meta(max_length=asking.MOST_LINES)] | None = None
    anyway: bool = False
    """Ask also for parts of a job that another request for it names already."""
    terms: Terms | None = None
    version: int | None = None


class ReasonIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=300)] = ""


class PartOut(msgspec.Struct):
    id: UUID
    name: str
    part_number: str
    quantity: Decimal
    note: str
    oem_only: bool
    given_up: bool
    is_bought: bool
    photos: list[str]
    """Addresses, good for some twenty minutes."""


class DeliveryOut(msgspec.Struct):
    place: str
    latitude: float | None
    longitude: float | None
    country: str
    zone: str
    name: str
    phone: str
    address: str
    note: str


class OrderSaid(msgspec.Struct, kw_only=True):
    """An order in short."""

    id: UUID
    code: str
    status: str
    vehicle: dict[str, Any]
    place: str
    currency: str
    needed_by: date | None
    priority: str
    bidding: str
    asked_count: int
    offer_count: int
    best_total_minor: int | None
    submitted_at: datetime | None
    expires_at: datetime | None
    job_id: UUID | None
    version: int


class OrderOut(OrderSaid, kw_only=True):
    step: str
    """Where a draft goes on."""
    note: str
    radius_km: int
    first_offer_at: datetime | None
    decided_at: datetime | None
    delivery: DeliveryOut | None
    parts: list[PartOut]


@post("/auto-parts-orders", opt=BUYS, status_code=201)
async def create(request: AnyRequest, data: JSONBody[OrderIn]) -> OrderOut:
    """A whole order in one call, or the beginning of one."""
    place = await _place(data.delivery)
    async with begin(request) as (db, me):
        if data.job_id:
            drafting.must_ask(me)
            job, visit = await workshop.find_job(db, me, data.job_id)
            if not me.is_staff:
                raise NotFound
            order = await drafting.begin_for_job(db, job, visit, by=me)
        else:
            order = await drafting.begin(db, by=me)
        await _write(db, order, data, place, me)
        await drafting.set_terms(db, order, data)
        return await _finish(db, order, data, me)


@get("/auto-parts-orders/user/{user_id:uuid}", opt=BUYS)
async def of_user(request: AnyRequest, user_id: FromPath[UUID]) -> list[OrderSaid]:
    """One's own; of whoever works in a workshop just now, those of the workshop."""
    async with begin(request) as (db, me):
        if user_id != me.user_id:
            raise NotFound
        drafting.must_ask(me)
        return [_said(one) for one in await orders.mine(db, me)]


@get("/auto-parts-orders/{order_id:str}", opt=BUYS)
async def one_order(request: AnyRequest, order_id: FromPath[str]) -> OrderOut:
    """By its id or its code."""
    async with begin(request) as (db, me):
        return await _out(db, await _own(db, me, order_id))


@put("/auto-parts-orders/{order_id:str}", opt=BUYS)
async def change(request: AnyRequest, order_id: FromPath[str], data: JSONBody[OrderChangeIn]) -> OrderOut:
    """Write a draft on, and ask the shops when it is complete. 409 once they have it."""
    place = await _place(data.delivery)
    async with begin(request) as (db, me):
        order = await drafting.hold_draft(db, await _own(db, me, order_id), data.version)
        await _write(db, order, data, place, me)
        if data.terms:
            await drafting.set_terms(db, order, data.terms)
        return await _finish(db, order, data, me)


@post("/auto-parts-orders/{order_id:str}/cancel", opt=BUYS, status_code=200)
async def cancel(request: AnyRequest, order_id: FromPath[str], data: JSONBody[ReasonIn]) -> OrderOut:
    """Call it off before anything is accepted: the shops are told."""
    async with begin(request) as (db, me):
        order = await _own(db, me, order_id)
        await asking.cancel(db, order, reason=data.reason, by=me)
        return await _out(db, order)


@post("/auto-parts-orders/{order_id:str}/extend", opt=BUYS, status_code=200)
async def extend(request: AnyRequest, order_id: FromPath[str]) -> OrderOut:
    """Give the shops more time."""
    async with begin(request) as (db, me):
        order = await _own(db, me, order_id)
        if order.status == "expired":
            await asking.ask_again(db, order, by=me)
        else:
            await asking.extend(db, order, by=me)
        return await _out(db, order)


@post("/auto-parts-orders/{order_id:str}/do-without", opt=BUYS, status_code=200)
async def do_without(request: AnyRequest, order_id: FromPath[str]) -> OrderOut:
    """Look no further for the parts that nobody brings; what is bought stays bought. 409 when there are none."""
    async with begin(request) as (db, me):
        order = await _own(db, me, order_id)
        await asking.do_without(db, order, by=me)
        return await _out(db, order)


@post("/auto-parts-orders/{order_id:str}/widen", opt=BUYS, status_code=200)
async def widen(request: AnyRequest, order_id: FromPath[str]) -> OrderOut:
    """Ask shops further away."""
    async with begin(request) as (db, me):
        order = await _own(db, me, order_id)
        await asking.widen(db, order, by=me)
        return await _out(db, order)


async def _own(db: AsyncSession, me: Viewer, ref: str) -> PartsOrder:
    drafting.must_ask(me)
    return await orders.find(db, me, ref)


async def _place(said: DeliveryIn | None) -> Place | None:
    """Outside of a transaction: a geocoder may be asked. Raises Invalid."""
    if said is None:
        return None
    if said.latitude is not None and said.longitude is not None:
        return place_at(said.latitude, said.longitude)
    found = await find_places(said.place, thorough=True) if said.place.strip() else []
    if len(found) != 1:
        words = (
            _("Several places are called so. Please send latitude and longitude.")
            if found
            else _("Please send latitude and longitude, or a town.")
        )
        raise Invalid({"delivery.place": words})
    return found[0]


async def _write(
    db: AsyncSession, order: PartsOrder, data: OrderIn | OrderChangeIn, place: Place | None, me: Viewer
) -> None:
    if data.vehicle:
        await _set_car(db, order, data.vehicle, me)
    if data.delivery and place:
        said = {name: getattr(data.delivery, name) for name in Recipient.__struct_fields__}
        with _named("delivery."):
            await drafting.set_delivery(db, order, place, Recipient(**said))
    if data.parts is not None:
        wanted = [
            PartWanted(
                line_id=one.id, name=one.name, part_number=one.part_number, quantity=one.quantity, note=one.note,
                oem_only=one.oem_only,
            )
            for one in data.parts
        ]  # fmt: skip
        with _named("parts."):
            await drafting.set_parts(db, order, wanted, by=me)


async def _set_car(db: AsyncSession, order: PartsOrder, car: CarIn, me: Viewer) -> None:
    if car.id:
        await drafting.set_vehicle(db, order, await garage.find(db, me, car.id))
        return
    facts = garage.VehicleFacts(
        vin=car.vin, make=car.make, model=car.model, year=car.year, engine=car.engine, fuel=car.fuel
    )
    with _named("vehicle."):
        await drafting.set_car(db, order, facts)


class _named:
    """Errors by where the field stands in the JSON: "name-2" of the parts is "parts.2.name"."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Invalid):
            raise Invalid({self._path(field): words for field, words in error.errors.items()}) from error

    def _path(self, field: str) -> str:
        name, _dash, number = field.partition("-")
        path = f"{number}.{name}" if number else field
        return self.prefix.rstrip(".") if field == "parts" else self.prefix + path


async def _finish(db: AsyncSession, order: PartsOrder, data: OrderIn | OrderChangeIn, me: Viewer) -> OrderOut:
    if data.status == "submitted":
        order = await drafting.submit(db, order, by=me, anyway=data.anyway)
    else:
        order.step = await drafting.undone_step(db, order)
    await db.flush()
    return await _out(db, order)


def _said(order: PartsOrder) -> OrderSaid:
    names = [name for name in OrderSaid.__struct_fields__ if name != "vehicle"]
    return OrderSaid(vehicle=order.car, **{name: getattr(order, name) for name in names})


async def _out(db: AsyncSession, order: PartsOrder) -> OrderOut:
    await db.refresh(order)
    to = await orders.delivery_of(db, order.id)
    photos = await drafting.photos_of(db, order.id)
    names = [name for name in OrderOut.__struct_fields__ if name not in ("vehicle", "delivery", "parts")]
    where = [name for name in DeliveryOut.__struct_fields__ if name not in Recipient.__struct_fields__]
    return OrderOut(
        vehicle=order.car,
        **{name: getattr(order, name) for name in names},
        delivery=DeliveryOut(
            **{name: getattr(order, name) for name in where},
            **{name: getattr(to, name) for name in Recipient.__struct_fields__},
        )
        if to
        else None,
        parts=[
            PartOut(
                line.id, line.name, line.part_number, line.quantity, line.note, line.oem_only, line.given_up, line.is_bought,
                [file_url(file) for _photo, file in photos.get(line.id, ())],
            )
            for line in await orders.lines_of(db, order.id)
        ],
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[create, of_user, one_order, change, cancel, extend, do_without, widen],
    tags=["parts"],
)
