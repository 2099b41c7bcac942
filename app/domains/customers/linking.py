"""Which of a shop's records are whose account.

A proved address is the only proof: its holder, signed in, has opened a link mailed there, where the shop sends its
papers anyway. A claimed one is none, else anybody could sign up with a neighbour's address and see their car.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.events import Heard, record
from app.core.personal import AtShop, declared
from app.core.viewer import Viewer
from app.domains import accounts, garage
from app.domains.accounts import User
from app.domains.accounts.events import EmailChanged
from app.domains.customers import bringing, records
from app.domains.customers.events import CustomerChanged, CustomerLinked
from app.domains.customers.models import Customer


async def ensure_customer(db: AsyncSession, tenant_id: UUID, user: User, *, by: Viewer) -> Customer:
    """The shop's record of a person with an account: the one there is, a known one linked, or a new one.

    The transaction must be inside the tenant, and the person's.
    """
    customer = await _of_account(db, tenant_id, user.id)
    if customer is not None and not await _is_known(db, tenant_id, user):
        return customer
    await records.take_turns(db, tenant_id)
    await _link_known(db, tenant_id, user, by=by)
    customer = await _of_account(db, tenant_id, user.id)
    if customer is not None:
        return customer
    facts = records.CustomerFacts(name=user.name, email=user.email, phone=user.phone)
    return await records.write_down(
        db, facts, tenant_id=tenant_id, user_id=user.id, by=by, locale=user.locale
    )


async def _of_account(db: AsyncSession, tenant_id: UUID, user_id: UUID) -> Customer | None:
    """The oldest: somebody may have booked before they proved the address the shop knew them by."""
    return await db.scalar(
        select(Customer)
        .where(Customer.tenant_id == tenant_id, Customer.user_id == user_id)
        .order_by(Customer.number)
        .limit(1)
    )


async def account_of(db: AsyncSession, customer: Customer) -> UUID | None:
    """The customer's account, for what is written about them now. Who is proving their address at this moment waits,
    and takes it along."""
    found: UUID | None = await db.scalar(
        select(Customer.user_id).where(Customer.id == customer.id).with_for_update(read=True)
    )
    return found


async def link_where_known(db: AsyncSession, heard: Heard[Any]) -> None:
    """Reaction to a proved address: shops that wrote its owner down learn that this is their account."""
    user = await db.scalar(select(User).where(User.id == heard.event.user_id))
    if user is None:
        return
    for tenant_id in list(await db.scalars(text("SELECT shops_that_know_me()"))):
        await enter_tenant(db, tenant_id)
        await records.take_turns(db, tenant_id)
        await _link_known(db, tenant_id, user, by=Viewer.system(tenant_id))


def _written_for(tenant_id: UUID, user: User) -> tuple[ColumnElement[bool], ...]:
    """Which records a shop keeps for the account's address and has not linked to anybody."""
    return (
        Customer.tenant_id == tenant_id,
        Customer.user_id.is_(None),
        Customer.erase_asked_at.is_(None),
        Customer.erased_at.is_(None),
        func.lower(Customer.email) == user.email.lower(),
    )


async def _is_known(db: AsyncSession, tenant_id: UUID, user: User) -> bool:
    """Whether the shop has, beside the account's record, one that the desk wrote for its proved address later."""
    if user.email_verified_at is None:
        return False
    written = select(Customer.id).where(*_written_for(tenant_id, user))
    return bool(await db.scalar(select(written.exists())))


async def _link_known(db: AsyncSession, tenant_id: UUID, user: User, *, by: Viewer) -> None:
    """Several may share a mailbox: then only those who are called like the account are its owner."""
    if user.email_verified_at is None:
        return
    found = await db.scalars(select(Customer).where(*_written_for(tenant_id, user)).order_by(Customer.number))
    known = found.all()
    if len(known) > 1:
        known = [one for one in known if one.name.casefold() == user.name.casefold()]
    for customer in known:
        await _link(db, customer, user, by=by)


async def _link(db: AsyncSession, customer: Customer, user: User, *, by: Viewer) -> None:
    customer.user_id = user.id
    await db.flush()
    who = AtShop(customer.tenant_id, customer.id, user.id, customer.email)
    for domain in declared():
        if domain.join is not None:
            await domain.join(db, who)
    for car in await bringing.cars_of(db, customer):
        await garage.take_over(db, car.id, user.id, tenant_id=customer.tenant_id, by=by)
    linked = CustomerLinked(customer_id=customer.id, user_id=user.id)
    await record(db, linked, by=by, tenant=customer.tenant_id, person=user.id, subject=customer.id)


async def follow_address(db: AsyncSession, heard: Heard[EmailChanged]) -> None:
    """Reaction: shops that had the account's old address have its new one. One that a shop wrote down otherwise
    stays; nothing is sent there."""
    person = heard.event.user_id
    old = await accounts.old_address(db, heard.event.proof_id)
    user = await db.scalar(select(User).where(User.id == person))
    if user is None or not old:
        return
    found = await db.scalars(
        select(Customer)
        .where(Customer.user_id == person, func.lower(Customer.email) == old.lower())
        .order_by(Customer.tenant_id, Customer.number)
    )
    for customer in found.all():
        await enter_tenant(db, customer.tenant_id)
        customer.email = user.email
        await db.flush()
        changed = CustomerChanged(customer_id=customer.id, fields=["email"])
        by = Viewer.system(customer.tenant_id)
        await record(db, changed, by=by, tenant=customer.tenant_id, person=person, subject=customer.id)
