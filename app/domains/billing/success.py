"""How often a card payment goes through once the payer has their card out and their bank agrees."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CardSuccess:
    """The card payments that were decided in the last thirty days.

    A payment *went through* when its money came, whatever became of it later (a refund, a dispute). It was
    *declined* when the payer's bank said no to a page the provider had opened. It *failed* when the provider
    would not open that page at all: our request, the shop's account, the provider itself. Pages the payer
    closed, stopped or let run out are no attempts, and neither is what is undecided still. The rate is of what
    is ours to answer for, so declines stand beside it and not in it.
    """

    went_through: int
    declined: int
    failed: int

    @property
    def attempts(self) -> int:
        return self.went_through + self.failed

    @property
    def is_any(self) -> bool:
        return bool(self.attempts + self.declined)


async def card_success(db: AsyncSession) -> CardSuccess:
    """Counts of the shop the transaction is in; for the network, of every shop on the platform."""
    query = text("SELECT went_through, declined, failed FROM card_payments_since(:since)")
    row = (await db.execute(query, {"since": clock.now() - WINDOW})).one()
    return CardSuccess(row.went_through, row.declined, row.failed)
