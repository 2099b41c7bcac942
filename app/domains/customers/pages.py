"""The shop's customers at the counter: finding one, writing one down, one with their cars."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from app.core import audit
from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.limits import limited
from app.core.render import fragment, is_partial, page, see_other, to_km
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains import garage
from app.domains.customers import bringing, erasing, records, searching
from app.domains.customers.mailing import mailed_to
from app.domains.customers.records import CustomerFacts
from app.domains.garage import TypedFacts
from app.domains.network import premises

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]

READ = needs("read:customers")
WRITE = needs("update:customers")


class CustomerForm(CustomerFacts, kw_only=True):
    """The facts, and that a lookalike is somebody else."""

    confirmed: bool = False

    def facts(self) -> CustomerFacts:
        """Only what is written down."""
        return CustomerFacts(**{name: getattr(self, name) for name in CustomerFacts.__struct_fields__})


class CarForm(TypedFacts, kw_only=True):
    """A car at the counter."""

    vin_said: Annotated[str, msgspec.Meta(max_length=40)] = ""
    mileage: int | None = None
    sold: UUID | None = None
    """The car of that VIN as others brought it: it is this customer's now."""


@get("/customers", opt=READ | limited(searching.SEARCHES))
async def customers(
    request: AnyRequest, q: FromQuery[str] = "", before: FromQuery[int | None] = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        rows = await searching.search(db, me, q, before=before, most=searching.PAGE + 1)
        shown = rows[: searching.PAGE]
        more = shown[-1].customer.number if len(rows) > searching.PAGE else None
        show = fragment if is_partial(request) else page
        template = "customers/_list.html" if is_partial(request) else "customers/list.html"
        return show(request, me, template, rows=shown, q=q, more=more, before=before)


@get("/customers/new", opt=WRITE)
async def new_customer(request: AnyRequest) -> Response[Any]:
    return await _new(request, {})


async def _new(request: AnyRequest, values: Values, errors: dict[str, str] | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        facts = CustomerFacts(name="", email=str(values.get("email", "")), phone=str(values.get("phone", "")))
        alike = (
            await records.lookalikes(db, facts, tenant_id=records.shop_of(me))
            if errors and "confirmed" in errors
            else []
        )
        status = 422 if errors else 200
        return page(
            request, me, "customers/new.html", status=status, values=values, errors=errors or {}, alike=alike
        )


@post("/customers", opt=WRITE)
async def create_customer(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CustomerForm, form)
        async with begin(request) as (db, me):
            customer = await records.create(
                db, given.facts(), tenant_id=records.shop_of(me), by=me, confirmed=given.confirmed
            )
            return see_other(request, f"/customers/{customer.number}", flash=_("Written down."))
    except Invalid as wrong:
        return await _new(request, values_of(form), wrong.errors)


@get("/customers/{number:int}", opt=READ)
async def customer_page(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    return await _customer(request, number)


async def _customer(
    request: AnyRequest, number: int, errors: dict[str, str] | None = None, typed: str = ""
) -> Response[Any]:
    async with begin(request) as (db, me):
        customer = await records.find_by_number(db, me, number)
        await audit.read(db, me, "customer", customer.id)
        return page(
            request, me, "customers/customer.html", status=422 if errors else 200, errors=errors or {},
            customer=customer, cars=await bringing.cars_of(db, customer), typed=typed,
            mailed_to=await mailed_to(db, customer),
            waits_for=await erasing.unsettled(db, customer) if me.can("manage:center") else [],
        )  # fmt: skip


class ErasureForm(msgspec.Struct):
    confirmation: Annotated[str, msgspec.Meta(max_length=40)] = ""


@post("/customers/{number:int}/erasure", opt=needs("manage:center"), status_code=303)
async def erase_customer(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(ErasureForm, form)
        async with begin(request) as (db, me):
            customer = await records.find_by_number(db, me, number)
            needs_fresh_proof(me)
            is_done = await erasing.ask(db, customer, given.confirmation, by=me)
            flash = _("Erased.") if is_done else _("Is erased as soon as everything is settled.")
            return see_other(request, f"/customers/{number}", flash=flash)
    except Invalid as wrong:
        return await _customer(request, number, wrong.errors, str(form.get("confirmation", "")))


@get("/customers/{number:int}/edit", opt=WRITE)
async def edit_page(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    return await _edit(request, number)


async def _edit(
    request: AnyRequest, number: int, values: Values | None = None, errors: dict[str, str] | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        customer = await records.find_by_number(db, me, number)
        known = {name: getattr(customer, name) for name in CustomerFacts.__struct_fields__}
        return page(
            request, me, "customers/edit.html",
            status=422 if errors else 200,
            customer=customer, values=values or known, errors=errors or {},
        )  # fmt: skip


@post("/customers/{number:int}", opt=WRITE)
async def change_customer(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CustomerForm, form)
        async with begin(request) as (db, me):
            customer = await records.find_by_number(db, me, number)
            await records.change(db, customer, given.facts(), by=me)
            return see_other(request, f"/customers/{number}", flash=_("Saved."))
    except Invalid as wrong:
        return await _edit(request, number, values_of(form), wrong.errors)


@get("/customers/{number:int}/cars/new", opt=WRITE)
async def new_car(request: AnyRequest, number: FromPath[int], vin: FromQuery[str] = "") -> Response[Any]:
    return await _new_car(request, number, {"vin": vin})


async def _new_car(
    request: AnyRequest, number: int, values: Values, wrong: Invalid | None = None
) -> Response[Any]:
    typed, said = (str(values.get(name, "")).strip() for name in ("vin", "vin_said"))
    asks = wrong is not None and "vin_said" in wrong.errors
    found = await garage.look_up(typed) if typed and not asks else None
    async with begin(request) as (db, me):
        customer = await records.find_by_number(db, me, number)
        here = await premises.clock_center(db, me)
        unit = here.distance_unit if here else me.distance_unit
        filled = {"odometer_unit": unit, **garage.as_form(found), **values}
        return page(
            request, me, "customers/new_car.html",
            status=422 if wrong else 200,
            customer=customer,
            values=filled | ({"vin": found.vin} if found and not said else {}),
            errors=wrong.errors if wrong else {},
            anothers=wrong if isinstance(wrong, bringing.KnownAsAnothers) else None,
            found=found,
            warning=garage.warning(found.decoded) if found and not said else "",
            is_doubtful=asks or (not said and await garage.is_doubtful(found)),
            makes=garage.MAKES,
            models=garage.models_of(str(filled.get("make", ""))),
        )  # fmt: skip


@post("/customers/{number:int}/cars", opt=WRITE)
async def add_car(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CarForm, form)
        given.vin = await garage.settled_vin(given.vin, given.vin_said)
        async with begin(request) as (db, me):
            customer = await records.find_by_number(db, me, number)
            car = await bringing.add_car(db, customer, given.facts(), by=me, sold=given.sold)
            if given.mileage is not None:
                km = to_km(given.mileage, given.odometer_unit)
                await garage.read_odometer(db, car, km, source="shop", by=me, confirmed=True)
            return see_other(request, f"/customers/{number}", flash=_("The car is written down."))
    except Invalid as wrong:
        return await _new_car(request, number, values_of(form), wrong)


router = Router(
    "/",
    route_handlers=[
        customers, new_customer, create_customer, customer_page, erase_customer, edit_page, change_customer, new_car, add_car,
    ],
)  # fmt: skip
