"""Money of purchases through the provider: whatever happens in whatever order, nothing is taken that is not sold, and the
books say what the provider says."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import transaction
from app.core.errors import Refused
from app.domains.billing import checking, checkout, payouts
from app.domains.billing.models import LedgerEntry, PaymentAccount
from app.domains.marketplace import deal_checking, deal_paying, fulfilling, giving_back, purchases, tasks
from app.domains.marketplace.models import PartsOrder, Purchase, PurchaseLine, PurchasePayment, PurchaseRefund
from app.domains.notifications.models import Mail, Notification
from app.gateways.payments.stripe import StripeGateway
from tests.browsing import Browser
from tests.cast import CAST, NORTHSIDE, Person
from tests.domains.billing.bills import with_platform_fee
from tests.domains.billing.conftest import (  # noqa: F401
    Till,
    bare_till,
    letterbox,
    stripe_process,
)
from tests.gateways.stripe_process import SECRET_KEY, WEBHOOK_SECRET, StripeProcess
from tests.market import asked, bought, offered

Open = Callable[..., Browser]


async def an_account(process: StripeProcess) -> str:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, process.base)
    ref = await gateway.open_account(
        name="Northside Parts", email=CAST.seller.email, country="US", currency="USD", key=uuid4()
    )
    back = "http://testserver/settings/payments"
    await process.connect(await gateway.setup_url(ref, return_url=back))
    return ref


@pytest.fixture(scope="session")
async def sellers_account(stripe_process: StripeProcess) -> str:  # noqa: F811
    return await an_account(stripe_process)


@pytest.fixture
async def counter(bare_till: Till, sellers_account: str) -> Till:  # noqa: F811
    """Northside can charge cards; the platform keeps 5 %."""
    async with transaction(tenant=NORTHSIDE) as db:
        db.add(
            PaymentAccount(tenant_id=NORTHSIDE, provider="stripe", account_ref=sellers_account, is_ready=True)
        )
    async with transaction() as db:
        await with_platform_fee(db, 500)
    return bare_till


async def _sale(price: int = 5000) -> UUID:
    """Northside has won; River Spares' dearer offer lost."""
    async with transaction() as db:
        order = await asked(db, "Pads")
        won = await offered(db, order, price, core_charge_minor=1000)
        await offered(db, order, price + 900, seller=CAST.second_seller)
        (purchase,) = await bought(db, order, won)
        assert purchase.payment_method == "card"
        return purchase.id


async def _purchase(purchase_id: UUID) -> tuple[Purchase, list[PurchasePayment]]:
    async with transaction(tenant=NORTHSIDE) as db:
        purchase = await db.get_one(Purchase, purchase_id)
        return purchase, list(await purchases.payments_of(db, purchase))


async def _paid(till: Till, purchase_id: UUID) -> None:
    """The buyer presses the button and pays on the provider's page; the news come by post."""
    pressed = await till.open_browser(CAST.customer).post(f"/parts/purchases/{purchase_id}/payment", {})
    assert pressed.status_code == 303, pressed.text
    till.letterbox.heard.clear()
    back = await till.stripe.pay(pressed.headers["location"])
    assert back.headers["location"].endswith(f"/parts/purchases/{purchase_id}/payment")
    await till.deliver()


async def _books(purchase_id: UUID) -> dict[str, int]:
    async with transaction(tenant=NORTHSIDE) as db:
        rows = await db.execute(
            select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor))
            .where(LedgerEntry.purchase_id == purchase_id)
            .group_by(LedgerEntry.account)
        )
        return {account: int(total) for account, total in rows if total}


async def _all_is_well() -> None:
    async with transaction(tenant=NORTHSIDE) as db:
        assert await deal_checking.faults(db, NORTHSIDE) == []
        assert await checking.faults(db, NORTHSIDE) == []


