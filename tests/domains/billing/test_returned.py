"""A refund that the payer's bank sends back days later: the books have it again, and the shop is told."""

from sqlalchemy import text

from app.core.db import transaction
from app.domains.billing import ledger, paying
from app.domains.billing.checking import check_every_shop
from app.domains.billing.models import Invoice, Payment, Refund
from app.domains.billing.receipts import receipt_token
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL
from tests.domains.billing.conftest import Till
from tests.domains.billing.test_card import PAID
from tests.domains.billing.test_refunding import refunds


async def come_back(till: Till, refund: Refund) -> None:
    """The bank sends it back, and the news of it arrive."""
    till.letterbox.heard.clear()
    await till.stripe.return_refund(refund.provider_ref)
    await till.deliver("charge.refund.updated")
    await till.react()


async def test_a_refund_the_bank_returns_pays_the_invoice_again_and_the_desk_is_told(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "289.47")
    assert (await till.read(RepairOrder, invoice.order_id)).status == "invoiced"
    (made,) = await refunds(invoice)
    await come_back(till, made)
    await till.deliver("charge.refund.updated")  # once more: nothing moves twice
    (returned,) = await refunds(invoice)
    assert returned.status == "returned"
    now = await till.read(Payment, payment.id)
    assert (now.status, now.refunded_minor, now.returned_minor) == ("completed", 0, TOTAL)
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    assert (await till.read(RepairOrder, invoice.order_id)).status == "closed"
    assert await till.books(invoice) == PAID
    await check_every_shop()
    page = (await till.open_browser(CAST.owner).get(f"/invoices/{invoice.id}")).text
    assert "Sent back by the customer&#39;s bank" in page
    receipt = await till.open_browser().get(f"/paid/{receipt_token(payment.id, payment.tenant_id)}")
    assert "Your bank sent it back" in receipt.text
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        told = await db.execute(
            text("SELECT user_id, title FROM notifications WHERE title LIKE 'A refund of%'")
        )
        lines = {row.user_id: row.title for row in told}
    assert lines[CAST.advisor.user_id] == "A refund of $289.47 did not arrive"
    assert CAST.customer.user_id not in lines
    again = await till.give_back(payment, "20.00")
    assert again.status_code == 303
    assert (await till.books(invoice))["receivable"] == 2000


async def test_a_returned_refund_of_an_invoice_paid_otherwise_meanwhile_is_the_customers(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "289.47")
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        await paying.take_cash(db, held, amount=TOTAL - 5000, by=CAST.advisor.viewer)
    (made,) = await refunds(invoice)
    await come_back(till, made)
    now = await till.read(Payment, payment.id)
    assert (now.refunded_minor, now.credit_left_minor) == (0, TOTAL - 5000)
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    assert (await till.books(invoice))["customer_credit"] == -(TOTAL - 5000)
    await check_every_shop()


async def test_a_returned_refund_of_a_credit_note_is_to_be_given_back_again(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    owner = till.open_browser(CAST.owner)
    await owner.post(
        f"/invoices/{invoice.id}/credit-notes", {"what": "whole", "reason": "A mistake", "credited": "0"}
    )
    await till.give_back(payment, "289.47")
    (made,) = await refunds(invoice)
    await come_back(till, made)
    assert (await till.read(Payment, payment.id)).credit_left_minor == TOTAL
    assert (await till.read(Invoice, invoice.id)).status == "credited"
    assert "is the customer's now: give it back" in (await owner.get(f"/invoices/{invoice.id}")).text
    await check_every_shop()


async def test_a_returned_refund_that_was_all_credit_leaves_an_unpaid_invoice_unpaid(till: Till) -> None:
    invoice = await till.invoice()
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        cash = await paying.take_cash(db, held, amount=TOTAL - 10000, by=CAST.advisor.viewer)
    await till.stripe.pay((await till.press_pay(invoice)).headers["location"])
    await till.deliver()
    card = next(one for one in await till.payments(invoice) if one.method == "card")
    note = {"what": "lines", "reason": "Not done", "credited": "0", "amount-0": "100.00"}
    owner = till.open_browser(CAST.owner)
    assert (await owner.post(f"/invoices/{invoice.id}/credit-notes", note)).status_code == 303
    assert (await till.give_back(card, "100.00")).status_code == 303
    (made,) = await refunds(invoice)
    assert (await till.give_back(cash, "189.47")).status_code == 303
    assert (await till.read(Invoice, invoice.id)).status == "issued"
    await come_back(till, made)
    assert (await till.read(Payment, card.id)).credit_left_minor == 10000
    now = await till.read(Invoice, invoice.id)
    assert (now.status, now.paid_minor, now.open_minor) == ("issued", 0, TOTAL - 10000)
    await check_every_shop()


async def test_a_return_that_is_heard_of_with_the_next_refund_is_booked_beside_it(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "100.00")
    (made,) = await refunds(invoice)
    await till.stripe.return_refund(made.provider_ref)  # the news are still under way
    assert (await till.give_back(payment, "100.00", given=10000)).status_code == 303
    assert sorted(one.status for one in await refunds(invoice)) == ["done", "returned"]
    async with transaction(tenant=HARBOR) as db:
        booked = await ledger.movements(db, invoice)
    assert sorted(one.amount_minor for one in booked) == [-10000, -10000, 10000, TOTAL]
    assert (await till.read(Payment, payment.id)).refunded_minor == 10000
    await check_every_shop()
