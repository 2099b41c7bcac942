"""At the counter or on the phone: who, which car; then check it in, book a visit, or price work without one."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from app.core.errors import Invalid
from app.core.files import kept_or_gone, receive_images
from app.core.forms import read, values_of
from app.core.render import fragment, lost_files, page, see_other
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import customers, garage
from app.domains.services import FUELS
from app.domains.workshop import arriving, board, orders
from app.domains.workshop.pages.mending import mending

AnyRequest = Request[Any, Any, Any]
COUNTER = needs("manage:appointments")

Then = Literal["check_in", "visit", "price"]
ONWARD: dict[Then, str] = {
    "check_in": "/orders/new",
    "visit": "/appointments/new/services",
    "price": "/estimates/new",
}
"""Where one goes on when customer and car are known."""

Line = Annotated[str, msgspec.Meta(max_length=120)]


class CarForm(msgspec.Struct, kw_only=True):
    """A car as far as it is known at the counter: a VIN is enough, or make and model."""

    vin: Annotated[str, msgspec.Meta(max_length=40)] = ""
    vin_said: Annotated[str, msgspec.Meta(max_length=40)] = ""
    plate: Annotated[str, msgspec.Meta(max_length=20)] = ""
    make: Line = ""
    model: Line = ""
    year: Annotated[int, msgspec.Meta(ge=1886, le=2100)] | None = None
    sold: UUID | None = None
    """The car of that VIN as others brought it: it is this customer's now."""

    async def facts(self, unit: str) -> garage.VehicleFacts:
        """What is typed wins; the VIN fills in the rest. Raises Invalid for a VIN that is to be looked at again."""
        vin = await garage.settled_vin(self.vin, self.vin_said)
        found = await garage.look_up(vin) if vin else None
        known = found.decoded if found else None
        return garage.VehicleFacts(
            vin=vin,
            make=self.make or (known and known.make) or "",
            model=self.model or (known and known.model) or "",
            year=self.year or (known.year if known else None),
            fuel=_fuel(known.fuel if known else None),
            plate=self.plate,
            odometer_unit="mi" if unit == "mi" else "km",
        )


def _fuel(said: str | None) -> Any:
    return said if said in FUELS else ""


class PersonForm(CarForm, kw_only=True):
    name: Annotated[str, msgspec.Meta(max_length=120)]
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    confirmed: bool = False
    then: Then = "check_in"

    def must_be_reachable(self) -> None:
        """Who books on the phone can be called back when the time must change. Raises Invalid."""
        if self.then == "visit" and not self.phone and not self.email:
            raise Invalid({"phone": _("Ask for the number to call back on, or for an email.")})


class NewCarForm(CarForm, kw_only=True):
    customer: UUID
    then: Then = "check_in"


class ArrivalForm(arriving.IntakeForm, kw_only=True):
    customer: UUID
    vehicle: UUID
    technician: UUID | None = None
    bay: UUID | None = None
    estimate: int | None = None
    """The number of the price asked before that is now carried out."""


@get("/orders/new", opt=COUNTER)
async def check_in_page(
    request: AnyRequest,
    q: FromQuery[str] = "",
    customer: FromQuery[UUID | None] = None,
    vehicle: FromQuery[UUID | None] = None,
    then: FromQuery[Then] = "check_in",
) -> Response[Any]:
    if customer and vehicle and then != "check_in":
        return see_other(request, f"{ONWARD[then]}?customer={customer}&vehicle={vehicle}")
    return await _show(request, q=q, customer=customer, vehicle=vehicle, then=then)


@get("/orders/new/arrival", opt=COUNTER)
async def arrival(request: AnyRequest, customer: FromQuery[UUID], vehicle: FromQuery[UUID]) -> Response[Any]:
    """The button beside a car on pages of lower domains: check it in, or go to the order it is here with."""
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle)
        return fragment(
            request, me, "workshop/_arrival.html", customer=customer, vehicle=car.id,
            inside=await orders.open_visit(db, car.id, me.tenant_id),
        )  # fmt: skip


