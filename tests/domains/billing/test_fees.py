"""The platform's fee: set by the network, reckoned here, taken by the provider, given back with refunds."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains.billing import fees, paying, settling
from app.domains.billing.checking import check_every_shop
from app.domains.billing.models import Payment
from app.gateways.payments import PaymentStatus
from tests.cast import CAST, HARBOR, VOLT
from tests.domains.billing.bills import TOTAL, issued, with_account, with_platform_fee
from tests.domains.billing.conftest import Till
from tests.domains.billing.test_card import FEE

OURS = 754
"""2.5 % of 289.47, which is 7.24 rounded half up, and 30 cents."""


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    amount=st.integers(1, 10**12),
    points=st.integers(0, fees.MOST_BASIS_POINTS),
    fixed=st.integers(0, fees.MOST_FIXED),
)
def test_a_fee_is_rounded_half_up_and_never_more_than_the_payment(
    amount: int, points: int, fixed: int
) -> None:
    fee = fees.fee_of(amount, points, fixed)
    share = (Decimal(amount) * points / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert fee == min(share + fixed, amount)
    assert 0 <= fee <= amount
    assert fees.fee_of(amount + 1, points, fixed) >= fee


async def set_through_page(till: Till, percent: str, fixed: str, version: int = 0, **more: Any) -> Any:
    form = {"currency": "USD", "version": str(version), "percent": percent, "fixed": fixed}
    return await till.open_browser(CAST.network).post("/network/fees", form, **more)


async def test_a_fee_is_taken_and_goes_back_in_proportion_and_the_network_sees_what_it_earned(
    till: Till,
) -> None:
    assert (await set_through_page(till, "2.5", "0.30")).status_code == 303
    invoice, payment = await till.paid_by_card()
    assert (payment.fee_minor, payment.platform_fee_minor) == (FEE, OURS)
    books = await till.books(invoice)
    assert books["platform_fees"] == OURS
    assert books["stripe"] == TOTAL - FEE - OURS
    await till.give_back(payment, "100.00")
    back = round(OURS * 10000 / TOTAL)
    assert (await till.books(invoice))["platform_fees"] == OURS - back
    page = (await till.open_browser(CAST.network).get("/network/fees")).text
    assert f"${(OURS - back) / 100:.2f}" in page
    await till.give_back(payment, "189.47", given=10000)
    books = await till.books(invoice)
    assert "platform_fees" not in books
    assert books["stripe"] == -FEE
    await check_every_shop()


async def test_a_charge_that_the_balance_learns_of_late_bears_both_fees(till: Till) -> None:
    """Stripe's usual way: for up to an hour nobody knows what it keeps of a payment that succeeded."""
    await set_through_page(till, "2.5", "0.30")
    await till.stripe.knobs(late_entries=True)
    for hears_of_it in (True, False):
        invoice, payment = await till.paid_by_card()
        assert (payment.fee_minor, payment.platform_fee_minor) == (0, OURS)
        assert (await till.books(invoice))["platform_fees"] == OURS
        if hears_of_it:
            await till.stripe.enter(payment.transaction_ref)
            await till.deliver("charge.updated")
            await till.deliver("charge.updated")  # once more: nothing is kept twice
            books = await till.books(invoice)
            assert (books["fees"], books["stripe"]) == (FEE, TOTAL - FEE - OURS)
        assert (await till.give_back(payment, "289.47")).status_code == 303
        books = await till.books(invoice)
        assert "platform_fees" not in books
        assert (books["fees"], books["stripe"]) == (FEE, -FEE)
        now = await till.read(Payment, payment.id)
        assert (now.status, now.fee_minor) == ("refunded", FEE)
    await check_every_shop()


async def test_a_payment_keeps_the_fee_it_began_with(till: Till) -> None:
    async with transaction(tenant=HARBOR) as db:
        await with_platform_fee(db, 100)
    invoice = await till.invoice()
    pressed = await till.press_pay(invoice)
    async with transaction(tenant=HARBOR) as db:
        await with_platform_fee(db, 3000)
    await till.stripe.pay(pressed.headers["location"])
    await till.deliver()
    (payment,) = await till.payments(invoice)
    assert payment.platform_fee_minor == 289
    assert (await till.read(Payment, payment.id)).platform_fee_minor == 289