async def test_the_card_is_held_first_and_taken_when_the_seller_confirms(counter: Till) -> None:
    purchase_id = await _sale()
    seller = counter.open_browser(CAST.seller)
    early = await seller.post(f"/market/sales/{purchase_id}/confirmation", {})
    assert early.status_code == 409
    await _paid(counter, purchase_id)
    purchase, (payment,) = await _purchase(purchase_id)
    assert (purchase.payment_status, payment.authorized_minor, payment.captured_minor) == (
        "authorized",
        6000,
        0,
    )
    assert await _books(purchase_id) == {}  # a hold is not money
    answers = await asyncio.gather(
        *(seller.post(f"/market/sales/{purchase_id}/confirmation", {}) for _ in range(3))
    )
    assert 303 in {one.status_code for one in answers}
    await counter.react()
    purchase, (payment,) = await _purchase(purchase_id)
    assert (purchase.status, purchase.payment_status, purchase.paid_minor) == ("processing", "paid", 6000)
    assert payment.platform_fee_minor == 300
    books = await _books(purchase_id)
    tax = purchase.tax_minor
    fees = payment.fee_minor + 300
    assert books == {
        "stripe": 6000 - fees, "fees": payment.fee_minor, "platform_fees": 300,
        "revenue": -(5000 - tax), "tax": -tax, "core_deposits": -1000,
    }  # fmt: skip
    settings_page = await seller.get("/settings/payments")
    assert (settings_page.status_code, f"/market/sales/{purchase_id}" in settings_page.text) == (200, True)
    failed = await seller.post(f"/market/sales/{purchase_id}/failure", {"reason": "It is cracked"})
    assert failed.status_code == 303
    await counter.react()
    purchase, (payment,) = await _purchase(purchase_id)
    assert (purchase.status, purchase.payment_status, purchase.refunded_minor) == ("failed", "refunded", 6000)
    assert set(await _books(purchase_id)) <= {"stripe", "fees"}  # what the provider keeps all the same
    await _all_is_well()
    page = await counter.open_browser(CAST.outsider).get(f"/market/sales/{purchase_id}")
    assert page.status_code in (403, 404)
    other = await counter.open_browser(CAST.second_seller).get(f"/market/sales/{purchase_id}")
    assert other.status_code == 404


async def test_money_that_lands_after_the_purchase_is_over_is_let_go(counter: Till) -> None:
    purchase_id = await _sale()
    pressed = await counter.open_browser(CAST.customer).post(f"/parts/purchases/{purchase_id}/payment", {})
    async with transaction(tenant=NORTHSIDE) as db:
        past = clock.now() - timedelta(minutes=1)
        await db.execute(update(Purchase).where(Purchase.id == purchase_id).values(pay_by=past))
    assert await fulfilling.overdue() == [(NORTHSIDE, purchase_id)]
    await tasks.end_overdue_purchases()
    purchase, (payment,) = await _purchase(purchase_id)
    assert (purchase.status, purchase.end_reason, payment.status) == ("cancelled", "not_paid", "pending")
    await counter.stripe.pay(pressed.headers["location"])  # before anybody has closed the page
    await counter.deliver()
    purchase, (payment,) = await _purchase(purchase_id)
    assert payment.status in ("cancelled", "expired")
    told = await counter_status(counter, payment)
    assert told == "cancelled"
    assert (purchase.paid_minor, await _books(purchase_id)) == (0, {})
    assert "Your payment came too late: the purchase was over by then" in await _titles(CAST.customer)
    assert "parts_order_paid_late" in await _mailed()


async def counter_status(till: Till, payment: PurchasePayment) -> str:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, till.stripe.base)
    return (await gateway.status(payment.provider_ref, account=payment.provider_account)).state


async def test_a_hold_that_lapsed_is_told_of_and_can_be_paid_again(counter: Till) -> None:
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    _bought, (payment,) = await _purchase(purchase_id)
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, counter.stripe.base)
    await gateway.cancel(payment.provider_ref, account=payment.provider_account)  # on the provider's own page
    said = await counter.open_browser(CAST.seller).post(f"/market/sales/{purchase_id}/confirmation", {})
    assert said.status_code == 409
    purchase, (payment,) = await _purchase(purchase_id)
    assert (purchase.status, purchase.payment_status, payment.captured_minor) == ("accepted", "failed", 0)
    await _paid(counter, purchase_id)
    purchase, payments = await _purchase(purchase_id)
    assert (purchase.payment_status, len(payments)) == ("authorized", 2)


