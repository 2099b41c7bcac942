"""A shop's own record of a person."""

import re
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id, take_turn
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.phones import digits, is_phone
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.customers.events import CustomerChanged, CustomerCreated
from app.domains.customers.models import Customer
from app.domains.network.setting_values import rules_of

FIRST_NUMBER = 1001

Line = Annotated[str, msgspec.Meta(max_length=200)]


class CustomerFacts(msgspec.Struct, kw_only=True):
    """What a shop writes down of a person. A name is enough."""

    name: Line
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    address: Annotated[str, msgspec.Meta(max_length=500)] = ""
    notes: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    tax_exempt: bool = False


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """The customers of the shop the viewer works for."""
    return Customer.tenant_id == me.tenant_id


def shop_of(me: Viewer) -> UUID:
    """The shop the viewer works for. Raises NotFound where there is none."""
    if me.tenant_id is None:
        raise NotFound
    return me.tenant_id


async def find(db: AsyncSession, me: Viewer, customer_id: UUID) -> Customer:
    """A customer of the viewer's shop. Raises NotFound."""
    customer = await db.scalar(select(Customer).where(Customer.id == customer_id, visible_to(me)))
    if customer is None:
        raise NotFound
    return customer


async def find_by_number(db: AsyncSession, me: Viewer, number: int) -> Customer:
    """A customer of the viewer's shop by the shop's own number. Raises NotFound."""
    customer = await db.scalar(select(Customer).where(Customer.number == number, visible_to(me)))
    if customer is None:
        raise NotFound
    return customer


def accepted(facts: CustomerFacts) -> CustomerFacts:
    """The facts as they are stored. Raises Invalid, by field."""
    tidy = msgspec.structs.replace(
        facts,
        name=" ".join(facts.name.split()),
        email=facts.email.strip(),
        phone=" ".join(facts.phone.split()),
        address=facts.address.strip(),
        notes=facts.notes.strip(),
    )
    errors: dict[str, str] = {}
    if not tidy.name:
        errors["name"] = _("Please enter a name.")
    if tidy.email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", tidy.email):
        errors["email"] = _("Please enter an email address.")
    if tidy.phone and not is_phone(tidy.phone):
        errors["phone"] = _("Please enter a phone number.")
    if errors:
        raise Invalid(errors)
    return tidy


async def lookalikes(db: AsyncSession, facts: CustomerFacts, *, tenant_id: UUID) -> list[Customer]:
    """Customers of the shop with the same address or phone number."""
    same: list[ColumnElement[bool]] = []
    if facts.email:
        same.append(func.lower(Customer.email) == facts.email.lower())
    if number := digits(facts.phone):
        same.append(func.regexp_replace(Customer.phone, r"\D", "", "g") == number)
    if not same:
        return []
    rows = await db.scalars(
        select(Customer).where(Customer.tenant_id == tenant_id, or_(*same)).order_by(Customer.number).limit(5)
    )
    return list(rows)


async def create(
    db: AsyncSession, facts: CustomerFacts, *, tenant_id: UUID, by: Viewer, confirmed: bool = False
) -> Customer:
    """Write down a new customer. Raises Invalid; `confirmed` says that a lookalike is somebody else."""
    facts = accepted(facts)
    if not confirmed and await lookalikes(db, facts, tenant_id=tenant_id):
        raise Invalid({"confirmed": _("Tick this if it is somebody else.")})
    await take_turns(db, tenant_id)
    return await write_down(db, facts, tenant_id=tenant_id, user_id=None, by=by)


async def take_turns(db: AsyncSession, tenant_id: UUID) -> None:
    """Numbers follow one another without a gap, and one person gets one record: one writer at a time."""
    await take_turn(db, f"customers:{tenant_id}")


async def write_down(
    db: AsyncSession,
    facts: CustomerFacts,
    *,
    tenant_id: UUID,
    user_id: UUID | None,
    by: Viewer,
    locale: str = "",
) -> Customer:
    """A new record, with the next number. The caller has its turn."""
    last = await db.scalar(select(func.max(Customer.number)).where(Customer.tenant_id == tenant_id))
    customer = Customer(
        id=new_id(),
        tenant_id=tenant_id,
        number=max((last or 0) + 1, FIRST_NUMBER),
        user_id=user_id,
        locale=locale or (await rules_of(db, tenant_id))["formats.locale"],
        **msgspec.structs.asdict(facts),
    )
    db.add(customer)
    await db.flush()
    await record(db, CustomerCreated(customer_id=customer.id), by=by, tenant=tenant_id, subject=customer.id)
    return customer


async def change(db: AsyncSession, customer: Customer, facts: CustomerFacts, *, by: Viewer) -> None:
    """Correct a customer's facts. Raises Invalid."""
    facts = accepted(facts)
    given = msgspec.structs.asdict(facts)
    fields = sorted(name for name, value in given.items() if getattr(customer, name) != value)
    for name in fields:
        setattr(customer, name, given[name])
    if fields:
        await record(db, CustomerChanged(customer_id=customer.id, fields=fields), by=by, subject=customer.id)
