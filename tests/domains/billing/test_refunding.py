"""Giving money back: once, never more than was taken, and what is shown is what happened."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.errors import Refused
from app.domains.billing import finding, ledger, paying, refunding
from app.domains.billing.checking import check_every_shop
from app.domains.billing.models import Invoice, Payment, Refund
from app.domains.billing.receipts import receipt_token
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL
from tests.domains.billing.conftest import Till
from tests.domains.billing.test_card import FEE


async def in_cash(till: Till) -> tuple[Invoice, Payment]:
    invoice = await till.invoice()
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        return invoice, await paying.take_cash(db, held, amount=TOTAL, by=CAST.advisor.viewer)


async def refunds(invoice: Invoice) -> list[Refund]:
    async with transaction(tenant=HARBOR) as db:
        return list(await finding.refunds_of(db, invoice))


async def test_two_cash_refunds_from_the_same_page_hand_out_one(till: Till) -> None:
    """Ten and fifteen, or ten twice: whatever left the drawer is booked."""
    for first, second in (("10.00", "15.00"), ("10.00", "10.00")):
        invoice, payment = await in_cash(till)
        answers = await asyncio.gather(till.give_back(payment, first), till.give_back(payment, second))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert "of this payment is given back or on its way" in refused.text
        (made,) = await refunds(invoice)
        assert made.status == "done"
        booked = await till.read(Payment, payment.id)
        assert booked.refunded_minor == made.amount_minor
        assert (await till.books(invoice))["cash"] == TOTAL - made.amount_minor
    await check_every_shop()


async def test_a_refund_begun_from_an_old_row_is_reckoned_with_the_new_one(till: Till) -> None:
    invoice, old = await in_cash(till)
    for given, amount in ((0, 1000), (1000, 1500)):
        async with transaction(tenant=HARBOR) as db:
            await refunding.begin(db, old, amount=amount, given=given, by=CAST.owner.viewer)
    assert (await till.books(invoice))["cash"] == TOTAL - 2500
    with pytest.raises(Refused, match="No more than"):
        async with transaction(tenant=HARBOR) as db:
            await refunding.begin(db, old, amount=TOTAL, given=2500, by=CAST.owner.viewer)


async def test_an_order_whose_money_went_back_is_not_paid_until_it_comes_again(till: Till) -> None:
    invoice, payment = await in_cash(till)
    assert (await till.read(RepairOrder, invoice.order_id)).status == "closed"
    await till.give_back(payment, "10.00")
    assert (await till.read(RepairOrder, invoice.order_id)).status == "invoiced"
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        await paying.take_cash(db, held, amount=1000, by=CAST.advisor.viewer)
    assert (await till.read(RepairOrder, invoice.order_id)).status == "closed"


async def test_a_wrong_sum_is_shown_again_beside_its_payment(till: Till) -> None:
    invoice, payment = await in_cash(till)
    for amount in ("", "-5", "0", "x", "1.001"):
        answer = await till.give_back(payment, amount, key=f"k{amount}")
        assert answer.status_code == 422
        assert f'href="#f-refund-{payment.id}"' in answer.text
    assert await refunds(invoice) == []


async def test_the_receipt_says_what_came_and_what_went_back(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    receipt = f"/paid/{receipt_token(payment.id, payment.tenant_id)}"
    guest = till.open_browser()
    for amount, given, said in (("100.00", 0, "Partly given back"), ("189.47", 10000, "Given back")):
        await till.give_back(payment, amount, given=given)
        page = (await guest.get(receipt)).text
        assert "Nothing was taken" not in page
        assert "$289.47 on" in page
        assert f"${amount} on" in page
        assert said in page
    too_much = await till.give_back(payment, "500")
    assert too_much.status_code == 409
    async with transaction(tenant=HARBOR) as db:
        booked = await ledger.movements(db, invoice)
    assert [one.amount_minor for one in booked] == [TOTAL, -10000, -18947]


async def test_a_refund_nobody_answered_is_kept_shown_and_made_once(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.stripe.knobs(lose_reply=2)  # it is made, and neither the first answer nor the second arrives
    answers = [await till.give_back(payment, "20.00", key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    (pending,) = await refunds(invoice)
    assert pending.status == "pending"
    page = (await till.open_browser(CAST.owner).get(f"/invoices/{invoice.id}")).text
    assert "On its way back" in page
    assert 'name="given" value="2000"' in page
    assert (await till.read(Payment, payment.id)).refunded_minor == 0
    assert (await till.give_back(payment, "20.00")).status_code == 409  # what is on its way is spoken for
    assert await refunding.finish_undecided(older_than_seconds=0) == 1
    assert await refunding.finish_undecided(older_than_seconds=0) == 0
    (done,) = await refunds(invoice)
    assert (done.status, done.provider_ref[:3]) == ("done", "re_")
    assert (await till.books(invoice))["stripe"] == TOTAL - FEE - 2000
    assert (await till.read(Payment, payment.id)).refunded_minor == 2000


async def test_a_silent_provider_gives_nothing_back_until_it_speaks(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.stripe.knobs(fail_next=2)
    assert (await till.give_back(payment, "20.00")).status_code == 303
    assert [one.status for one in await refunds(invoice)] == ["pending"]
    from app.domains.billing.tasks import finish_undecided_refunds

    with clock.moved_to(clock.now() + timedelta(minutes=2)):
        await finish_undecided_refunds()
    assert [one.status for one in await refunds(invoice)] == ["done"]
    assert (await till.books(invoice))["receivable"] == 2000


async def test_a_refund_the_provider_refuses_is_shown_as_not_made(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    assert payment.transaction_ref
    await till.stripe.dispute(payment.transaction_ref)  # we have not heard of it yet
    for _ in range(2):
        assert (await till.give_back(payment, "20.00", key="once")).status_code == 303
    (failed,) = await refunds(invoice)
    assert failed.status == "failed"
    owner, driver = till.open_browser(CAST.owner), till.open_browser(CAST.customer)
    page = (await owner.get(f"/invoices/{invoice.id}")).text
    assert "Not given back" in page
    assert "has been charged back" in page
    assert 'name="given" value="0"' in page
    assert "Not given back" not in (await driver.get(f"/invoices/{invoice.id}")).text
    assert (await till.read(Payment, payment.id)).refunded_minor == 0


async def test_a_refund_at_the_same_moment_as_its_own_webhook_is_booked_once(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await asyncio.gather(till.give_back(payment, "20.00"), till.deliver("charge.refunded"))
    await till.deliver("charge.refunded")
    assert (await till.read(Payment, payment.id)).refunded_minor == 2000
    assert (await till.books(invoice))["receivable"] == 2000


async def test_an_invoice_whose_money_all_went_back_is_open_as_before(till: Till) -> None:
    invoice, payment = await in_cash(till)
    assert (await till.give_back(payment, "89.47")).status_code == 303
    assert (await till.read(Invoice, invoice.id)).status == "partially_paid"
    assert (await till.give_back(payment, "200.00", given=8947)).status_code == 303
    back = await till.read(Invoice, invoice.id)
    assert (back.status, back.paid_minor, back.paid_at) == ("issued", 0, None)
    late, payment = await in_cash(till)
    with clock.moved_to(late.due_at + timedelta(minutes=1)):
        async with transaction(tenant=HARBOR) as db:
            await refunding.begin(db, payment, amount=TOTAL, given=0, by=CAST.owner.viewer)
    assert (await till.read(Invoice, late.id)).status == "overdue"
    async with transaction(tenant=HARBOR) as db:
        count = await db.scalar(text("SELECT count(*) FROM events WHERE name = 'InvoiceOverdue'"))
    assert count == 1


async def test_moves_that_are_not_legal_are_in_the_audit_trail(till: Till) -> None:
    invoice, payment = await in_cash(till)
    desk = till.open_browser(CAST.advisor)
    other = await till.invoice()
    await till.press_pay(other)
    refused = [
        await till.give_back(payment, "999.00"),
        await till.give_back(payment, "1.00", given=5),
        await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "1"}),
        await desk.post(f"/invoices/{invoice.id}/cancellation", {"reason": "x"}),
        await desk.post(f"/invoices/{other.id}/cash", {"amount": "1"}),
        await desk.post(f"/invoices/{other.id}/cash", {"amount": "999"}),
        await desk.post(f"/invoices/{other.id}/cancellation", {"reason": "x"}),
    ]
    assert {answer.status_code for answer in refused} == {409}
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        kept = (await db.scalars(select(text("action FROM audit_logs ORDER BY id")))).all()
    assert kept == ["payment.illegal_refund", "payment.stale", *["invoice.illegal_move"] * 5]


async def test_only_who_leads_the_shop_gives_money_back(till: Till) -> None:
    _invoice, payment = await in_cash(till)
    for person, status in ((CAST.customer, 403), (CAST.advisor, 403), (CAST.outsider, 403), (None, 303)):
        answer = await till.open_browser(person).post(
            f"/payments/{payment.id}/refunds", {"amount": "1", "given": "0"}
        )
        assert answer.status_code == status, person
    assert (await till.read(Payment, payment.id)).refunded_minor == 0
