"""Card payments through the provider: whatever the webhooks do, the books end the same."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest
import stripe as sdk
from sqlalchemy import func, select, text

from app.core.db import transaction
from app.core.errors import Refused
from app.domains.billing import checkout, paying, shop_account
from app.domains.billing.models import Invoice, Payment, WebhookEvent
from app.domains.workshop.models import RepairOrder
from app.gateways.payments.stripe import _spoken
from tests.cast import CAST, HARBOR, VOLT
from tests.domains.billing.bills import TOTAL
from tests.domains.billing.conftest import Till, told
from tests.gateways.stripe_process import WEBHOOK_SECRET

FEE = (TOTAL * 290 + 5000) // 10000 + 30
PAID = {"stripe": TOTAL - FEE, "fees": FEE, "revenue": -26990, "tax": -1957}


async def test_a_card_pays_an_invoice(till: Till) -> None:
    invoice = await till.invoice()
    pressed = await till.press_pay(invoice)
    assert pressed.status_code == 303
    assert pressed.headers["location"].startswith(till.stripe.base + "/c/pay/cs_test_")
    back = await till.stripe.pay(pressed.headers["location"])
    (payment,) = await till.payments(invoice)
    assert back.headers["location"] == f"http://testserver/invoices/{invoice.id}?payment={payment.id}"
    assert (await till.read(Invoice, invoice.id)).status == "issued"  # the return decides nothing
    await till.deliver()
    paid = await till.read(Invoice, invoice.id)
    assert (paid.status, paid.paid_minor) == ("paid", TOTAL)
    (payment,) = await till.payments(invoice)
    assert (payment.status, payment.paid_with, payment.fee_minor) == ("completed", "Visa ···· 4242", FEE)
    assert await till.books(invoice) == PAID
    assert (await till.read(RepairOrder, invoice.order_id)).status == "closed"


Order = Callable[[list[tuple[bytes, str]]], list[tuple[bytes, str]]]


@pytest.mark.parametrize(
    "arranged",
    [
        pytest.param(lambda letters: letters * 10, id="ten times"),
        pytest.param(lambda letters: letters[::-1], id="newest first"),
        pytest.param(lambda letters: letters[::-1] + letters, id="both ways"),
        pytest.param(lambda letters: letters[:1], id="only the first news"),
        pytest.param(lambda letters: letters[-1:], id="only the last news"),
    ],
)
async def test_duplicated_and_reordered_webhooks_end_in_the_same_books(till: Till, arranged: Order) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    letters = await till.letters("checkout.session.completed")
    for body, signature in arranged(letters):
        assert (await till.post(body, signature)).status_code == 200
    await till.react()
    assert await till.books(invoice) == PAID
    assert (await till.read(Invoice, invoice.id)).status == "paid"


async def test_twenty_webhooks_at_once_book_once(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    letters = await till.letters("checkout.session.completed")
    answers = await asyncio.gather(*(till.post(*letter) for letter in letters * 5))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["received"] for answer in answers) == len(letters)
    (payment,) = await till.payments(invoice)
    whose = checkout.Whose.of(payment)
    await asyncio.gather(*(checkout.look(whose) for _ in range(10)))
    await till.react()
    assert await till.books(invoice) == PAID


async def test_a_webhook_faster_than_our_own_note_finds_its_payment(till: Till) -> None:
    invoice = await till.invoice()
    location = (await till.press_pay(invoice)).headers["location"]
    (payment,) = await till.payments(invoice)
    async with transaction(tenant=HARBOR) as db:  # as if the process had died before it wrote down the answer
        await db.execute(
            text(
                "UPDATE payments SET provider_ref = '', checkout_url = '', status = 'created' WHERE id = :id"
            ),
            {"id": payment.id},
        )
    await till.stripe.pay(location)
    await till.deliver()
    assert await till.books(invoice) == PAID


async def test_no_webhook_at_all_is_found_by_asking(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    assert await checkout.look_at_undecided(older_than_seconds=0) == 1
    assert await till.books(invoice) == PAID
    assert await checkout.look_at_undecided(older_than_seconds=0) == 0


async def test_a_reply_lost_on_the_way_begins_no_second_payment(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.knobs(lose_reply=2)  # the SDK's own second try is lost as well
    pressed = await till.press_pay(invoice)
    assert pressed.status_code == 503
    assert "Nothing was taken" in pressed.text
    again = await till.press_pay(invoice)
    assert again.status_code == 303
    (_payment,) = await till.payments(invoice)
    await till.stripe.pay(again.headers["location"])
    await till.deliver()
    assert await till.books(invoice) == PAID


async def test_a_provider_that_is_down_leaves_the_payment_to_be_continued(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.knobs(fail_next=2)
    assert (await till.press_pay(invoice)).status_code == 503
    (payment,) = await till.payments(invoice)
    assert payment.status == "created"
    assert (await till.press_pay(invoice)).status_code == 303
    assert len(await till.payments(invoice)) == 1


async def test_a_declined_card_leaves_the_payment_open(till: Till) -> None:
    invoice = await till.invoice()
    location = (await till.press_pay(invoice)).headers["location"]
    await till.stripe.pay(location, "4000 0000 0000 0002")
    await till.deliver("payment_intent.payment_failed")
    (payment,) = await till.payments(invoice)
    assert (payment.status, payment.failure) == ("pending", "Your card was declined.")
    assert (await till.press_pay(invoice)).headers["location"] == location
    await till.stripe.pay(location)
    await till.deliver()
    assert await till.books(invoice) == PAID


@pytest.mark.parametrize(("locale", "asked"), [("de", "de"), ("pt_BR", "pt-BR"), ("ar", None), ("", None)])
def test_the_payment_page_is_asked_for_in_the_payers_language(locale: str, asked: str | None) -> None:
    assert _spoken(locale) == asked


async def test_a_payment_can_be_stopped_and_the_rest_paid_in_cash(till: Till) -> None:
    invoice = await till.invoice()
    location = (await till.press_pay(invoice)).headers["location"]
    (payment,) = await till.payments(invoice)
    desk = till.open_browser(CAST.advisor)
    refused = await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "289.47"})
    assert refused.status_code == 409
    assert (await desk.post(f"/payments/{payment.id}/cancellation")).status_code == 303
    assert (await till.stripe.pay(location)).status_code == 410
    assert (await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "289.47"})).status_code == 303
    assert await till.books(invoice) == {"cash": TOTAL, "revenue": -26990, "tax": -1957}


async def test_stopping_what_was_paid_meanwhile_books_the_payment(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    (payment,) = await till.payments(invoice)
    stopped = await till.open_browser(CAST.advisor).post(f"/payments/{payment.id}/cancellation")
    assert stopped.status_code == 303
    assert await till.books(invoice) == PAID


async def expired(till: Till) -> tuple[Invoice, Payment]:
    """A page that was opened, and whose hour is over by our clock."""
    invoice = await till.invoice()
    await till.press_pay(invoice)
    (payment,) = await till.payments(invoice)
    async with transaction(tenant=HARBOR) as db:
        await db.execute(
            text("UPDATE payments SET expires_at = now() - interval '1 minute' WHERE id = :id"),
            {"id": payment.id},
        )
    return invoice, payment


async def test_a_silent_provider_is_told_of_when_an_expired_page_is_opened_again(till: Till) -> None:
    invoice, _payment = await expired(till)
    await till.stripe.knobs(fail_next=2)
    silent = await till.press_pay(invoice)
    assert silent.status_code == 503
    assert "does not answer" in silent.text


async def test_a_page_the_provider_does_not_know_is_given_up(till: Till) -> None:
    """Its account was changed, say. Nobody can pay there, so the money is free to be paid otherwise."""
    invoice, payment = await expired(till)
    other, stopped = await expired(till)
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE payments SET provider_ref = provider_ref || 'x'"))
    assert (await till.press_pay(invoice)).status_code == 409
    assert (await till.read(Payment, payment.id)).status == "failed"
    assert (await till.press_pay(invoice)).status_code == 303
    desk = till.open_browser(CAST.advisor)
    assert (await desk.post(f"/payments/{stopped.id}/cancellation")).status_code == 303
    assert (await till.read(Payment, stopped.id)).status == "cancelled"
    assert (await desk.post(f"/invoices/{other.id}/cash", {"amount": "289.47"})).status_code == 303


async def test_late_money_is_taken_once_and_kept_for_the_customer(till: Till) -> None:
    """The books had given the payment up, cash was taken, and then the card's money comes after all."""
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    (payment,) = await till.payments(invoice)
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE payments SET status = 'failed' WHERE id = :id"), {"id": payment.id})
        await paying.take_cash(
            db, await db.get_one(Invoice, invoice.id), amount=TOTAL, by=CAST.advisor.viewer
        )
    await till.deliver()
    await till.deliver()
    assert await till.books(invoice) == {
        "cash": TOTAL, "stripe": TOTAL - FEE, "fees": FEE, "customer_credit": -TOTAL, "revenue": -26990, "tax": -1957,
    }  # fmt: skip
    owner = till.open_browser(CAST.owner)
    assert "give it back" in (await owner.get(f"/invoices/{invoice.id}")).text
    assert (await till.give_back(payment, "289.47")).status_code == 303
    books = await till.books(invoice)
    assert "customer_credit" not in books
    assert (await till.read(Invoice, invoice.id)).status == "paid"