async def test_a_payout_is_held_against_sales_too_and_moves_are_json_as_well(counter: Till) -> None:
    own = await an_account(counter.stripe)  # on which nothing else has moved
    async with transaction(tenant=NORTHSIDE) as db:
        await db.execute(update(PaymentAccount).values(account_ref=own))
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    seller, buyer = counter.open_browser(CAST.seller), counter.open_browser(CAST.customer)
    put = f"/api/v1/parts-sales/{purchase_id}/status"
    assert (await seller.json("PUT", put, {"status": "shipped", "carrier": "UPS"})).status_code == 409
    assert (await seller.json("PUT", put, {"status": "processing"})).json()["payment_status"] == "paid"
    sent = await seller.json("PUT", put, {"status": "shipped", "carrier": "UPS", "tracking_number": "1Z"})
    assert (sent.json()["status"], sent.json()["tracking_number"]) == ("shipped", "1Z")
    async with transaction(user=CAST.customer.user_id) as db:
        order, _purchase_row = await purchases.find_bought(db, CAST.customer.viewer, purchase_id)
    there = f"/api/v1/auto-parts-orders/{order.code}/purchases/{purchase_id}/status"
    stranger = await counter.open_browser(CAST.outsider).json("PUT", there, {"status": "delivered"})
    assert stranger.status_code == 404
    assert (await buyer.json("PUT", there, {"status": "delivered"})).json()["status"] == "delivered"
    (ref,) = await counter.stripe.pay_out(own)
    told = (await seller.json("GET", f"/api/v1/admin/payouts/{ref}")).json()
    assert [(one["kind"], one["invoice_number"], one["difference"]) for one in told["lines"]] == [
        ("payment", order.code, "")
    ]
    page = (await seller.get(f"/settings/payments/payouts/{ref}")).text
    assert f"/market/sales/{purchase_id}" in page
    await payouts.note(NORTHSIDE)
    _bought, (payment,) = await _purchase(purchase_id)
    assert payment.payout_ref == ref


async def _titles(person: Person, tenant: UUID | None = None) -> set[str]:
    async with transaction(user=person.user_id, tenant=tenant) as db:
        mine = select(Notification.title).where(Notification.user_id == person.user_id)
        return set(await db.scalars(mine))


async def _mailed() -> list[str]:
    async with transaction(user=CAST.customer.user_id, tenant=NORTHSIDE) as db:
        return sorted(await db.scalars(select(Mail.template).where(Mail.template.startswith("parts_order"))))


async def test_the_counter_hears_of_a_sale_when_the_money_is_held(counter: Till) -> None:
    purchase_id = await _sale()
    await counter.react()
    assert not any("accepted" in one or "Sold" in one for one in await _titles(CAST.seller, NORTHSIDE))
    await _paid(counter, purchase_id)
    await counter.react()
    assert "Sold for $60.00: confirm it" in await _titles(CAST.seller, NORTHSIDE)


async def test_a_refund_the_provider_refuses_is_tried_again_and_nobody_reads_that_it_has_gone(
    counter: Till,
) -> None:
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    seller, buyer = counter.open_browser(CAST.seller), counter.open_browser(CAST.customer)
    await seller.post(f"/market/sales/{purchase_id}/confirmation", {})
    await counter.react()
    await counter.stripe.knobs(refuse_refunds=1)
    await seller.post(f"/market/sales/{purchase_id}/failure", {"reason": "It is cracked"})
    await counter.react()
    await tasks.settle_up_purchases()  # not before its time
    purchase, _payments = await _purchase(purchase_id)
    async with transaction(tenant=NORTHSIDE) as db:
        refused, again = await purchases.refunds_of(db, purchase)
        order = await db.get_one(PartsOrder, purchase.order_id)
    assert (purchase.payment_status, purchase.refunded_minor) == ("paid", 0)
    assert (refused.status, again.status, again.refusals, again.amount_minor) == (
        "failed",
        "pending",
        1,
        6000,
    )
    assert again.try_at is not None
    assert refused.decided_at is not None
    assert again.try_at - refused.decided_at == giving_back.PAUSES[0]
    for page in (
        await seller.get(f"/market/sales/{purchase_id}"),
        await buyer.get(f"/parts/orders/{order.code}"),
    ):
        assert "money has not gone back yet" in page.text
        assert "paid back" not in page.text
    network = counter.open_browser(CAST.network)
    assert order.code in (await network.get("/network/money")).text
    async with transaction(tenant=NORTHSIDE) as db:
        await db.execute(
            update(PurchaseRefund).where(PurchaseRefund.id == again.id).values(try_at=clock.now())
        )
    await tasks.settle_up_purchases()
    await counter.react()
    purchase, _payments = await _purchase(purchase_id)
    assert (purchase.payment_status, purchase.refunded_minor, purchase.owed_since) == ("refunded", 6000, None)
    assert order.code not in (await network.get("/network/money")).text
    assert await _mailed() == [
        "parts_order_failed", "parts_order_money_owed", "parts_order_paid", "parts_order_refunded",
    ]  # fmt: skip
    await _all_is_well()


async def _goes_by_the_providers_page(till: Till, purchase_id: UUID, amount: int) -> None:
    _found, (payment,) = await _purchase(purchase_id)
    provider = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, till.stripe.base)
    await provider.refund(payment.provider_ref, amount, key=uuid4(), account=payment.provider_account)
    await checkout.look(deal_paying.whose(payment))


