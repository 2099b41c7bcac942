"""Erasing a shop's customer: at their own wish, with their account, or when the shop does it for them.

The shop must be able to reach them until everything between the two is settled. Until then it waits, and their page
says what for.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, cast, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock, erasures
from app.core.db import transaction
from app.core.erasures import Again
from app.core.errors import Invalid
from app.core.events import Heard, record
from app.core.personal import AtShop, Emptied, declared
from app.core.queue import cron, for_each
from app.core.relay import outside_transaction
from app.core.tables import AuditValues, EventRow
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.customers.events import CustomerErased, CustomerErasureAsked
from app.domains.customers.models import Customer

WHY = "the customer was erased"


def _known(customer: Customer) -> AtShop:
    return AtShop(customer.tenant_id, customer.id, customer.user_id, customer.email)


async def unsettled(db: AsyncSession, customer: Customer) -> Sequence[str]:
    """What the shop and the customer still have to settle, in words."""
    return [
        words
        for domain in declared()
        if domain.unsettled is not None
        for words in await domain.unsettled(db, _known(customer))
    ]


async def ask(db: AsyncSession, customer: Customer, typed: str, *, by: Viewer) -> bool:
    """Erase a customer whose number was typed to confirm it. Whether it is done. Raises Invalid."""
    if typed.strip().upper().removeprefix("C-") != str(customer.number):
        said = _("Please type %(number)s, the number of this customer.", number=customer.shown_number)
        raise Invalid({"confirmation": said})
    return await erase(db, customer, by=by)


async def erase(db: AsyncSession, customer: Customer, *, by: Viewer) -> bool:
    """Erase a customer, or note that it is to be done once all is settled. Whether it is done."""
    await db.refresh(customer, with_for_update=True)
    if customer.erased_at is not None:
        return True
    is_new, customer.erase_asked_at = customer.erase_asked_at is None, customer.erase_asked_at or clock.now()
    if await unsettled(db, customer):
        if is_new:
            event = CustomerErasureAsked(customer_id=customer.id)
            await record(db, event, by=by, tenant=customer.tenant_id, subject=customer.id)
        return False
    who = _known(customer)
    emptied = [await domain.leave(db, who) for domain in declared() if domain.leave is not None]
    await _forget_values(db, who, emptied)
    await audit.take_changes(db)  # what was just taken away would go into the trail with the next event
    await record(
        db, CustomerErased(customer_id=who.customer_id), by=by, tenant=who.tenant_id, subject=who.customer_id
    )
    await db.refresh(customer)
    return True


async def _forget_values(db: AsyncSession, who: AtShop, emptied: Sequence[Emptied]) -> None:
    """The old and new values that the shop's trail holds of them: beside what happened to them, and of each row that was
    emptied, whichever event they stand beside. Nothing else tells of somebody who has no account."""
    theirs = [EventRow.subject_id == who.customer_id, EventRow.entity_id == str(who.customer_id)]
    if who.user_id:
        theirs.append(EventRow.user_id == who.user_id)
    rows = await db.scalars(
        select(AuditValues.row_id)
        .join(EventRow, EventRow.id == AuditValues.row_id)
        .where(EventRow.tenant_id == who.tenant_id, or_(*theirs))
    )
    of_rows = [
        values[table].op("?|")(cast([str(one) for one in ids], ARRAY(Text)))
        for told in emptied
        for table, ids in told.items()
        for values in (AuditValues.old_values, AuditValues.new_values)
    ]
    beside = await db.scalars(
        select(AuditValues.row_id).where(AuditValues.tenant_id == who.tenant_id, or_(*of_rows))
    )
    await audit.forget(
        db, list({*rows, *beside}), by=Viewer.system(who.tenant_id), tenant=who.tenant_id, why=WHY
    )


@outside_transaction
async def list_erased_customer(heard: Heard[CustomerErased]) -> None:
    """Reaction: onto the list that restoring an older copy of the database does not roll back."""
    await erasures.note("customer", heard.event.customer_id, tenant=heard.tenant_id)


async def erase_again(tenant_id: UUID, customer_id: UUID) -> Again:
    """Erase a customer whom an older copy of the database has brought back."""
    async with transaction(tenant=tenant_id) as db:
        customer = await _standing(db, tenant_id, customer_id)
        if customer is None or customer.erased_at is not None:
            return "is gone"
        return "erased" if await erase(db, customer, by=Viewer.system(tenant_id)) else "waits"


@cron("50 * * * *", timeout=900)
async def erase_settled_customers() -> None:
    """Every hour: whoever is to be erased and has settled everything."""
    async with transaction() as db:
        waiting = (await db.execute(text("SELECT customer_id, tenant_id FROM customers_to_erase()"))).all()
    await for_each(waiting, lambda one: _look_again(one.customer_id, one.tenant_id))


async def _look_again(customer_id: UUID, tenant_id: UUID) -> None:
    async with transaction(tenant=tenant_id) as db:
        customer = await _standing(db, tenant_id, customer_id)
        if customer is not None:
            await erase(db, customer, by=Viewer.system(tenant_id))


async def _standing(db: AsyncSession, tenant_id: UUID, customer_id: UUID) -> Customer | None:
    return await db.scalar(
        select(Customer).where(Customer.tenant_id == tenant_id, Customer.id == customer_id)
    )
