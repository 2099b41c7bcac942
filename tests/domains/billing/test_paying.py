"""Cash at the counter and the claims of card payments: never more than is open."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, Refused
from app.core.tables import EventRow
from app.domains.billing import finding, ledger, paying
from app.domains.billing.models import Payment
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST
from tests.domains.billing.bills import TOTAL, issued, with_account
from tests.domains.workshop.shop import as_person

BY = CAST.advisor.viewer


async def events(db: AsyncSession) -> list[str]:
    return list(await db.scalars(select(EventRow.name).order_by(EventRow.id)))


async def test_cash_in_full_pays_and_closes(db: AsyncSession) -> None:
    invoice = await issued(db)
    payment = await paying.take_cash(db, invoice, amount=TOTAL, tendered=30000, by=BY)
    assert (payment.status, payment.change_minor) == ("completed", 30000 - TOTAL)
    assert (invoice.status, invoice.paid_minor, invoice.open_minor) == ("paid", TOTAL, 0)
    assert await ledger.balance(db, invoice, "receivable") == 0
    assert await ledger.balance(db, invoice, "cash") == TOTAL
    assert (await db.get_one(RepairOrder, invoice.order_id)).status == "closed"
    assert [name for name in await events(db) if "Invoice" in name or "Payment" in name] == [
        "OrderInvoiced",
        "InvoiceIssued",
        "PaymentCompleted",
        "InvoicePaid",
    ]


async def test_parts_add_up(db: AsyncSession) -> None:
    invoice = await issued(db)
    await paying.take_cash(db, invoice, amount=10000, by=BY)
    assert (invoice.status, invoice.open_minor) == ("partially_paid", TOTAL - 10000)
    await paying.take_cash(db, invoice, amount=TOTAL - 10000, by=BY)
    assert invoice.status == "paid"
    assert [payment.amount_minor for payment in await finding.payments_of(db, invoice)] == [
        TOTAL - 10000,
        10000,
    ]


async def test_more_than_is_open_is_refused(db: AsyncSession) -> None:
    invoice = await issued(db)
    with pytest.raises(Refused, match=r"At most \$289.47 is open"):
        await paying.take_cash(db, invoice, amount=TOTAL + 1, by=BY)
    for amount in (0, -5):
        with pytest.raises(Invalid):
            await paying.take_cash(db, invoice, amount=amount, by=BY)
    with pytest.raises(Invalid, match="less than the amount"):
        await paying.take_cash(db, invoice, amount=1000, tendered=999, by=BY)
    await paying.take_cash(db, invoice, amount=TOTAL, by=BY)
    with pytest.raises(Refused, match="is paid meanwhile"):
        await paying.take_cash(db, invoice, amount=1, by=BY)


async def test_a_shop_without_an_account_takes_no_cards(db: AsyncSession) -> None:
    invoice = await issued(db)
    with pytest.raises(Refused, match="pay at the counter"):
        await paying.begin_card(db, invoice, by=CAST.customer.viewer)


async def test_a_card_payment_claims_its_amount(db: AsyncSession) -> None:
    invoice = await issued(db)
    await with_account(db)
    await as_person(db, CAST.customer)
    payment = await paying.begin_card(db, invoice, by=CAST.customer.viewer)
    assert (payment.status, payment.amount_minor, payment.method) == ("created", TOTAL, "card")
    await as_person(db, CAST.advisor)
    with pytest.raises(Refused, match=r"card payment of \$289.47 is under way"):
        await paying.take_cash(db, invoice, amount=1000, by=BY)


async def test_pressing_the_button_again_continues_the_same_payment(db: AsyncSession) -> None:
    invoice = await issued(db)
    await with_account(db)
    first = await paying.begin_card(db, invoice, by=CAST.customer.viewer)
    assert (await paying.begin_card(db, invoice, by=CAST.customer.viewer)).id == first.id
    assert (await paying.begin_card(db, invoice, by=CAST.advisor.viewer)).id == first.id
    assert len((await db.scalars(select(Payment))).all()) == 1


async def test_part_by_card_leaves_the_rest_for_cash(db: AsyncSession) -> None:
    invoice = await issued(db)
    await with_account(db)
    await paying.begin_card(db, invoice, amount=10000, by=CAST.customer.viewer)
    await paying.take_cash(db, invoice, amount=TOTAL - 10000, by=BY)
    with pytest.raises(Refused, match="under way"):
        await paying.take_cash(db, invoice, amount=1, by=BY)
    with pytest.raises(Refused, match="under way"):
        await paying.begin_card(db, invoice, amount=1, by=CAST.customer.viewer)
