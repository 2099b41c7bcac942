"""Any history of presses, declines, payments, refunds and late or repeated news ends in true books."""

import contextlib
import os
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, Refused
from app.core.viewer import Viewer
from app.domains.billing import fees, finding, paying, refunding, settling
from app.domains.billing.checking import faults
from app.domains.billing.models import TAKEN_EVER, Invoice, LedgerEntry, Payment
from app.gateways.payments import PaymentStatus
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL, issued, with_account, with_platform_fee

RUNS = int(os.environ.get("HISTORIES", "40"))
FEE = 30
DISPUTE_FEE = 1500
PLATFORM_FEE = (250, 30)
"""2.5 % and 30 cents: of a few cents it is all."""
SYSTEM = Viewer.system(HARBOR)

amounts = st.one_of(st.just(TOTAL), st.just(TOTAL // 2), st.integers(1, TOTAL + 5))
which = st.integers(0, 3)
ACTS = st.one_of(
    st.tuples(st.just("press"), amounts),
    st.tuples(st.just("cash"), amounts),
    st.tuples(st.just("decline"), which),
    st.tuples(st.just("bank"), which),
    st.tuples(st.just("pay"), which),
    st.tuples(st.just("reckon"), which),
    st.tuples(st.just("expire"), which),
    st.tuples(st.just("refund"), st.tuples(which, st.integers(1, TOTAL))),
    st.tuples(st.just("return"), st.tuples(which, st.integers(1, TOTAL))),
    st.tuples(st.just("news"), st.tuples(which, st.integers(0, 9))),
    st.tuples(st.just("give up"), which),
    st.tuples(st.just("give back cash"), st.tuples(which, st.integers(1, TOTAL))),
    st.tuples(st.just("dispute"), which),
    st.tuples(st.just("decide"), st.tuples(which, st.booleans())),
)


@dataclass
class Truth:
    """What the provider knows of one payment, and everything it ever said of it."""

    payment_id: UUID
    now: PaymentStatus
    said: list[PaymentStatus] = field(default_factory=list)
    disputed: int = 0

    @property
    def gone(self) -> int:
        """Given back, and not sent again by the payer's bank."""
        return self.now.refunded - self.now.returned

    @property
    def after_refunds(self) -> str:
        if not self.gone:
            return "completed"
        return "refunded" if self.gone == self.now.amount else "partially_refunded"

    def become(self, **changes: Any) -> None:
        self.now = replace(self.now, **changes)
        self.said.append(self.now)


@dataclass
class History:
    db: AsyncSession
    invoice: Invoice
    truths: list[Truth] = field(default_factory=list)

    def truth(self, place: int) -> Truth | None:
        return self.truths[place % len(self.truths)] if self.truths else None

    async def act(self, name: str, what: Any) -> None:
        await getattr(self, "do_" + name.replace(" ", "_"))(what)

    async def do_press(self, amount: int) -> None:
        try:
            payment = await paying.begin_card(self.db, self.invoice, amount=amount, by=CAST.customer.viewer)
        except (Refused, Invalid):
            return
        if all(truth.payment_id != payment.id for truth in self.truths):
            started = PaymentStatus(ref=f"cs_{payment.id}", state="pending", amount=0, currency="USD")
            self.truths.append(Truth(payment.id, started, [started]))

    async def do_cash(self, amount: int) -> None:
        try:
            await paying.take_cash(self.db, self.invoice, amount=amount, by=CAST.advisor.viewer)
        except (Refused, Invalid):
            return

    async def do_decline(self, place: int) -> None:
        truth = self.truth(place)
        if truth and truth.now.state in ("pending", "requires_action"):
            truth.become(state="pending", failure="Your card was declined.")

    async def do_bank(self, place: int) -> None:
        truth = self.truth(place)
        if truth and truth.now.state == "pending":
            truth.become(state="requires_action")

    async def do_pay(self, place: int) -> None:
        truth = self.truth(place)
        if truth and truth.now.state in ("pending", "requires_action"):
            payment = await self.db.get_one(Payment, truth.payment_id)
            assert payment.platform_fee_minor == fees.fee_of(payment.amount_minor, *PLATFORM_FEE)
            truth.become(
                state="completed",
                amount=payment.amount_minor,
                platform_fee=payment.platform_fee_minor,
                failure=None,
            )

    async def do_reckon(self, place: int) -> None:
        """What the provider keeps is known a while after the money came."""
        truth = self.truth(place)
        if truth and truth.now.amount:
            truth.become(fee=min(FEE, truth.now.amount))

    async def do_expire(self, place: int) -> None:
        truth = self.truth(place)
        if truth and truth.now.state in ("pending", "requires_action"):
            truth.become(state="expired")

    async def do_refund(self, what: tuple[int, int]) -> None:
        truth = self.truth(what[0])
        if truth and truth.now.state in ("completed", "partially_refunded"):
            taken = truth.now.amount or 0
            refunded = truth.now.refunded + min(what[1], taken - truth.gone)
            share = truth.now.platform_fee * min(refunded, taken) // taken
            truth.become(refunded=refunded, platform_fee_back=share)
            truth.become(state=truth.after_refunds)

    async def do_return(self, what: tuple[int, int]) -> None:
        """The payer's bank sends back some of what was given back, whatever became of the payment."""
        truth = self.truth(what[0])
        if truth and truth.gone:
            truth.become(returned=truth.now.returned + min(what[1], truth.gone))
            if truth.now.state not in ("disputed", "lost"):
                truth.become(state=truth.after_refunds)

    async def do_give_back_cash(self, what: tuple[int, int]) -> None:
        payments = [one for one in await finding.payments_of(self.db, self.invoice) if one.provider == "cash"]
        if payments:
            payment = payments[what[0] % len(payments)]
            given = payment.refunded_minor
            with contextlib.suppress(Refused):
                await refunding.begin(self.db, payment, amount=what[1], given=given, by=CAST.owner.viewer)

    async def do_dispute(self, place: int) -> None:
        truth = self.truth(place)
        if truth and truth.now.state in ("completed", "partially_refunded"):
            truth.disputed = (truth.now.amount or 0) - truth.gone
            truth.become(state="disputed", dispute_stage=truth.now.dispute_stage + 1)

    async def do_decide(self, what: tuple[int, bool]) -> None:
        truth = self.truth(what[0])
        if truth and truth.now.state == "disputed":
            now = truth.now
            truth.become(
                state=truth.after_refunds if what[1] else "lost",
                dispute_stage=now.dispute_stage + 1,
                dispute_fee=now.dispute_fee + DISPUTE_FEE,
                lost=0 if what[1] else truth.disputed,
            )

    async def do_news(self, what: tuple[int, int]) -> None:
        """A look at the provider that may have been taken long ago."""
        truth = self.truth(what[0])
        if truth:
            await self.tell(truth, truth.said[-1 - what[1] % len(truth.said)])

    async def do_give_up(self, place: int) -> None:
        """We believe it failed, whatever the provider thinks."""
        truth = self.truth(place)
        if truth:
            await self.tell(truth, PaymentStatus(ref="", state="failed", failure="no answer"))

    async def tell(self, truth: Truth, said: PaymentStatus) -> None:
        await settling.settle(self.db, truth.payment_id, said, by=SYSTEM)

    async def check(self) -> None:
        """What must be true at every moment."""
        await self.db.flush()
        await self.db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        await self.db.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        invoice, payments = self.invoice, await finding.payments_of(self.db, self.invoice)
        books = await self.books()
        taken = [payment for payment in payments if payment.status in TAKEN_EVER]
        credit = sum(payment.credit_left_minor for payment in taken)
        kept = sum(payment.kept_minor for payment in taken)
        assert 0 <= invoice.paid_minor <= invoice.total_minor
        assert invoice.paid_minor == kept - credit
        assert books.get("receivable", 0) == invoice.total_minor - invoice.paid_minor
        assert books.get("customer_credit", 0) == -credit
        assert (invoice.status == "paid") == (invoice.paid_minor == invoice.total_minor)
        assert (invoice.status == "issued") == (invoice.paid_minor == 0)
        assert sum(books.values()) == 0
        by_card = [payment for payment in taken if payment.provider != "cash"]
        assert books.get("stripe", 0) == sum(payment.arrives_minor for payment in by_card)

    async def books(self) -> dict[str, int]:
        rows = await self.db.execute(
            select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor))
            .where(LedgerEntry.invoice_id == self.invoice.id)
            .group_by(LedgerEntry.account)
        )
        return {account: int(total) for account, total in rows}

    async def hear_everything(self) -> None:
        for truth in self.truths:
            await self.tell(truth, truth.now)
            await self.tell(truth, truth.said[0])

    async def agree_with_provider(self) -> None:
        """At last our books and the provider's are the same."""
        theirs = sum((one.now.amount or 0) - one.gone - one.now.lost for one in self.truths)
        kept = sum(truth.now.fee + truth.now.dispute_fee for truth in self.truths)
        ours = sum(truth.now.platform_fee - truth.now.platform_fee_back for truth in self.truths)
        books = await self.books()
        assert books.get("stripe", 0) == theirs - kept - ours
        assert books.get("fees", 0) == kept
        assert books.get("platform_fees", 0) == ours
        assert not await faults(self.db, HARBOR)
        for truth in self.truths:
            payment = await self.db.get_one(Payment, truth.payment_id)
            if truth.now.state in TAKEN_EVER:
                assert (payment.status, payment.refunded_minor) == (truth.now.state, truth.gone)
            else:
                assert payment.status not in TAKEN_EVER


@pytest.mark.timeout(3600)
@settings(
    max_examples=RUNS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(  # the fee is reckoned after a dispute is decided, and older news of it come last
    acts=[
        ("press", TOTAL),
        ("pay", 0),
        ("news", (0, 0)),
        ("dispute", 0),
        ("reckon", 0),
        ("decide", (0, True)),
        ("news", (0, 0)),
        ("news", (0, 1)),
    ]
)
@example(  # a second dispute is open when the provider is first asked about the one before
    acts=[("press", TOTAL), ("pay", 0), ("dispute", 0), ("decide", (0, True)), ("dispute", 0)]
)
@given(acts=st.lists(ACTS, min_size=3, max_size=25))
async def test_books_are_true_after_every_history(db: AsyncSession, acts: list[tuple[str, Any]]) -> None:
    async with db.begin_nested() as example:
        invoice = await issued(db)
        await with_account(db)
        await with_platform_fee(db, *PLATFORM_FEE)
        history = History(db, invoice)
        for name, what in acts:
            await history.act(name, what)
            await history.check()
        await history.hear_everything()
        await history.check()
        await history.agree_with_provider()
        await example.rollback()
    db.expunge_all()
