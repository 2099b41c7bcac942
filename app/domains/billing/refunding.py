"""Giving money back: as much as was taken, never more, each refund once.

A refund is a row, committed before the provider hears of it, and its id is the provider's idempotency key. Until
the provider has said yes or no it is `pending`: its amount cannot be given back a second time, everybody sees
that it is on its way, and it is asked about again every minute.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, transaction
from app.core.errors import Invalid, Refused
from app.core.queue import for_each
from app.core.render import money
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing import crediting, settling
from app.domains.billing.checkout import Whose
from app.domains.billing.events import RefundBegun, RefundFailed
from app.domains.billing.finding import hold_payment, refunds_of
from app.domains.billing.invoicing import tell
from app.domains.billing.models import REFUNDABLE, Invoice, Payment, Refund
from app.domains.billing.providers import gateway
from app.gateways.payments import GatewayRefused, GatewayUnavailable

log = structlog.get_logger()


class TooMuch(Refused):
    """More than is left of the payment."""


def given_back(payment: Payment, refunds: Sequence[Refund]) -> int:
    """What is given back or on its way. A form carries it, so that a stale one is known."""
    pending = [one for one in refunds if one.payment_id == payment.id and one.is_pending]
    return payment.refunded_minor + sum(one.amount_minor for one in pending)


async def begin(db: AsyncSession, payment: Payment, *, amount: int, given: int, by: Viewer) -> Refund:
    """Decide that money goes back. Cash is handed over and booked at once; for the rest `carry_out` follows,
    after the commit. `given` is what the caller saw as given back: two who saw the same do not both succeed."""
    _order, invoice, payment = await hold_payment(db, payment.id)
    now_given = given_back(payment, await refunds_of(db, invoice))
    if amount <= 0:
        raise Invalid({"amount": _("Please enter an amount of more than nothing.")})
    if payment.status not in REFUNDABLE:
        raise Refused(_("Nothing of this payment can be given back now."), audit="payment.illegal_refund")
    left = money(payment.amount_minor - now_given, payment.currency)
    if given != now_given:
        raise Refused(
            _(
                "Meanwhile %(given)s of this payment is given back or on its way. %(left)s is left.",
                given=money(now_given, payment.currency),
                left=left,
            ),
            data={"given_back_minor": now_given},
            audit="payment.stale",
        )
    if amount > payment.amount_minor - now_given:
        raise TooMuch(
            _("No more than %(left)s can be given back.", left=left), audit="payment.illegal_refund"
        )
    refund = Refund(
        id=new_id(),
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        asked_by_id=by.user_id,
        status="pending",
        amount_minor=amount,
        credit_note_id=await _note_of(db, invoice, payment),
    )
    db.add(refund)
    if payment.provider == "cash":
        refund.status, refund.decided_at = "done", clock.now()
        await settling.give_back(db, invoice, payment, payment.refunded_minor + amount, by=by)
        return refund
    begun = RefundBegun(
        **settling.of_payment(invoice, payment),
        refund_id=refund.id,
        amount_minor=amount,
        currency=payment.currency,
    )
    await tell(db, invoice, begun, by=by)
    return refund


async def _note_of(db: AsyncSession, invoice: Invoice, payment: Payment) -> UUID | None:
    """The note this money goes back for: credit goes first, and the newest note is what is being acted on."""
    if not payment.credit_left_minor:
        return None
    notes = await crediting.notes_of(db, invoice)
    return notes[-1].id if notes else None


async def carry_out(whose: Whose, refund_id: UUID) -> Refund:
    """Ask the provider for a refund that was begun, and book what it says. Outside of any transaction; it may be
    called again. Raises GatewayUnavailable while nobody knows."""
    async with transaction(tenant=whose.tenant_id, user=whose.user_id) as db:
        refund, payment = await db.get_one(Refund, refund_id), await db.get_one(Payment, whose.payment_id)
    if not refund.is_pending:
        return refund
    provider, account = gateway(payment.provider), payment.provider_account or None
    try:
        made = await provider.refund(
            payment.provider_ref, refund.amount_minor, key=refund.id, account=account
        )
    except GatewayRefused as refused:
        return await _failed(whose, refund_id, refused.words)
    try:
        told = await provider.status(payment.provider_ref, account=account)
    except GatewayRefused as odd:  # it has just given money back for this very payment
        raise GatewayUnavailable(odd.words) from odd
    async with transaction(tenant=whose.tenant_id, user=whose.user_id) as db:
        await settling.settle(db, payment.id, told, by=whose.system)
        came_back = made.ref in told.returned_refs
        return await _decide(db, refund_id, "returned" if came_back else "done", provider_ref=made.ref)


async def _failed(whose: Whose, refund_id: UUID, words: str) -> Refund:
    async with transaction(tenant=whose.tenant_id, user=whose.user_id) as db:
        _order, invoice, payment = await hold_payment(db, whose.payment_id)
        refund = await _decide(db, refund_id, "failed", failure=words)
        failed = RefundFailed(**settling.of_payment(invoice, payment), refund_id=refund_id)
        await tell(db, invoice, failed, by=whose.system)
        return refund


async def _decide(
    db: AsyncSession, refund_id: UUID, status: str, *, provider_ref: str = "", failure: str = ""
) -> Refund:
    """Under the payment's lock. Of two who asked with one key both got the same answer."""
    refund = await db.get_one(Refund, refund_id, populate_existing=True)
    if refund.is_pending:
        refund.status, refund.decided_at = status, clock.now()
        refund.provider_ref, refund.failure = provider_ref, failure
    return refund


async def finish_undecided(older_than_seconds: int = 60) -> int:
    """Ask again for every refund the provider has not answered. Returns how many."""
    async with transaction() as db:
        found = await db.execute(
            text("SELECT refund_id, payment_id, tenant_id, user_id FROM undecided_refunds(:before)"),
            {"before": clock.now() - timedelta(seconds=older_than_seconds)},
        )
        rows = found.all()
    await for_each(rows, _carry_out_if_answered, at_once=4)
    return len(rows)


async def _carry_out_if_answered(row: Row[tuple[UUID, UUID, UUID, UUID | None]]) -> None:
    try:
        await carry_out(Whose(row.payment_id, row.tenant_id, row.user_id), row.refund_id)
    except GatewayUnavailable as error:
        log.warning("refund.unanswered", refund=str(row.refund_id), error=str(error))