async def _its_time_comes(purchase_id: UUID) -> None:
    async with transaction(tenant=NORTHSIDE) as db:
        mine = (PurchaseRefund.purchase_id == purchase_id, PurchaseRefund.status == "pending")
        await db.execute(update(PurchaseRefund).where(*mine).values(try_at=clock.now()))
    await tasks.settle_up_purchases()


async def test_a_refused_deposit_that_went_by_the_providers_page_does_not_go_twice(counter: Till) -> None:
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    seller, buyer = counter.open_browser(CAST.seller), counter.open_browser(CAST.customer)
    await seller.post(f"/market/sales/{purchase_id}/confirmation", {})
    await buyer.post(f"/parts/purchases/{purchase_id}/receipt", {})
    await counter.react()
    await counter.stripe.knobs(refuse_refunds=1)
    await seller.post(f"/market/sales/{purchase_id}/core", {})
    await counter.react()
    await _goes_by_the_providers_page(counter, purchase_id, 1000)
    await _its_time_comes(purchase_id)
    purchase, _payments = await _purchase(purchase_id)
    assert (purchase.refunded_minor, purchase.owed_since) == (1000, None)
    await _all_is_well()


async def test_of_a_refused_refund_that_went_in_part_the_rest_is_still_owed_and_goes(counter: Till) -> None:
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    seller = counter.open_browser(CAST.seller)
    await seller.post(f"/market/sales/{purchase_id}/confirmation", {})
    await counter.react()
    await counter.stripe.knobs(refuse_refunds=1)
    await seller.post(f"/market/sales/{purchase_id}/failure", {"reason": "It is cracked"})
    await counter.react()
    await _goes_by_the_providers_page(counter, purchase_id, 2500)
    assert (await _purchase(purchase_id))[0].owed_since is not None
    await _its_time_comes(purchase_id)
    await counter.react()
    purchase, _payments = await _purchase(purchase_id)
    assert (purchase.payment_status, purchase.refunded_minor, purchase.owed_since) == ("refunded", 6000, None)
    await _all_is_well()


async def test_a_card_that_does_not_pay_is_asked_once_more_under_another_key_and_is_no_fault_of_the_shop(
    counter: Till,
) -> None:
    seller = counter.open_browser(CAST.seller)
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    await counter.stripe.knobs(refuse_captures=1)
    said = await seller.post(f"/market/sales/{purchase_id}/confirmation", {})
    assert (said.status_code, "did not hand out the money" in said.text) == (409, True)
    assert "declined" not in said.text
    again = await seller.post(f"/market/sales/{purchase_id}/confirmation", {})
    assert again.status_code == 303
    assert (await _purchase(purchase_id))[0].payment_status == "paid"

    twice = await _sale()
    await _paid(counter, twice)
    await counter.stripe.knobs(refuse_captures=2)
    for _time in range(2):
        assert (await seller.post(f"/market/sales/{twice}/confirmation", {})).status_code == 409
    purchase, (payment,) = await _purchase(twice)
    assert (purchase.payment_status, payment.status) == ("failed", "cancelled")  # to be paid anew
    await counter.react()
    assert "Your bank did not hand out the money. Nothing was taken; please pay with another card" in (
        await _titles(CAST.customer)
    )

    left = await _sale()
    await _paid(counter, left)
    await counter.stripe.knobs(refuse_captures=1)
    await seller.post(f"/market/sales/{left}/confirmation", {})
    async with transaction(tenant=NORTHSIDE) as db:
        past = clock.now() - timedelta(minutes=1)
        await db.execute(update(Purchase).where(Purchase.id == left).values(confirm_by=past))
    await tasks.end_overdue_purchases()
    purchase, _payments = await _purchase(left)
    assert (purchase.status, purchase.end_reason) == ("cancelled", "not_taken")


async def test_both_sides_hear_of_a_dispute(counter: Till) -> None:
    purchase_id = await _sale()
    await _paid(counter, purchase_id)
    await counter.open_browser(CAST.seller).post(f"/market/sales/{purchase_id}/confirmation", {})
    _bought, (payment,) = await _purchase(purchase_id)
    await counter.stripe.dispute(payment.gateway_response["transaction"])
    await _look(counter, purchase_id)
    await _look(counter, purchase_id)
    await counter.react()
    assert "The buyer disputes $60.00 at their bank: answer it at the payment provider" in (
        await _titles(CAST.seller, NORTHSIDE)
    )
    assert "Your bank asks the shop about your payment of $60.00" in await _titles(CAST.customer)
    assert (await _mailed()).count("parts_order_questioned") == 1


Step = Callable[[Till, UUID], Awaitable[None]]