async def test_the_oldest_month_the_network_sees_is_a_whole_one(db: AsyncSession) -> None:
    invoice = await issued(db)
    await with_account(db)
    await with_platform_fee(db, 250, 30)
    payment = await paying.begin_card(db, invoice, by=CAST.customer.viewer)
    said = PaymentStatus(ref="cs_1", state="completed", amount=TOTAL, platform_fee=OURS, currency="USD")
    with clock.moved_to(datetime(2031, 1, 1, 12, tzinfo=UTC)):
        await settling.settle(db, payment.id, said, by=Viewer.system(HARBOR))
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    with clock.moved_to(datetime(2032, 1, 31, 12, tzinfo=UTC)):
        (month,) = await fees.earned(db)
    assert (month.month, month.amount_minor) == (datetime(2031, 1, 1, tzinfo=UTC), OURS)
    with clock.moved_to(datetime(2032, 2, 1, tzinfo=UTC)):
        assert await fees.earned(db) == []


@pytest.mark.timeout(60)  # a number without bounds takes minutes
async def test_only_the_network_sets_a_fee_and_each_is_kept_in_ink(till: Till, db: AsyncSession) -> None:
    assert (await till.open_browser(CAST.owner).get("/network/fees")).status_code == 403
    for percent, fixed, said in (
        ("31", "0", "Between 0 and 30"),
        ("2.505", "0", "At most two decimals"),
        ("2", "0.005", "more decimals than USD knows"),
        ("2", "1,200", "more decimals than USD knows"),
        ("2", "-1", "less than nothing"),
        ("", "0", "Please fill this in"),
        ("1E900000", "0", "out of range"),
        ("-1e999999", "0", "out of range"),
        ("1e-99999999", "0", "more decimals than can be kept"),
        ("sNaN", "0", "Please enter a number"),
        ("2", "1e999999", "out of range"),
        ("2", "1001", "too much"),
    ):
        answer = await set_through_page(till, percent, fixed, key=f"{percent} {fixed}")
        assert answer.status_code == 422
        assert said in answer.text
    assert (await set_through_page(till, "2", "0", key="first")).status_code == 303
    stale = await set_through_page(till, "3", "0", key="stale")
    assert stale.status_code == 409
    assert "Nova Network changed this fee meanwhile" in stale.text
    assert (await set_through_page(till, "3", "0", version=1, key="again")).status_code == 303
    async with transaction() as seen:
        assert [(one.version, one.basis_points) for one in await fees.history(seen)] == [(2, 300), (1, 200)]
    for sentence in (
        "UPDATE platform_fees SET basis_points = 0",
        "INSERT INTO platform_fees VALUES (uuidv7(), 'USD', 9, 0, 0, NULL, '', now())",
    ):
        async with transaction(tenant=HARBOR) as shops:
            if sentence.startswith("UPDATE"):
                assert (await shops.execute(text(sentence))).rowcount == 0  # type: ignore[attr-defined]
                continue
            with pytest.raises(DBAPIError, match="row-level security"):
                async with shops.begin_nested():
                    await shops.execute(text(sentence))


async def test_the_owner_sees_fee_balance_and_payouts_and_nobody_else_does(till: Till) -> None:
    async with transaction(tenant=HARBOR) as db:
        await with_platform_fee(db, 250, 30)
    owner = till.open_browser(CAST.owner)
    _invoice, payment = await till.paid_by_card()
    (ref,) = await till.stripe.pay_out(payment.provider_account)
    page = (await owner.get("/settings/payments")).text
    assert "2.5% and $0.30" in page
    assert "On its way" in page
    found = (await owner.get("/api/v1/admin/payouts")).json()
    assert found["fees"] == [{"currency": "USD", "basis_points": 250, "fixed_minor": 30}]
    assert found["balance"]["available"] == {"USD": 0}
    newest = found["payouts"][0]
    assert (newest["id"], newest["status"], newest["currency"]) == (ref, "in_transit", "USD")
    await till.stripe.answer_payout(ref, "failed")
    assert "The bank account has been closed." in (await owner.get("/settings/payments")).text
    for path in ("/settings/payments", "/api/v1/admin/payouts"):
        assert (await till.open_browser(CAST.advisor).get(path)).status_code == 403
    await till.stripe.knobs(fail_next=9)
    page = await owner.get("/settings/payments")
    assert page.status_code == 200
    assert "does not answer just now" in page.text
    assert "2.5% and $0.30" in page.text
    assert (await owner.get("/api/v1/admin/payouts")).status_code == 503


