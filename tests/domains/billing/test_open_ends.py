"""Without a single webhook the books end right: what is still open of a payment is asked about, and no more often."""

from datetime import timedelta

from sqlalchemy import update

from app.core import clock
from app.core.db import transaction
from app.domains.billing import checkout
from app.domains.billing.checking import check_every_shop
from app.domains.billing.models import Payment, Refund
from tests.cast import HARBOR
from tests.domains.billing.bills import TOTAL
from tests.domains.billing.conftest import Till
from tests.domains.billing.test_card import FEE, PAID
from tests.domains.billing.test_refunding import refunds


async def after(**time: float) -> int:
    """How many payments are asked about when so much time has gone by."""
    with clock.moved_to(clock.now() + timedelta(**time)):
        return await checkout.look_at_open_ends()


async def test_a_fee_that_is_reckoned_late_is_found_without_its_webhook(till: Till) -> None:
    await till.stripe.knobs(late_entries=True)
    invoice, payment = await till.paid_by_card()
    assert "fees" not in await till.books(invoice)
    assert await after(minutes=29) == 0
    assert await after(minutes=31) == 1  # Stripe has not reckoned it either
    await till.stripe.enter(payment.transaction_ref)
    assert await after(minutes=59) == 0
    assert await after(minutes=62) == 1
    assert await till.books(invoice) == PAID
    assert await after(hours=4) == 0
    assert (await till.read(Payment, payment.id)).fee_minor == FEE
    await check_every_shop()


async def test_a_refund_the_bank_returns_is_found_without_its_webhook(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "289.47")
    (made,) = await refunds(invoice)
    await till.stripe.return_refund(made.provider_ref)
    assert await after(hours=23) == 0
    assert await after(hours=25) == 1
    (returned,) = await refunds(invoice)
    assert returned.status == "returned"
    assert (await till.read(Payment, payment.id)).returned_minor == TOTAL
    assert await till.books(invoice) == PAID
    assert await after(hours=50) == 0
    await check_every_shop()


async def test_a_dispute_is_found_and_its_end_without_their_webhooks(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    dispute = await till.stripe.dispute(payment.transaction_ref)
    assert await after(days=6) == 0
    assert await after(days=8) == 1
    assert (await till.read(Payment, payment.id)).status == "disputed"
    await till.stripe.decide(dispute, "lost")
    assert await after(days=8, hours=25) == 1
    assert (await till.read(Payment, payment.id)).status == "lost"
    assert (await till.books(invoice))["receivable"] == TOTAL
    await check_every_shop()


async def test_what_is_long_over_is_asked_about_no_more(till: Till) -> None:
    """And while the provider is silent it is asked again no sooner than otherwise."""
    _invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "100.00")
    await till.stripe.knobs(fail_next=50)
    assert await after(days=8) == 1
    assert await after(days=8, minutes=10) == 0
    async with transaction(tenant=HARBOR) as db:
        long_ago = clock.now() - timedelta(days=121)
        await db.execute(
            update(Payment).where(Payment.id == payment.id).values(processed_at=long_ago, asked_at=None)
        )
        await db.execute(update(Refund).values(decided_at=long_ago))
    assert await after(days=1) == 0