async def _as(who: str, till: Till, path: str, form: dict[str, str] | None = None) -> None:
    person = CAST.customer if who == "buyer" else CAST.seller
    answer = await till.open_browser(person).post(path, form or {})
    assert answer.status_code in (303, 409, 422), (path, answer.status_code, answer.text[:300])


async def _pay(till: Till, one: UUID) -> None:
    answer = await till.open_browser(CAST.customer).post(f"/parts/purchases/{one}/payment", {})
    if answer.status_code == 303 and answer.headers["location"].startswith(till.stripe.base):
        await till.stripe.pay(answer.headers["location"])


async def _look(till: Till, one: UUID) -> None:
    """News, as often and as late as they like."""
    _bought, payments = await _purchase(one)
    for payment in payments:
        await asyncio.gather(*(checkout.look(deal_paying.whose(payment)) for _ in range(2)))


async def _react(till: Till, one: UUID) -> None:
    await till.react()


STEPS: dict[str, Step] = {
    "pay": _pay,
    "look": _look,
    "react": _react,
    "confirm": lambda till, one: _as("seller", till, f"/market/sales/{one}/confirmation"),
    "ship": lambda till, one: _as("seller", till, f"/market/sales/{one}/shipment", {"carrier": "UPS"}),
    "hand over": lambda till, one: _as(
        "seller", till, f"/market/sales/{one}/delivery", {"handed_to": "Cleo"}
    ),
    "fail": lambda till, one: _as("seller", till, f"/market/sales/{one}/failure", {"reason": "Broken"}),
    "agree": lambda till, one: _as("seller", till, f"/market/sales/{one}/cancellation", {"answer": "yes"}),
    "take back": lambda till, one: _as(
        "seller", till, f"/market/sales/{one}/return", {"answer": "yes", "restocking": "3.50"}
    ),
    "core": lambda till, one: _as("seller", till, f"/market/sales/{one}/core"),
    "receive": lambda till, one: _as("buyer", till, f"/parts/purchases/{one}/receipt"),
    "cancel": lambda till, one: _as("buyer", till, f"/parts/purchases/{one}/cancellation"),
    "return": lambda till, one: _as("buyer", till, f"/parts/purchases/{one}/return", {"reason": "Wrong"}),
}


@given(steps=st.lists(st.sampled_from(["pay", "look", "confirm", "confirm", *STEPS]), min_size=3, max_size=9))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_the_money_adds_up(counter: Till, steps: list[str]) -> None:
    purchase_id = await _sale()
    for step in ["pay", "look", *steps]:
        await STEPS[step](counter, purchase_id)
        purchase, payments = await _purchase(purchase_id)
        for payment in payments:
            assert payment.captured_minor <= payment.authorized_minor <= payment.amount_minor
            assert payment.refunded_minor <= payment.captured_minor
        assert purchase.refunded_minor <= purchase.paid_minor
        assert not purchase.paid_minor or purchase.confirmed_at is not None
    await _look(counter, purchase_id)
    await counter.react()
    await _look(counter, purchase_id)
    purchase, payments = await _purchase(purchase_id)
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, counter.stripe.base)
    there = 0
    for payment in payments:
        told = await gateway.status(payment.provider_ref, account=payment.provider_account)
        assert (told.amount or 0, told.refunded) == (payment.captured_minor, payment.refunded_minor)
        there += (told.amount or 0) - told.refunded - told.fee - told.platform_fee + told.platform_fee_back
        if purchase.status in ("cancelled", "failed"):
            assert not payment.is_live
            assert told.refunded == (told.amount or 0)
    assert (await _books(purchase_id)).get("stripe", 0) == there
    async with transaction(tenant=NORTHSIDE) as db:
        live = await db.scalars(select(PurchaseLine.is_live).where(PurchaseLine.purchase_id == purchase_id))
        assert set(live) == {purchase.status not in ("cancelled", "failed")}
    await _all_is_well()


async def test_nobody_but_the_buyer_pays(counter: Till) -> None:
    purchase_id = await _sale()
    for person in (CAST.outsider, CAST.second_seller):
        answer = await counter.open_browser(person).post(f"/parts/purchases/{purchase_id}/payment", {})
        assert answer.status_code in (403, 404)
    async with transaction(user=CAST.customer.user_id) as db:
        _order, purchase = await purchases.find_bought(db, CAST.customer.viewer, purchase_id)
        first = await deal_paying.begin(db, purchase, by=CAST.customer.viewer)
        again = await deal_paying.begin(db, purchase, by=CAST.customer.viewer)
        assert first.id == again.id
        purchase.pay_by = clock.now()
        await db.flush()
        with pytest.raises(Refused):
            await deal_paying.begin(db, purchase, by=CAST.customer.viewer)
