"""What a shop has at the payment provider and what went to its bank, as the provider says it now. Of a payout only its
name is kept, on each payment that it brought.

What a payout is made of is held against our books line by line, so that a difference has a name.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.errors import NotFound, Refused
from app.core.queue import for_each
from app.core.render import money
from app.core.words import _
from app.domains.billing.kinds import KINDS, Subject
from app.domains.billing.models import TAKEN_EVER, PaymentAccount, ProviderPayment, Refund
from app.domains.billing.providers import stripe
from app.domains.billing.shop_account import account_of
from app.gateways.payments import Balance, GatewayRefused, GatewayUnavailable, Payout, PayoutLine

log = structlog.get_logger()

SHOWN = 30
MOST_LINES = 1000
"""Lines of a payout that are read: ten calls."""
PATIENCE = 8.0
"""Seconds that a page waits for the provider."""
LOOKED_BACK = timedelta(days=30)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AtProvider:
    balance: Balance
    payouts: Sequence[Payout]


@dataclass(frozen=True, slots=True)
class Matched:
    """A line of a payout beside what our books say of it."""

    line: PayoutLine
    payment: ProviderPayment | None
    subject: Subject | None
    """What it was for: an invoice, a sale on the market."""
    difference: str
    """In the owner's words; empty where both say the same."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a payout is made of. Before the provider has told, there are no lines."""

    payout: Payout
    lines: Sequence[Matched]
    is_whole: bool
    """All its lines are here."""

    def total(self, *kinds: str) -> int:
        """What lines of these kinds moved, before fees."""
        return sum(one.line.amount for one in self.lines if one.line.kind in kinds)

    @property
    def fees(self) -> int:
        return sum(one.line.fee for one in self.lines)

    @property
    def platform_fees(self) -> int:
        return sum(one.line.platform_fee for one in self.lines)

    @property
    def missing(self) -> int:
        """What its lines leave unexplained of its amount: nothing, when all are here and the provider can add."""
        return self.payout.amount - sum(one.line.net for one in self.lines)

    @property
    def differences(self) -> int:
        return sum(bool(one.difference) for one in self.lines)


async def at_provider(account: PaymentAccount) -> AtProvider:
    """Ask the provider, outside of any transaction. Raises Refused with words for the owner."""
    ref = account.account_ref
    balance, newest = await _patiently(
        asyncio.gather(stripe().balance(ref), stripe().payouts(ref, limit=SHOWN))
    )
    return AtProvider(balance, newest)


async def made_of(tenant_id: UUID, ref: str) -> Made:
    """What a payout of a shop is made of, beside our books; outside of any transaction. Raises NotFound, and Refused with
    words for the owner."""
    async with transaction(tenant=tenant_id) as db:
        account = await account_of(db, tenant_id)
    if account is None or not re.fullmatch(r"\w{1,80}", ref, re.ASCII):
        raise NotFound
    payout, lines = await _patiently(_read(account.account_ref, ref))
    async with transaction(tenant=tenant_id) as db:
        return await _compare(db, account, payout, lines)


async def _read(account: str, ref: str) -> tuple[Payout, Sequence[PayoutLine]]:
    found = await stripe().payout(account, ref)
    lines = await stripe().payout_lines(account, ref, most=MOST_LINES) if found.is_itemized else ()
    return found, lines