async def test_a_refund_is_booked_once_and_the_invoice_is_open_again(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    await till.deliver()
    (payment,) = await till.payments(invoice)
    for _ in range(2):  # the same form twice: the second is stale, and its key is another
        answer = await till.give_back(payment, "200.00")
    assert answer.status_code == 409
    await till.deliver("charge.refunded")
    refunded = await till.read(Payment, payment.id)
    assert (refunded.status, refunded.refunded_minor) == ("partially_refunded", 20000)
    again = await till.read(Invoice, invoice.id)
    assert (again.status, again.open_minor) == ("partially_paid", 20000)
    assert (await till.books(invoice))["receivable"] == 20000
    advisor = till.open_browser(CAST.advisor)
    assert (
        await advisor.post(f"/payments/{payment.id}/refunds", {"amount": "1", "given": "0"})
    ).status_code == 403


async def test_another_amount_than_was_asked_is_not_booked(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice, amount="100.00")).headers["location"])
    (payment,) = await till.payments(invoice)
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE payments SET amount_minor = 9999 WHERE id = :id"), {"id": payment.id})
    await till.deliver()
    questioned = await till.read(Payment, payment.id)
    assert questioned.status == "pending"
    assert "10000 USD" in questioned.failure
    assert (await till.read(Invoice, invoice.id)).paid_minor == 0
    async with transaction(tenant=HARBOR) as db:
        count = await db.scalar(text("SELECT count(*) FROM events WHERE name = 'PaymentQuestioned'"))
    assert count == 1