async def _show(
    request: AnyRequest,
    *,
    q: str = "",
    customer: UUID | None = None,
    vehicle: UUID | None = None,
    then: Then = "check_in",
    wrong: Invalid | None = None,
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        person = await customers.find(db, me, customer) if customer else None
        car = await garage.find(db, me, vehicle) if vehicle else None
        return page(
            request,
            me,
            "workshop/check_in.html",
            status=422 if wrong else 200,
            errors=(await lost_files(request, "photos") | wrong.errors) if wrong else {},
            typed=typed,
            anothers=wrong if isinstance(wrong, customers.KnownAsAnothers) else None,
            lights=(await request.form()).getall("warning_lights", []) if wrong else [],
            q=q,
            then=then,
            onward=ONWARD[then],
            customer=person,
            vehicle=car,
            rows=await customers.search(db, me, q[:80]) if q.strip() and not person else [],
            cars=await customers.cars_of(db, person) if person else [],
            prices=await orders.prices_asked(db, me, car.id) if car else [],
            inside=await orders.open_visit(db, car.id, me.tenant_id) if car else None,
            center=await board.center(db, me),
            bays=await board.bays(db, me),
            technicians=await board.technicians(db, me),
        )


async def _again(request: AnyRequest, wrong: Invalid) -> Response[Any]:
    form = await request.form()
    ids = {name: _uuid(form.get(name)) for name in ("customer", "vehicle")}
    said = str(form.get("then", ""))
    then: Then = said if said in ONWARD else "check_in"
    return await _show(request, q=str(form.get("q", "")), wrong=wrong, then=then, **ids)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


@post("/orders/new/customer", opt=COUNTER, status_code=303)
@mending(_again)
async def new_customer(request: AnyRequest) -> Response[Any]:
    form = read(PersonForm, await request.form())
    form.must_be_reachable()
    async with begin(request) as (db, me):
        center = await board.center(db, me)
        facts = customers.CustomerFacts(name=form.name, phone=form.phone, email=form.email)
        person = await customers.create(
            db, facts, tenant_id=center.tenant_id, by=me, confirmed=form.confirmed
        )
        car = await customers.add_car(
            db, person, await form.facts(center.distance_unit), by=me, sold=form.sold
        )
        return see_other(request, f"{ONWARD[form.then]}?customer={person.id}&vehicle={car.id}")


@post("/orders/new/car", opt=COUNTER, status_code=303)
@mending(_again)
async def new_car(request: AnyRequest) -> Response[Any]:
    form = read(NewCarForm, await request.form())
    async with begin(request) as (db, me):
        center = await board.center(db, me)
        person = await customers.find(db, me, form.customer)
        car = await customers.add_car(
            db, person, await form.facts(center.distance_unit), by=me, sold=form.sold
        )
        return see_other(request, f"{ONWARD[form.then]}?customer={person.id}&vehicle={car.id}")


@post("/orders", opt=COUNTER, status_code=303)
@mending(_again)
async def arrive(request: AnyRequest) -> Response[Any]:
    form = read(ArrivalForm, await request.form())
    async with glance(request) as (db, me):
        await garage.find(db, me, form.vehicle)
    kept = await receive_images(form.photos, by=me, tenant=me.tenant_id)
    async with kept_or_gone(kept, by=me, tenant=me.tenant_id), begin(request) as (db, me):
        order = await arriving.check_in(
            db,
            form,
            center=await board.center(db, me),
            customer=await customers.find(db, me, form.customer),
            vehicle=await garage.find_served(db, me, form.vehicle),
            photos=kept,
            technician_id=form.technician,
            bay_id=form.bay,
            priced=await orders.find(db, me, form.estimate) if form.estimate else None,
            by=me,
        )
        return see_other(request, f"/orders/{order.number}")


HANDLERS = [check_in_page, arrival, new_customer, new_car, arrive]
