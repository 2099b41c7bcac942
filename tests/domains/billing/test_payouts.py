"""What a payout is made of, beside our books."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.db import transaction
from app.domains.billing import payouts
from app.domains.billing.models import Payment, Refund
from app.gateways.payments import PayoutLine
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL, with_account, with_platform_fee
from tests.domains.billing.conftest import Till, new_account
from tests.domains.billing.test_card import FEE
from tests.domains.billing.test_fees import OURS
from tests.domains.billing.test_refunding import refunds

WHEN = datetime(2031, 1, 6, tzinfo=UTC)


@pytest.fixture
async def till(bare_till: Till) -> Till:
    """The shop's account is one that no other test has left anything on."""
    async with transaction(tenant=HARBOR) as db:
        await with_account(db, await new_account(bare_till.stripe))
    return bare_till


async def test_a_payout_is_its_payments_refunds_and_fees_and_each_payment_knows_it(
    till: Till,
) -> None:
    async with transaction(tenant=HARBOR) as db:
        await with_platform_fee(db, 250, 30)
    invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "100.00")
    back = round(OURS * 10000 / TOTAL)
    owner = till.open_browser(CAST.owner)
    assert "Not paid out yet" in (await owner.get(f"/invoices/{invoice.id}")).text
    (ref,) = await till.stripe.pay_out(payment.provider_account)
    page = (await owner.get(f"/settings/payments/payouts/{ref}")).text
    assert "our books say the same of each" in page
    assert invoice.label in page
    told = (await owner.get(f"/api/v1/admin/payouts/{ref}")).json()
    lines = {one["kind"]: one for one in told["lines"]}
    assert (told["is_whole"], told["missing_minor"], len(told["lines"])) == (True, 0, 2)
    assert lines["payment"]["net_minor"] == TOTAL - FEE - OURS
    assert (lines["refund"]["amount_minor"], lines["refund"]["platform_fee_minor"]) == (-10000, -back)
    assert {one["difference"] for one in told["lines"]} == {""}
    arrives = TOTAL - 10000 - FEE - OURS + back
    assert told["payout"]["amount_minor"] == arrives
    await payouts.note(HARBOR)
    now = await till.read(Payment, payment.id)
    assert (now.payout_ref, now.arrives_minor) == (ref, arrives)
    assert (await till.books(invoice))["stripe"] == arrives
    (received,) = (await owner.get("/api/v1/admin/card-payments")).json()
    assert (received["payout_id"], received["arrives_minor"]) == (ref, arrives)
    for path in (f"/invoices/{invoice.id}", "/settings/payments", "/settings/payments/received"):
        assert f"/settings/payments/payouts/{ref}" in (await owner.get(path)).text
    others = till.open_browser(CAST.advisor)
    assert "Arrives:" not in (await others.get(f"/invoices/{invoice.id}")).text
    assert (await others.get(f"/settings/payments/payouts/{ref}")).status_code == 403
    for nothing in ("po_none", "po%20x", "a%2Fb"):
        assert (await owner.get(f"/settings/payments/payouts/{nothing}")).status_code == 404
    await till.stripe.knobs(fail_next=9)
    assert (await owner.get(f"/api/v1/admin/payouts/{ref}")).status_code == 503


async def brought_by(till: Till, payment: Payment) -> str:
    await payouts.note(HARBOR)
    return (await till.read(Payment, payment.id)).payout_ref


async def test_what_our_books_do_not_have_is_named_and_a_payout_that_came_back_is_no_difference(
    till: Till,
) -> None:
    invoice, payment = await till.paid_by_card()
    await till.give_back(payment, "50.00")
    (made,) = await refunds(invoice)
    (first,) = await till.stripe.pay_out(payment.provider_account)
    assert await brought_by(till, payment) == first
    await till.stripe.answer_payout(first, "failed")
    assert await brought_by(till, payment) == ""
    await till.stripe.return_refund(made.provider_ref)  # no news of it yet
    (second,) = await till.stripe.pay_out(payment.provider_account)
    assert await brought_by(till, payment) == second
    owner = till.open_browser(CAST.owner)
    told = (await owner.get(f"/api/v1/admin/payouts/{second}")).json()
    said = {one["kind"]: one["difference"] for one in told["lines"]}
    assert said == {
        "payout_returned": "",
        "refund_returned": "Our books say that only $0.00 was sent back by the customer's bank.",
    }
    assert told["missing_minor"] == 0
    assert told["payout"]["amount_minor"] == TOTAL - FEE
    page = (await owner.get(f"/settings/payments/payouts/{second}")).text
    assert "our books say something else of 1 of them" in page
    await till.deliver("refund.failed")
    assert "our books say the same of each" in (await owner.get(f"/settings/payments/payouts/{second}")).text
    assert "comes with a later payout" in (await owner.get(f"/settings/payments/payouts/{first}")).text


parts = st.lists(st.integers(1, 500), max_size=4)


@given(
    amount=st.integers(2000, 10**9),
    fee=st.integers(1, 500),
    ours=st.integers(0, 500),
    gone=parts,
    slip=st.integers(-300, 300),
    where=st.integers(0, 9),
)
def test_every_slip_of_a_cent_has_a_name(
    amount: int, fee: int, ours: int, gone: list[int], slip: int, where: int
) -> None:
    payment = Payment(
        transaction_ref="pi_1", status="completed", currency="USD", amount_minor=amount, fee_minor=fee,
        platform_fee_minor=ours, platform_fee_back_minor=0, refunded_minor=sum(gone), returned_minor=0,
        lost_minor=0, dispute_stage=0,
    )  # fmt: skip
    made = {f"re_{n}": Refund(provider_ref=f"re_{n}", amount_minor=part) for n, part in enumerate(gone)}
    taken = PayoutLine(
        ref="txn", kind="payment", amount=amount, fee=fee, platform_fee=ours, net=amount - fee - ours,
        at=WHEN, source="ch_1", transaction="pi_1",
    )  # fmt: skip
    lines = [taken]
    for n, part in enumerate(gone):
        lines.append(
            replace(taken, kind="refund", amount=-part, fee=0, platform_fee=0, net=-part, source=f"re_{n}")
        )
    assert payouts.differences(lines, {"pi_1": payment}, made) == [""] * len(lines)
    place = where % len(lines)
    lines[place] = replace(lines[place], amount=lines[place].amount + slip)
    said = payouts.differences(lines, {"pi_1": payment}, made)
    assert bool(said[place]) == bool(slip)
