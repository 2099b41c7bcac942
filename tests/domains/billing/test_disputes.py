"""A payer goes to their bank: the payment is disputed, and won or lost weeks later, by whatever news come."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.domains.billing import checkout, paying, settling
from app.domains.billing.checking import check_every_shop
from app.domains.billing.models import Invoice, Payment
from app.gateways.payments import PaymentStatus
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL
from tests.domains.billing.conftest import Till, told
from tests.domains.billing.test_card import FEE, PAID

DISPUTE_FEE = 1500
WON = {**PAID, "stripe": TOTAL - FEE - DISPUTE_FEE, "fees": FEE + DISPUTE_FEE}
LOST = {
    "stripe": -FEE - DISPUTE_FEE,
    "fees": FEE + DISPUTE_FEE,
    "receivable": TOTAL,
    "revenue": -26990,
    "tax": -1957,
}

Letters = list[tuple[bytes, str]]


async def disputed(till: Till) -> tuple[Invoice, Payment, str]:
    """A paid invoice whose payer went to the bank, and we heard of it."""
    invoice, payment = await till.paid_by_card()
    till.letterbox.heard.clear()
    dispute = await till.stripe.dispute(payment.transaction_ref)
    await till.deliver("charge.dispute.funds_withdrawn")
    return invoice, payment, dispute


async def moves(payment: Payment) -> list[str]:
    async with transaction(tenant=HARBOR) as db:
        found = await db.scalars(
            text("SELECT payload->>'status' FROM events WHERE name = 'PaymentChanged' ORDER BY id")
        )
        return list(found)


async def test_news_of_a_dispute_find_their_payment_by_its_charge(till: Till) -> None:
    invoice, payment, _dispute = await disputed(till)
    for body, _signature in till.letterbox.heard:
        subject = told(body)["data"]["object"]
        assert "client_reference_id" not in subject
        assert subject["metadata"] == {}
    assert (await till.read(Payment, payment.id)).status == "disputed"
    assert await till.books(invoice) == PAID  # nothing is decided
    page = (await till.open_browser(CAST.owner).get(f"/invoices/{invoice.id}")).text
    assert "Disputed" in page
    assert "Give the money back" not in page
    assert (await till.give_back(payment, "1.00")).status_code == 409


async def test_a_dispute_that_is_won_leaves_the_payment_as_it_was(till: Till) -> None:
    invoice, payment, dispute = await disputed(till)
    await till.stripe.decide(dispute, "won")
    await till.deliver("charge.dispute.closed")
    assert (await till.read(Payment, payment.id)).status == "completed"
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    assert await till.books(invoice) == WON
    assert await moves(payment) == ["disputed", "completed"]
    await check_every_shop()


async def test_a_dispute_that_is_lost_opens_the_invoice_again(till: Till) -> None:
    invoice, payment, dispute = await disputed(till)
    await till.stripe.decide(dispute, "lost")
    await till.deliver("charge.dispute.closed")
    lost = await till.read(Payment, payment.id)
    assert (lost.status, lost.lost_minor, lost.kept_minor) == ("lost", TOTAL, 0)
    opened = await till.read(Invoice, invoice.id)
    assert (opened.status, opened.open_minor) == ("issued", TOTAL)
    assert await till.books(invoice) == LOST
    await check_every_shop()
    desk = till.open_browser(CAST.advisor)  # the car is still here: it may be paid otherwise
    assert (await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "289.47"})).status_code == 303
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    await check_every_shop()


async def test_a_dispute_lost_after_the_last_day_leaves_the_invoice_overdue(till: Till) -> None:
    invoice, payment, dispute = await disputed(till)
    await till.stripe.decide(dispute, "lost")
    with clock.moved_to(invoice.due_at + timedelta(days=1)):
        await checkout.look(checkout.Whose.of(payment))
    assert (await till.read(Invoice, invoice.id)).status == "overdue"


@pytest.mark.parametrize(("outcome", "books"), [("won", WON), ("lost", LOST)])
@pytest.mark.parametrize(
    "arranged",
    [
        pytest.param(lambda letters: letters * 5, id="five times"),
        pytest.param(lambda letters: letters[::-1], id="newest first"),
        pytest.param(lambda letters: letters[::-1] + letters, id="both ways"),
        pytest.param(lambda letters: letters[:1], id="only the first news"),
        pytest.param(lambda letters: letters[-1:], id="only the last news"),
    ],
)
async def test_news_of_a_dispute_in_any_order_end_in_the_same_books(
    till: Till, outcome: str, books: dict[str, int], arranged: Callable[[Letters], Letters]
) -> None:
    invoice, payment = await till.paid_by_card()
    till.letterbox.heard.clear()
    await till.stripe.decide(await till.stripe.dispute(payment.transaction_ref), outcome)
    for letter in arranged(await till.letters("charge.dispute.closed")):
        assert (await till.post(*letter)).status_code == 200
        await till.react()
    assert await till.books(invoice) == books
    assert (await till.read(Payment, payment.id)).status == ("completed" if outcome == "won" else "lost")
    assert await moves(payment) == ["disputed", "completed" if outcome == "won" else "lost"]
    await check_every_shop()


async def test_all_news_at_once_book_the_end_once(till: Till) -> None:
    invoice, payment, dispute = await disputed(till)
    await till.stripe.decide(dispute, "lost")
    letters = await till.letters("charge.dispute.closed")
    await asyncio.gather(*(till.post(*letter) for letter in letters * 3))
    await asyncio.gather(till.react(), *(checkout.look(checkout.Whose.of(payment)) for _ in range(5)))
    assert await till.books(invoice) == LOST


async def test_an_answer_from_before_the_dispute_ends_nothing(till: Till) -> None:
    """Two ask at once; the one with the older answer books last."""
    invoice, payment, dispute = await disputed(till)
    paid, open_dispute = (
        PaymentStatus(
            ref=payment.provider_ref, state=state, amount=TOTAL, fee=FEE, currency="USD", dispute_stage=stage
        )
        for state, stage in (("completed", 0), ("disputed", 1))
    )  # fmt: skip

    async def hear(old: PaymentStatus) -> str:
        async with transaction(tenant=HARBOR) as db:
            await settling.settle(db, payment.id, old, by=checkout.Whose.of(payment).system)
        return str((await till.read(Payment, payment.id)).status)

    assert await hear(paid) == "disputed"
    await till.stripe.decide(dispute, "won")
    await till.deliver("charge.dispute.closed")
    assert await hear(open_dispute) == "completed"
    assert await hear(paid) == "completed"
    assert await till.books(invoice) == WON


async def test_a_part_given_back_before_the_dispute_stays_given_back(till: Till) -> None:
    for outcome, status in (("won", "partially_refunded"), ("lost", "lost")):
        invoice, payment = await till.paid_by_card()
        assert (await till.give_back(payment, "100.00")).status_code == 303
        dispute = await till.stripe.dispute(payment.transaction_ref)
        await checkout.look(checkout.Whose.of(payment))
        await till.stripe.decide(dispute, outcome)
        await checkout.look(checkout.Whose.of(payment))
        now = await till.read(Payment, payment.id)
        assert (now.status, now.refunded_minor) == (status, 10000)
        assert (await till.read(Invoice, invoice.id)).open_minor == (10000 if outcome == "won" else TOTAL)
        await check_every_shop()


async def test_another_shops_account_does_not_reach_a_payment_by_its_charge(till: Till) -> None:
    import json

    import stripe as sdk

    from tests.gateways.stripe_process import WEBHOOK_SECRET

    _invoice, payment = await till.paid_by_card()
    till.letterbox.heard.clear()
    await till.stripe.dispute(payment.transaction_ref)
    (letter, *_more) = await till.letters("charge.dispute.created")
    body = json.dumps(told(letter[0]) | {"id": "evt_foreign", "account": "acct_of_voltwerk"})
    signature = sdk.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    assert (await till.post(body.encode(), signature)).status_code == 200
    await till.react()
    assert (await till.read(Payment, payment.id)).status == "completed"


async def test_a_disputed_payment_no_invoice_wanted_is_lost_from_the_credit(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    (payment,) = await till.payments(invoice)
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE payments SET status = 'failed' WHERE id = :id"), {"id": payment.id})
        held = await db.get_one(Invoice, invoice.id)
        await paying.take_cash(db, held, amount=TOTAL, by=CAST.advisor.viewer)
    await till.deliver()
    payment = await till.read(Payment, payment.id)
    await till.stripe.decide(await till.stripe.dispute(payment.transaction_ref), "lost")
    await till.deliver("charge.dispute.closed")
    assert "customer_credit" not in await till.books(invoice)
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    await check_every_shop()