async def _patiently(call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await call
    except (GatewayUnavailable, TimeoutError) as silent:
        raise Refused(
            _(
                "The payment provider does not answer just now. Your money is safe there; please look again later."
            ),
            status=503,
        ) from silent
    except GatewayRefused as refused:
        if refused.code == "resource_missing":
            raise NotFound from refused
        raise Refused(_("The payment provider said no: %(reason)s", reason=refused.words)) from refused


# Held against our books


async def _compare(
    db: AsyncSession, account: PaymentAccount, payout: Payout, lines: Sequence[PayoutLine]
) -> Made:
    payments: dict[str, ProviderPayment] = {}
    refunds: dict[str, Refund] = {}
    subjects: dict[UUID, Subject] = {}
    for kind in KINDS:
        model, refund = kind.payment, kind.refund
        found = (
            await db.scalars(
                select(model).where(
                    model.tenant_id == account.tenant_id,
                    model.provider == account.provider,
                    model.provider_account == account.account_ref,
                    model.transaction_ref.in_({line.transaction for line in lines if line.transaction}),
                )
            )
        ).all()
        payments |= {payment.transaction_ref: payment for payment in found}
        subjects |= await kind.subjects(db, found)
        given_back = select(refund).where(
            refund.tenant_id == account.tenant_id,
            refund.payment_id.in_([payment.id for payment in found]),
            refund.provider_ref != "",
        )
        refunds |= {one.provider_ref: one for one in await db.scalars(given_back)}
    said = differences(lines, payments, refunds)
    matched = []
    for line, difference in zip(lines, said, strict=True):
        payment = payments.get(line.transaction)
        matched.append(Matched(line, payment, subjects[payment.id] if payment else None, difference))
    return Made(payout, matched, payout.is_itemized and len(lines) < MOST_LINES)


def differences(
    lines: Sequence[PayoutLine], payments: Mapping[str, ProviderPayment], refunds: Mapping[str, Refund]
) -> list[str]:
    """What our books say otherwise of each line, in the owner's words; "" where they say the same.

    A payment's refunds may be spread over many payouts: of what one payout holds of them, our books must know at
    least as much.
    """
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        of_payment = sums[line.transaction]
        of_payment[line.kind] += line.amount
        of_payment["fee back"] -= line.platform_fee if line.kind == "refund" else 0
    return [
        _difference(line, payments.get(line.transaction), refunds.get(line.source), sums[line.transaction])
        for line in lines
    ]


def _difference(
    line: PayoutLine, payment: ProviderPayment | None, refund: Refund | None, now: Mapping[str, int]
) -> str:
    """`now` is what all lines of the same payment moved, by kind."""
    if line.kind == "payout_returned":
        return ""
    if payment is None:
        return _("This is not in our books.")
    if line.is_exchanged:
        return _("It was paid in another currency: compare it by hand.")
    if line.kind == "payment":
        return _of_payment(line, payment)
    if line.kind == "refund":
        return _of_refund(line, payment, refund, now)
    if line.kind == "refund_returned":
        return _of_return(payment, now)
    if line.kind == "dispute":
        return _of_dispute(line, payment)
    return _("This is not in our books.")


def _of_payment(line: PayoutLine, payment: ProviderPayment) -> str:
    if payment.status not in TAKEN_EVER:
        return _("Our books do not have this payment as taken.")
    currency = payment.currency
    if line.amount != payment.amount_minor:
        return _("Our books say %(sum)s was paid.", sum=money(payment.amount_minor, currency))
    if line.platform_fee != payment.platform_fee_minor:
        return _("Our books say the platform kept %(sum)s.", sum=money(payment.platform_fee_minor, currency))
    # What disputes cost is among the fees, and no part of this line.
    if line.fee != payment.fee_minor and (not payment.dispute_stage or line.fee > payment.fee_minor):
        return _("Our books say Stripe kept %(sum)s.", sum=money(payment.fee_minor, currency))
    return ""


def _of_refund(
    line: PayoutLine, payment: ProviderPayment, refund: Refund | None, now: Mapping[str, int]
) -> str:
    currency = payment.currency
    if refund is not None and refund.amount_minor != -line.amount:
        return _("Our books say %(sum)s was given back.", sum=money(refund.amount_minor, currency))
    if -now["refund"] > payment.given_minor:
        return _(
            "Our books say that only %(sum)s of this payment was given back.",
            sum=money(payment.given_minor, currency),
        )
    if now["fee back"] > payment.platform_fee_back_minor:
        return _(
            "Our books say that only %(sum)s of the platform's fee came back.",
            sum=money(payment.platform_fee_back_minor, currency),
        )
    return ""


def _of_return(payment: ProviderPayment, now: Mapping[str, int]) -> str:
    if now["refund_returned"] > payment.returned_minor:
        return _(
            "Our books say that only %(sum)s was sent back by the customer's bank.",
            sum=money(payment.returned_minor, payment.currency),
        )
    return ""


def _of_dispute(line: PayoutLine, payment: ProviderPayment) -> str:
    if not payment.dispute_stage:
        return _("Our books do not know of this dispute.")
    if payment.status == "disputed":
        return _("Our books wait until the bank has decided.")
    if payment.status == "lost" and -line.amount > payment.lost_minor:
        return _("Our books say that only %(sum)s was lost.", sum=money(payment.lost_minor, payment.currency))
    return ""


# Which payout brought a payment


async def note_all() -> None:
    """Write down for every shop which payout brought which payment."""
    async with transaction() as db:
        rows = await db.execute(text("SELECT tenant_id FROM accounts_with_payouts()"))
        tenants = [row.tenant_id for row in rows]
    await for_each(tenants, _note_if_answered, at_once=4)


async def _note_if_answered(tenant_id: UUID) -> None:
    try:
        await note(tenant_id)
    except (GatewayUnavailable, GatewayRefused) as error:
        log.warning("payouts.unanswered", tenant=str(tenant_id), error=str(error))


async def note(tenant_id: UUID) -> None:
    """Read a shop's payouts of the last month that no payment names yet. One that its bank sent back brought nothing.
    Raises GatewayUnavailable."""
    async with transaction(tenant=tenant_id) as db:
        account = await account_of(db, tenant_id)
    if account is None:
        return
    since = clock.now() - LOOKED_BACK
    found = await stripe().payouts(account.account_ref, limit=SHOWN)
    came_back = [one.ref for one in found if one.state in ("failed", "cancelled")]
    newest = [one for one in found if one.is_itemized and one.created_at > since and one.ref not in came_back]
    known: set[str] = set()
    async with transaction(tenant=tenant_id) as db:
        for kind in KINDS:
            model = kind.payment
            await db.execute(
                update(model)
                .where(model.tenant_id == tenant_id, model.payout_ref.in_(came_back))
                .values(payout_ref="", payout_at=None)
            )
            named = select(model.payout_ref).where(
                model.tenant_id == tenant_id, model.payout_ref.in_([one.ref for one in newest])
            )
            known |= set(await db.scalars(named.distinct()))
    for payout in newest:
        if payout.ref not in known:
            await _note(account, payout)


async def _note(account: PaymentAccount, payout: Payout) -> None:
    brought = await _brought(account, payout.ref)
    async with transaction(tenant=account.tenant_id) as db:
        for kind in KINDS:
            model = kind.payment
            await db.execute(
                update(model)
                .where(
                    model.tenant_id == account.tenant_id,
                    model.provider_account == account.account_ref,
                    model.transaction_ref.in_(brought),
                )
                .values(payout_ref=payout.ref, payout_at=payout.created_at)
            )


async def _brought(account: PaymentAccount, ref: str) -> set[str]:
    """The payments of a payout, and those of one that was sent back and came along with it."""
    _payout, lines = await _read(account.account_ref, ref)
    found = {line.transaction for line in lines if line.kind == "payment" and line.transaction}
    for line in lines:
        if line.kind == "payout_returned" and line.source:
            found |= await _brought(account, line.source)
    return found