# Forged, foreign, unknown


async def test_a_forged_webhook_has_no_effect(till: Till) -> None:
    invoice = await till.invoice()
    location = (await till.press_pay(invoice)).headers["location"]
    (payment,) = await till.payments(invoice)
    body = json.dumps(
        {
            "id": "evt_forged", "object": "event", "type": "checkout.session.completed",
            "account": payment.provider_account,
            "data": {"object": {"id": payment.provider_ref, "object": "checkout.session", "payment_status": "paid"}},
        }
    )  # fmt: skip
    stale = sdk.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, int(time.time()) - 400)
    wrong = sdk.WebhookSignature.generate_signature_header(body, "whsec_wrong")
    right_for_another = sdk.WebhookSignature.generate_signature_header(body + " ", WEBHOOK_SECRET)
    for signature in ("", "t=1,v1=2", stale, wrong, right_for_another):
        assert (await till.post(body.encode(), signature)).status_code == 400
    assert (await till.post(b"x" * 300_000, wrong)).status_code == 400
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(func.count()).select_from(WebhookEvent)) == 0
        assert await db.scalar(text("SELECT count(*) FROM events WHERE name = 'WebhookReceived'")) == 0
    # Even signed, a webhook is only believed to mean "look": the session is not paid.
    signed = sdk.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    assert (await till.post(body.encode(), signed)).status_code == 200
    await till.react()
    assert (await till.read(Invoice, invoice.id)).paid_minor == 0
    assert location


async def test_another_shops_webhook_does_not_reach_this_shops_payment(till: Till) -> None:
    invoice = await till.invoice()
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    letters = await till.letters("checkout.session.completed")
    session = next(told(body) for body, _ in letters if told(body)["type"] == "checkout.session.completed")
    for account in ("acct_of_voltwerk", None):
        body = json.dumps(session | {"id": f"evt_{account}", "account": account})
        signature = sdk.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
        assert (await till.post(body.encode(), signature)).status_code == 200
    await till.react()
    assert (await till.read(Invoice, invoice.id)).paid_minor == 0


# The account of a shop


async def test_a_shop_connects_its_account_once(bare_till: Till) -> None:
    owner = bare_till.open_browser(CAST.owner)
    assert "Not connected" in (await owner.get("/settings/payments")).text
    first = await owner.post("/settings/payments/account")
    second = await owner.post("/settings/payments/account")
    assert first.headers["location"] == second.headers["location"]
    assert "Not finished" in (await owner.get("/settings/payments")).text
    await bare_till.stripe.connect(first.headers["location"])
    await bare_till.deliver("account.updated")
    assert "Takes payments" in (await owner.get("/settings/payments")).text
    for person in (CAST.advisor, CAST.customer):
        assert (await bare_till.open_browser(person).get("/settings/payments")).status_code == 403
    async with transaction(tenant=VOLT) as db:
        assert await shop_account.account_of(db, HARBOR) is None


async def test_a_silent_provider_does_not_break_the_settings(bare_till: Till) -> None:
    await bare_till.stripe.knobs(fail_next=4)
    with pytest.raises(Refused, match="does not answer"):
        await shop_account.open_setup(HARBOR, email="owner@demo.test")
