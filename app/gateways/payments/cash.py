"""Cash at the counter: there is nobody to ask, what the cashier says is what happened."""

import re
from uuid import UUID

from . import (
    Checkout,
    CheckoutStarted,
    GatewayRefused,
    PaymentStatus,
    RefundMade,
    WebhookEvent,
    WebhookForged,
)

_REF = re.compile(r"cash_[0-9a-f-]{36}")


class CashDrawer:
    """Keeps no books of its own: `amount` of a status is None, ours are the only record."""

    name = "cash"

    async def create_checkout(self, checkout: Checkout) -> CheckoutStarted:
        if checkout.amount <= 0:
            raise GatewayRefused("The amount must be more than nothing.", "amount_too_small")
        if checkout.capture_later:
            words = "Cash cannot be held for later: it is taken when it is given."
            raise GatewayRefused(words, "capture_later_not_supported")
        return CheckoutStarted(ref=f"cash_{checkout.key}", url=None, state="completed")

    async def status(self, ref: str, *, account: str | None = None) -> PaymentStatus:
        self._check(ref)
        return PaymentStatus(ref=ref, state="completed", method="cash")

    async def capture(
        self, ref: str, amount: int, *, key: UUID, account: str | None = None, platform_fee: int = 0
    ) -> PaymentStatus:
        self._check(ref)
        raise GatewayRefused("Cash was taken when it was given: nothing is held.", "nothing_authorized")

    async def cancel(self, ref: str, *, account: str | None = None) -> PaymentStatus:
        return await self.status(ref)

    async def refund(self, ref: str, amount: int, *, key: UUID, account: str | None = None) -> RefundMade:
        self._check(ref)
        return RefundMade(ref=f"cash_refund_{key}", amount=amount)

    def verify_webhook(self, body: bytes, signature: str) -> WebhookEvent:
        raise WebhookForged("Nobody sends webhooks about cash.")

    @staticmethod
    def _check(ref: str) -> None:
        if not _REF.fullmatch(ref):
            raise GatewayRefused("There is no such cash payment.", "resource_missing")