async def test_each_currency_of_a_business_has_fields_of_its_own(till: Till) -> None:
    opened = {
        "name": "Harbor Lane Rotterdam", "zone": "Europe/Amsterdam", "currency": "EUR", "country": "NL",
        "slot_minutes": "30", "notice_minutes": "0", "horizon_days": "30", "cancel_hours": "24",
    }  # fmt: skip
    assert (await till.open_browser(CAST.owner).post("/settings/centers", opened)).status_code == 303
    network, url = till.open_browser(CAST.network), f"/network/businesses/{HARBOR}/fees"
    wrong = {"currency": "USD", "version": "0", "what": "own", "percent": "31", "fixed": "0"}
    for page in ((await network.get(url)).text, (await network.post(url, wrong)).text):
        assert "Payments in EUR" in page
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert sorted(ids) == sorted(set(ids))
        for pointed in re.findall(r'<a href="#(f-[^"]+)"', page):
            assert pointed in ids


async def test_one_business_pays_a_fee_of_its_own_from_a_day_on_and_then_the_one_for_all_again(
    till: Till, db: AsyncSession
) -> None:
    await set_through_page(till, "2", "0")
    page = f"/network/businesses/{HARBOR}/fees"

    async def set_own(version: int = 0, **form: str) -> Any:
        sent = {"currency": "USD", "version": str(version), "what": "own", **form}
        return await till.open_browser(CAST.network).post(page, sent, key=str(form))

    async def due_at(days: float) -> int:
        async with transaction(tenant=HARBOR) as shop:
            with clock.moved_to(clock.now() + timedelta(days=days)):
                return await fees.due(shop, HARBOR, 10000, "USD")

    assert (await till.open_browser(CAST.owner).get(page)).status_code == 403
    assert (
        await till.open_browser(CAST.network).get(page.replace(str(HARBOR), str(CAST.owner.user_id)))
    ).status_code == 404
    today = clock.now().date()
    for form, said in (
        ({"percent": "31", "fixed": "0"}, "Between 0 and 30"),
        ({"percent": "", "fixed": "1"}, "Please fill this in"),
        ({"percent": "1", "fixed": "1001"}, "too much"),
        ({"percent": "1", "fixed": "0", "starts_on": str(today - timedelta(days=1))}, "From today on"),
        ({"percent": "1", "fixed": "0", "starts_on": "9999-12-31"}, "From today on"),
    ):
        answer = await set_own(**form)
        assert (answer.status_code, said in answer.text) == (422, True)
    coming = str(today + timedelta(days=3))
    assert (await set_own(percent="1", fixed="0.10", starts_on=coming)).status_code == 303
    assert [await due_at(0), await due_at(4)] == [200, 110]
    stale = await set_own(percent="9", fixed="0")
    assert (stale.status_code, "Nova Network changed this fee" in stale.text) == (409, True)
    assert (
        await set_own(1, percent="0.5", fixed="0", starts_on="")
    ).status_code == 303  # what was planned gives way
    assert [await due_at(0), await due_at(4)] == [50, 50]
    _invoice, payment = await till.paid_by_card()
    assert payment.platform_fee_minor == fees.fee_of(TOTAL, 50, 0)
    assert "0.5%" in (await till.open_browser(CAST.owner).get("/settings/payments")).text
    assert (await set_own(2, what="general")).status_code == 303
    assert await due_at(0) == 200
    later = str(today + timedelta(days=30))
    assert (await set_own(3, percent="1", fixed="0", starts_on=coming)).status_code == 303
    assert (
        await set_own(4, percent="3", fixed="0", starts_on=later)
    ).status_code == 303  # moved before it began
    assert [await due_at(0), await due_at(10), await due_at(31)] == [200, 200, 300]
    with clock.moved_to(clock.now() + timedelta(days=31)):
        async with transaction() as network:
            await network.execute(text("SELECT set_config('app.network', 'on', true)"))
            await fees.set_for_business(
                network, HARBOR, "USD", fee=(400, 0), starts_on=today + timedelta(days=40), seen=5,
                by=CAST.network.viewer,
            )  # fmt: skip
    assert [await due_at(31), await due_at(41)] == [300, 400]  # what has begun holds until the next begins
    async with transaction(tenant=VOLT) as other:
        assert await fees.history_of(other, HARBOR) == []
        with pytest.raises(DBAPIError, match="row-level security"):
            async with other.begin_nested():
                await other.execute(
                    text(
                        "INSERT INTO business_fees VALUES (:volt, uuidv7(), 'USD', 1, false, 0, 0, now(), NULL, '', now())"
                    ),
                    {"volt": VOLT},
                )
    shown = (await till.open_browser(CAST.network).get(page)).text
    assert shown.count("Nova Network") >= 3
