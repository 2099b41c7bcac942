"""A shop's customers as JSON."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit
from app.core.errors import Refused
from app.core.limits import limited
from app.core.visit import begin, needs
from app.domains.customers import bringing, records, searching
from app.domains.customers.models import Customer
from app.domains.customers.records import CustomerFacts
from app.domains.garage import Vehicle, VehicleFacts

AnyRequest = Request[Any, Any, Any]

LARGEST_PAGE = 100


class CustomerIn(CustomerFacts, kw_only=True, forbid_unknown_fields=True):
    """A customer to be written down or corrected."""

    confirmed: bool = False
    """Write down although somebody with the same address or phone is known."""

    def facts(self) -> CustomerFacts:
        """Only what is written down."""
        return CustomerFacts(**{name: getattr(self, name) for name in CustomerFacts.__struct_fields__})


class CarIn(VehicleFacts, kw_only=True, forbid_unknown_fields=True):
    """A car a customer brings."""

    sold: UUID | None = None
    """A car of that VIN that others brought, and that is this customer's now."""

    def facts(self) -> VehicleFacts:
        """Only what is written down."""
        return VehicleFacts(**{name: getattr(self, name) for name in VehicleFacts.__struct_fields__})


class CarOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    plate: str
    vin: str
    mileage_km: int | None


class CustomerOut(msgspec.Struct, kw_only=True):
    id: UUID
    number: str
    name: str
    email: str
    phone: str
    address: str
    notes: str
    tax_exempt: bool
    status: str
    has_account: bool
    vehicles: list[CarOut]


class CustomersOut(msgspec.Struct, kw_only=True):
    customers: list[CustomerOut]
    next_before: int | None
    """To be sent as `before` for the next page; null at the end."""


def _car(car: Vehicle) -> CarOut:
    return CarOut(id=car.id, name=car.name, plate=car.plate, vin=car.vin, mileage_km=car.mileage_km)


def _shown(customer: Customer, cars: list[Vehicle]) -> CustomerOut:
    return CustomerOut(
        id=customer.id,
        number=customer.shown_number,
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        address=customer.address,
        notes=customer.notes,
        tax_exempt=customer.tax_exempt,
        status=customer.status,
        has_account=customer.user_id is not None,
        vehicles=[_car(car) for car in cars],
    )


async def _with_cars(db: AsyncSession, customer: Customer) -> CustomerOut:
    return _shown(customer, await bringing.cars_of(db, customer))


@get("/customers", opt=needs("read:customers") | limited(searching.SEARCHES))
async def list_customers(
    request: AnyRequest,
    q: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
    limit: FromQuery[int] = searching.PAGE,
) -> CustomersOut:
    """Customers of one's shop, the newest first; `q` finds names, addresses, phones, plates and VINs."""
    most = max(1, min(limit, LARGEST_PAGE))
    async with begin(request) as (db, me):
        rows = await searching.search(db, me, q, before=before, most=most + 1)
        shown = [_shown(row.customer, row.cars) for row in rows[:most]]
        more = rows[most - 1].customer.number if len(rows) > most else None
        return CustomersOut(customers=shown, next_before=more)


@post("/customers", opt=needs("update:customers"), status_code=201)
async def create_customer(request: AnyRequest, data: CustomerIn) -> CustomerOut:
    """Write down a customer. 422 for a lookalike, unless `confirmed`."""
    async with begin(request) as (db, me):
        shop = records.shop_of(me)
        customer = await records.create(db, data.facts(), tenant_id=shop, by=me, confirmed=data.confirmed)
        return _shown(customer, [])


@get("/customers/{customer_id:uuid}", opt=needs("read:customers"))
async def show_customer(request: AnyRequest, customer_id: FromPath[UUID]) -> CustomerOut:
    """One customer with their cars."""
    async with begin(request) as (db, me):
        await audit.read(db, me, "customer", customer_id)
        return await _with_cars(db, await records.find(db, me, customer_id))


@put("/customers/{customer_id:uuid}", opt=needs("update:customers"))
async def change_customer(request: AnyRequest, customer_id: FromPath[UUID], data: CustomerIn) -> CustomerOut:
    """Correct a customer: all facts as they should be."""
    async with begin(request) as (db, me):
        customer = await records.find(db, me, customer_id)
        await records.change(db, customer, data.facts(), by=me)
        return await _with_cars(db, customer)


@post("/customers/{customer_id:uuid}/vehicles", opt=needs("update:customers"), status_code=201)
async def add_car(request: AnyRequest, customer_id: FromPath[UUID], data: CarIn) -> CarOut:
    """Write down a car a customer brings. One they bring already is used again; 409 with `known` for one that others
    bring, unless it is `sold`."""
    async with begin(request) as (db, me):
        customer = await records.find(db, me, customer_id)
        try:
            car = await bringing.add_car(db, customer, data.facts(), by=me, sold=data.sold)
        except bringing.KnownAsAnothers as known:
            raise Refused(
                known.errors["vin"], data={"known": {"vehicle_id": str(known.vehicle_id)}}
            ) from known
        return _car(car)


router = Router(
    "/",
    route_handlers=[list_customers, create_customer, show_customer, change_customer, add_car],
    tags=["customers"],
)
