"""Many at once: one invoice is paid once, numbers have no gap, and nobody waits for ever."""

import asyncio
import time
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.core.db import transaction
from app.core.errors import Refused
from app.domains.billing import invoicing, paying
from app.domains.billing.models import Invoice, Payment
from app.domains.billing.numbering import next_number
from tests.cast import CAST, HARBOR, VOLT
from tests.domains.billing.bills import TOTAL, finished
from tests.domains.billing.conftest import Till


class OnPurpose(Exception):
    """A rollback."""


async def test_fifty_payments_of_one_invoice_take_its_money_once(till: Till) -> None:
    invoice = await till.invoice()

    async def pay(sum_minor: int) -> str:
        async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
            wanted = await db.get_one(Invoice, invoice.id)
            try:
                await paying.take_cash(db, wanted, amount=sum_minor, by=CAST.advisor.viewer)
            except Refused as refused:
                return f"{refused.status}"
        return "paid"

    began = time.monotonic()
    answers = await asyncio.gather(*(pay(TOTAL) for _ in range(50)))
    assert time.monotonic() - began < 15
    assert sorted(set(answers)) == ["409", "paid"]
    assert answers.count("paid") == 1
    assert await till.books(invoice) == {"cash": TOTAL, "revenue": -26990, "tax": -1957}


async def test_fifty_parts_never_add_up_to_more(till: Till) -> None:
    invoice = await till.invoice()
    desk = till.open_browser(CAST.advisor)
    url = f"/invoices/{invoice.id}/cash"
    answers = await asyncio.gather(*(desk.post(url, {"amount": "20.00"}) for _ in range(50)))
    counted = [answer.status_code for answer in answers]
    assert (counted.count(303), counted.count(409)) == (14, 36)  # 14 × 20.00 fit into 289.47
    paid = await till.read(Invoice, invoice.id)
    assert (paid.paid_minor, paid.status) == (28000, "partially_paid")


async def test_fifty_presses_of_the_card_button_begin_one_payment(till: Till) -> None:
    invoice = await till.invoice()
    answers = await asyncio.gather(*(till.press_pay(invoice) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await till.payments(invoice)) == 1


async def test_card_and_cash_at_the_same_moment_pay_once(till: Till) -> None:
    invoice = await till.invoice()
    desk = till.open_browser(CAST.advisor)
    cash, card = await asyncio.gather(
        desk.post(f"/invoices/{invoice.id}/cash", {"amount": "289.47"}), till.press_pay(invoice)
    )
    assert sorted((cash.status_code, card.status_code)) == [303, 409]
    assert len(await till.payments(invoice)) == 1


async def test_numbers_have_no_gap_whatever_is_rolled_back(site: str) -> None:
    taken: dict[UUID, list[int]] = {HARBOR: [], VOLT: []}

    async def take(place: int) -> None:
        tenant = HARBOR if place % 3 else VOLT
        async with transaction(tenant=tenant) as db:
            number = await next_number(db, tenant, "")
            if place % 5 == 0:
                raise OnPurpose
        taken[tenant].append(number)

    outcomes = await asyncio.gather(*(take(place) for place in range(200)), return_exceptions=True)
    assert sum(isinstance(one, OnPurpose) for one in outcomes) == 40
    assert all(one is None or isinstance(one, OnPurpose) for one in outcomes)
    for numbers in taken.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


async def test_a_center_may_have_a_series_of_its_own(till: Till) -> None:
    first = await till.invoice()
    async with transaction(tenant=HARBOR) as db:
        await db.execute(
            text("UPDATE service_centers SET invoice_series = 'HL' WHERE tenant_id = :t"), {"t": HARBOR}
        )
    second, third = await till.invoice(), await till.invoice()
    assert [one.label for one in (first, second, third)] == ["INV-00001", "HL-00001", "HL-00002"]


async def test_invoices_issued_at_once_stay_gapless_when_some_fail(till: Till) -> None:
    orders = []
    for _ in range(6):
        async with transaction() as db:
            orders.append(await finished(db))

    async def issue(place: int) -> None:
        async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
            await invoicing.issue(db, orders[place % 6], by=CAST.advisor.viewer)
            if place in (0, 1):
                raise OnPurpose

    await asyncio.gather(*(issue(place) for place in range(12)), return_exceptions=True)
    async with transaction(tenant=HARBOR) as db:
        numbers = (await db.scalars(select(Invoice.number).order_by(Invoice.number))).all()
        per_order = (await db.execute(text("SELECT count(DISTINCT order_id), count(*) FROM invoices"))).one()
        payments = (await db.scalars(select(Payment))).all()
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert per_order[0] == per_order[1] >= 4
    assert payments == []


async def test_the_overdue_round_visits_every_shop(till: Till) -> None:
    from datetime import timedelta

    from app.core import clock
    from app.domains.billing.tasks import mark_overdue_invoices

    invoice = await till.invoice()
    await mark_overdue_invoices()
    assert (await till.read(Invoice, invoice.id)).status == "issued"
    with clock.moved_to(invoice.due_at + timedelta(minutes=1)):
        await mark_overdue_invoices()
        await mark_overdue_invoices()
    assert (await till.read(Invoice, invoice.id)).status == "overdue"
    async with transaction(tenant=HARBOR) as db:
        count = await db.scalar(text("SELECT count(*) FROM events WHERE name = 'InvoiceOverdue'"))
    assert count == 1


async def test_the_database_itself_knows_no_overpayment(till: Till) -> None:
    invoice = await till.invoice()
    with pytest.raises(Exception, match="never_overpaid"):
        async with transaction(tenant=HARBOR) as db:
            await db.execute(
                text("UPDATE invoices SET paid_minor = total_minor + 1 WHERE id = :id"), {"id": invoice.id}
            )
