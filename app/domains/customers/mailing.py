"""Where mail to a customer goes."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.customers.models import Customer


@dataclass(frozen=True, slots=True)
class MailedTo:
    """Where mail to a customer goes: the address of their account once it is proved, or when the shop has none; else
    the shop's."""

    email: str
    """Empty when there is none, and for an account's address: a shop that could tell it from its own would find out
    by trying whose account is at which address."""
    is_account: bool
    """It goes to the account's address."""

    @property
    def can_be_reached(self) -> bool:
        return bool(self.email) or self.is_account


async def mailed_to(db: AsyncSession, customer: Customer) -> MailedTo:
    """Where mail to a customer of the present shop goes."""
    row = (
        await db.execute(text("SELECT * FROM mail_of_customer(:customer)"), {"customer": customer.id})
    ).one()
    return MailedTo(row.email, row.is_account)
