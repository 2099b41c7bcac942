"""The calls to the provider: never inside a transaction, always with the key that was committed before.

Each function reads in one transaction, asks the provider in none, and writes in another. Killed in between,
it can be called again: the key makes the provider answer the same, and `settle` changes nothing twice.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.errors import Refused
from app.core.queue import for_each
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing import settling
from app.domains.billing.models import Payment, ProviderPayment
from app.domains.billing.providers import gateway
from app.gateways.payments import Checkout, GatewayRefused, GatewayUnavailable, PaymentStatus

log = structlog.get_logger()


class Settle(Protocol):
    """Brings a payment to what the provider tells of it, in the caller's transaction."""

    def __call__(
        self, db: AsyncSession, payment_id: UUID, told: PaymentStatus, *, by: Viewer
    ) -> Awaitable[Any]: ...


@dataclass(frozen=True, slots=True)
class Whose:
    """A payment and for whom the database is to be opened; where such payments stand, and how they are booked."""

    payment_id: UUID
    tenant_id: UUID
    user_id: UUID | None = None
    kind: type[ProviderPayment] = Payment
    settle: Settle = settling.settle

    @classmethod
    def of(cls, payment: Payment) -> "Whose":
        return cls(payment.id, payment.tenant_id, payment.user_id)

    @property
    def system(self) -> Viewer:
        return Viewer.system(self.tenant_id)


async def _read(whose: Whose) -> ProviderPayment:
    async with transaction(tenant=whose.tenant_id, user=whose.user_id) as db:
        return await db.get_one(whose.kind, whose.payment_id)


async def open_page(whose: Whose) -> str:
    """Where the payer goes: the hosted page of a payment that was begun. Raises Refused with words.

    The provider's silence is not a refusal: the payment stays begun, and the next press of the button asks
    again with the same key.
    """
    payment = await _read(whose)
    if payment.checkout_url and payment.is_live and not _is_over(payment):
        return payment.checkout_url
    try:
        if payment.status != "created":
            payment = await look(whose)
            if payment.is_live and payment.checkout_url:
                return payment.checkout_url
            raise Refused(
                _("This payment is no longer open. Please start again."), audit="payment.illegal_move"
            )
        started = await gateway(payment.provider).create_checkout(_terms(payment))
    except GatewayRefused as refused:
        await _write_off(whose, refused.words)
        raise Refused(_("The payment provider said no: %(reason)s", reason=refused.words)) from refused
    except GatewayUnavailable as silent:
        log.warning("payment.provider_silent", payment=str(payment.id), error=str(silent))
        raise Refused(
            _("The payment provider does not answer. Nothing was taken; please try again in a moment."),
            status=503,
        ) from silent
    await _note_page(whose, started.ref, started.url or "")
    return started.url or ""


def _is_over(payment: ProviderPayment) -> bool:
    return payment.expires_at is not None and payment.expires_at <= clock.now()


def _terms(payment: ProviderPayment) -> Checkout:
    return Checkout(
        amount=payment.amount_minor,
        currency=payment.currency,
        reference=str(payment.id),
        key=payment.id,
        account=payment.provider_account or None,
        platform_fee=payment.platform_fee_minor,
        **payment.checkout_terms,
    )


async def _note_page(whose: Whose, ref: str, url: str) -> None:
    async with transaction(tenant=whose.tenant_id, user=whose.user_id) as db:
        payment = await db.get_one(whose.kind, whose.payment_id, with_for_update=True)
        payment.provider_ref, payment.checkout_url = ref, url
        if payment.status == "created":  # a webhook may have been faster
            payment.status = "pending"


async def _write_off(whose: Whose, words: str) -> None:
    await _book(whose, PaymentStatus(ref="", state="failed", failure=words))


async def look(whose: Whose, ref: str = "") -> ProviderPayment:
    """Ask the provider how a payment stands and book the answer. Raises GatewayUnavailable.

    `ref` is the provider's name of it, when a webhook knew it before we did.
    """
    payment = await _read(whose)
    if payment.provider == "cash":
        return payment
    known_as = payment.provider_ref or ref or await _recover_page(whose, payment)
    if not known_as:
        return await _read(whose)
    told = await gateway(payment.provider).status(known_as, account=payment.provider_account or None)
    if told.reference not in (None, str(payment.id)):
        log.error("payment.another_reference", payment=str(payment.id), ref=known_as)
        return payment
    return await _book(whose, told)


async def _book(whose: Whose, told: PaymentStatus) -> ProviderPayment:
    async with transaction(tenant=whose.tenant_id, user=whose.user_id) as db:
        await whose.settle(db, whose.payment_id, told, by=whose.system)
    return await _read(whose)


async def _recover_page(whose: Whose, payment: ProviderPayment) -> str:
    """The provider's first answer never reached us: the same key and terms get it again. Returns its name of
    the payment, or "" when it says no, which ends the attempt."""
    try:
        started = await gateway(payment.provider).create_checkout(_terms(payment))
    except GatewayRefused as refused:
        await _write_off(whose, refused.words)
        return ""
    await _note_page(whose, started.ref, started.url or "")
    return started.ref


async def stop(whose: Whose) -> ProviderPayment:
    """Close a payment under way, so that it can be paid otherwise. If it was paid meanwhile, it is paid."""
    payment = await _read(whose)
    if not payment.is_live:
        return payment
    try:
        known_as = payment.provider_ref or await _recover_page(whose, payment)
        if not known_as:
            return await _read(whose)
        provider = gateway(payment.provider)
        told = await provider.cancel(known_as, account=payment.provider_account or None)
    except GatewayRefused as refused:
        if refused.code != "resource_missing":
            raise Refused(_("The payment provider said no: %(reason)s", reason=refused.words)) from refused
        told = PaymentStatus(ref="", state="cancelled")  # a page the provider does not know nobody can pay
    except GatewayUnavailable as silent:
        raise Refused(
            _("The payment provider does not answer, so the payment cannot be stopped now."), status=503
        ) from silent
    return await _book(whose, told)


async def look_at_undecided(older_than_seconds: int = 120) -> int:
    """Ask about every payment that has been undecided for a while: webhooks get lost. Returns how many."""
    async with transaction() as db:
        rows = await db.execute(
            text("SELECT payment_id, tenant_id, user_id FROM undecided_payments(:before)"),
            {"before": clock.now() - timedelta(seconds=older_than_seconds)},
        )
        waiting = [Whose(row.payment_id, row.tenant_id, row.user_id) for row in rows]
    await for_each(waiting, look_if_answered, at_once=4)
    return len(waiting)


async def look_at_open_ends() -> int:
    """Ask what became of payments that were taken: their fee while nobody knows it, refunds that may come back,
    disputes. How often of each, the database function says; every webhook may be lost. Returns how many."""
    async with transaction() as db:
        rows = await db.execute(
            text("SELECT payment_id, tenant_id, user_id FROM payments_to_ask_about(:at)"), {"at": clock.now()}
        )
        due = [Whose(row.payment_id, row.tenant_id, row.user_id) for row in rows]
    await for_each(due, look_if_answered, at_once=4)
    return len(due)


async def look_if_answered(whose: Whose) -> None:
    """`look`, for the clock: what is not answered now is asked again."""
    try:
        await look(whose)
    except (GatewayUnavailable, GatewayRefused) as error:
        log.warning("payment.unanswered", payment=str(whose.payment_id), error=str(error))
