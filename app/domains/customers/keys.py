"""Each customer's own key, for words that the log keeps for ever: with the key they are gone."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, sealing
from app.core.db import new_id
from app.core.errors import Refused
from app.core.personal import AtShop
from app.core.words import _
from app.domains.customers.models import KEY_SEAL, Customer, CustomerKey


async def seal_for(db: AsyncSession, customer: Customer, words: str) -> str:
    """`words`, to be read for as long as the customer is known. Raises Refused when they were erased meanwhile."""
    # One writer at a time makes the key, and an erasure that is under way takes it first: none outlives it.
    standing = select(Customer.id).where(
        Customer.tenant_id == customer.tenant_id, Customer.id == customer.id, Customer.erased_at.is_(None)
    )
    if await db.scalar(standing.with_for_update(key_share=True)) is None:
        raise Refused(_("This customer was erased."))
    key = await _key_of(db, customer.tenant_id, customer.id) or await _make_key(db, customer)
    return sealing.seal_with(key, words)


async def _make_key(db: AsyncSession, customer: Customer) -> str:
    key = sealing.new_key()
    sealed = sealing.seal(KEY_SEAL, key)
    fresh = insert(CustomerKey).values(
        id=new_id(), tenant_id=customer.tenant_id, customer_id=customer.id, created_at=clock.now(), key_sealed=sealed
    )  # fmt: skip
    await db.execute(
        fresh.on_conflict_do_update(index_elements=["tenant_id", "customer_id"], set_={"key_sealed": sealed})
    )
    return key


async def unseal_for(db: AsyncSession, tenant_id: UUID, customer_id: UUID, sealed: str) -> str | None:
    """The words, or None when their customer was erased or the key they hang on was left out after a leak."""
    key = await _key_of(db, tenant_id, customer_id)
    return sealing.unseal_with(key, sealed) if key is not None else None


async def _key_of(db: AsyncSession, tenant_id: UUID, customer_id: UUID) -> str | None:
    held = await db.scalar(
        select(CustomerKey.key_sealed).where(
            CustomerKey.tenant_id == tenant_id, CustomerKey.customer_id == customer_id
        )
    )
    try:
        return sealing.unseal(KEY_SEAL, held) if held is not None else None
    except ValueError:  # of a SECRET_KEY that was left out after a leak
        return None


async def shred(db: AsyncSession, who: AtShop) -> None:
    """Nobody reads any more what was sealed for them."""
    await db.execute(
        delete(CustomerKey).where(
            CustomerKey.tenant_id == who.tenant_id, CustomerKey.customer_id == who.customer_id
        )
    )
