"""What a shop has at the payment provider and what went to its bank, as the provider says it now. Nothing is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import Refused
from app.core.words import _
from app.domains.billing.models import PaymentAccount
from app.domains.billing.providers import stripe
from app.gateways.payments import Balance, GatewayRefused, GatewayUnavailable, Payout

SHOWN = 30
PATIENCE = 8.0
"""Seconds that a page waits for the provider."""


@dataclass(frozen=True, slots=True)
class AtProvider:
    balance: Balance
    payouts: Sequence[Payout]


async def at_provider(account: PaymentAccount) -> AtProvider:
    """Ask the provider, outside of any transaction. Raises Refused with words for the owner."""
    ref = account.account_ref
    try:
        async with asyncio.timeout(PATIENCE):
            balance, newest = await asyncio.gather(stripe().balance(ref), stripe().payouts(ref, limit=SHOWN))
    except (GatewayUnavailable, TimeoutError) as silent:
        raise Refused(
            _(
                "The payment provider does not answer just now. Your money is safe there; please look again later."
            ),
            status=503,
        ) from silent
    except GatewayRefused as refused:
        raise Refused(_("The payment provider said no: %(reason)s", reason=refused.words)) from refused
    return AtProvider(balance, newest)
