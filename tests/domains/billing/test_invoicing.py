"""What may be billed, what an invoice freezes, and what can never be changed afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.domains import workshop
from app.domains.billing import content, finding, invoicing, ledger, paying
from app.domains.billing.models import Invoice, InvoiceLine, LedgerEntry
from app.domains.workshop import work
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST
from tests.domains.billing.bills import TOTAL, done, finished, issued
from tests.domains.workshop.shop import approved, as_person, checked_in, proposed

BY = CAST.advisor.viewer


async def test_an_invoice_carries_the_completed_work_with_tax_by_line(db: AsyncSession) -> None:
    invoice = await issued(db)
    assert (invoice.label, invoice.status) == ("INV-00001", "issued")
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (26990, 1957, TOTAL)
    lines = await finding.lines_of(db, invoice)
    assert [(line.kind, line.net_minor, line.tax_minor) for line in lines] == [
        ("labor", 18000, 1305),
        ("part", 8990, 652),
    ]
    assert invoice.content["car"]["plate"] == "7ABC123"
    assert invoice.content["jobs"][0]["note"] == "Replaced as an axle set"
    order = await db.get_one(RepairOrder, invoice.order_id)
    assert order.status == "invoiced"


async def test_it_is_due_at_the_end_of_a_day_in_the_shops_own_clock(db: AsyncSession) -> None:
    with clock.moved_to(datetime(2026, 11, 22, 3, tzinfo=UTC)):  # still the 21st in New York
        invoice = await issued(db)
    assert invoice.due_at.astimezone(UTC) == datetime(2026, 12, 6, 4, 59, 59, tzinfo=UTC)


async def test_work_that_is_not_completed_cannot_be_billed(db: AsyncSession) -> None:
    order = await checked_in(db)
    with pytest.raises(Refused, match="no approved job is completed"):
        await invoicing.issue(db, order, by=BY)
    job = await approved(db, order)
    with pytest.raises(Refused, match="“Front brakes” is approved and not completed yet"):
        await invoicing.issue(db, order, by=BY)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=CAST.technician.viewer)
    await work.finish(db, job, left_because="Done in one go", by=CAST.technician.viewer)
    with pytest.raises(Refused, match="not completed yet"):
        await invoicing.issue(db, order, by=BY)
    assert (await db.scalars(select(Invoice))).all() == []


async def test_what_the_customer_never_approved_is_not_on_the_invoice(db: AsyncSession) -> None:
    order = await checked_in(db)
    await done(db, order)
    await proposed(db, order, "Air filter")
    invoice = await invoicing.issue(db, order, by=BY)
    assert {line.job_title for line in await finding.lines_of(db, invoice)} == {"Front brakes"}
    assert [job.title for job in await workshop.deferred_for_vehicle(db, BY, order.vehicle_id)] == [
        "Air filter"
    ]


async def test_an_order_is_billed_once(db: AsyncSession) -> None:
    order = await finished(db)
    await invoicing.issue(db, order, by=BY)
    with pytest.raises(Refused, match="already on invoice INV-00001"):
        await invoicing.issue(db, order, by=BY)


async def test_an_issued_invoice_books_what_is_owed(db: AsyncSession) -> None:
    invoice = await issued(db)
    assert await ledger.balance(db, invoice, "receivable") == TOTAL
    assert await ledger.balance(db, invoice, "revenue") == -26990
    assert await ledger.balance(db, invoice, "tax") == -1957


# Written in ink


async def test_the_fingerprint_finds_every_change(db: AsyncSession) -> None:
    invoice = await issued(db)
    lines = list(await finding.lines_of(db, invoice))
    for line in (invoice, *lines):
        await db.refresh(line)  # what the database gives back says the same
    assert content.is_intact(invoice, lines)
    lines[0].description += "."
    assert not content.is_intact(invoice, lines)
    await db.refresh(lines[0])
    assert content.is_intact(invoice, lines)
    invoice.content = {**invoice.content, "order": "RO-1"}
    assert not content.is_intact(invoice, lines)
    db.expunge(invoice)


@pytest.mark.parametrize(
    "statement",
    [
        update(Invoice).values(
            subtotal_minor=Invoice.subtotal_minor - 1, total_minor=Invoice.total_minor - 1
        ),
        update(Invoice).values(number=7),
        update(Invoice).values(content={}),
        update(Invoice).values(due_at=datetime(2030, 1, 1, tzinfo=UTC)),
        update(InvoiceLine).values(unit_price_minor=1),
        update(LedgerEntry).values(amount_minor=1),
        delete(InvoiceLine),
        delete(LedgerEntry),
        delete(Invoice),
    ],
    ids=str,
)
async def test_the_database_itself_refuses_to_rewrite_the_books(db: AsyncSession, statement: object) -> None:
    await issued(db)
    with pytest.raises(DBAPIError, match="written once and never changed"):
        await db.execute(statement)  # type: ignore[call-overload]


async def test_a_booking_that_does_not_sum_to_zero_is_refused(db: AsyncSession) -> None:
    invoice = await issued(db)
    db.add(
        LedgerEntry(
            tenant_id=invoice.tenant_id,
            transaction_id=invoice.customer_id,
            account="cash",
            amount_minor=1,
            currency="USD",
            invoice_id=invoice.id,
        )
    )
    await db.flush()
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        await db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


async def test_leaving_the_tenant_does_not_blind_the_check(db: AsyncSession) -> None:
    invoice = await issued(db)
    db.add(
        LedgerEntry(
            tenant_id=invoice.tenant_id,
            transaction_id=invoice.customer_id,
            account="cash",
            amount_minor=1,
            currency="USD",
            invoice_id=invoice.id,
        )
    )
    await db.flush()
    await as_person(db, CAST.outsider)
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        await db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


async def test_the_same_thing_cannot_be_booked_twice(db: AsyncSession) -> None:
    invoice = await issued(db)
    with pytest.raises(DBAPIError, match="uq_ledger_entries"):
        await ledger.book_invoice(db, invoice)


# Withdrawing


async def test_a_cancelled_invoice_opens_the_order_and_keeps_its_number(db: AsyncSession) -> None:
    invoice = await issued(db)
    await invoicing.cancel(db, invoice, by=BY, reason="Wrong car")
    assert await ledger.balance(db, invoice, "receivable") == 0
    order = await db.get_one(RepairOrder, invoice.order_id, populate_existing=True)
    assert order.status == "repair_order"
    again = await invoicing.issue(db, order, by=BY)
    assert (invoice.label, again.label) == ("INV-00001", "INV-00002")


async def test_an_invoice_somebody_paid_on_is_not_cancelled(db: AsyncSession) -> None:
    invoice = await issued(db)
    await paying.take_cash(db, invoice, amount=100, by=BY)
    with pytest.raises(Refused, match="nobody has paid"):
        await invoicing.cancel(db, invoice, by=BY, reason="Wrong car")
    with pytest.raises(Invalid):
        await invoicing.cancel(db, invoice, by=BY, reason=" ")


# Finding


async def test_the_shop_and_the_driver_find_it_and_nobody_else(db: AsyncSession) -> None:
    invoice = await issued(db)
    for ref in (str(invoice.id), "INV-00001", "inv-1", "1"):
        assert (await finding.find(db, BY, ref)).id == invoice.id
    await as_person(db, CAST.customer)
    assert (await finding.find(db, CAST.customer.viewer, str(invoice.id))).id == invoice.id
    for person in (CAST.outsider, CAST.stranger, CAST.network, CAST.technician):
        await as_person(db, person)
        for ref in (str(invoice.id), "INV-00001", "", "%", "0"):
            with pytest.raises(NotFound):
                await finding.find(db, person.viewer, ref)


async def test_the_list_shows_what_it_is_asked_for(db: AsyncSession) -> None:
    first = await issued(db)
    second = await issued(db)
    await paying.take_cash(db, first, amount=first.total_minor, by=BY)
    assert [one.id for one in await finding.listing(db, BY)] == [second.id, first.id]
    assert [one.id for one in await finding.listing(db, BY, show="paid")] == [first.id]
    assert [one.id for one in await finding.listing(db, BY, show="open")] == [second.id]
    assert [one.id for one in await finding.listing(db, BY, before=second.id)] == [first.id]
    await as_person(db, CAST.customer)
    assert len(await finding.listing(db, CAST.customer.viewer)) == 2
    await as_person(db, CAST.outsider)
    assert await finding.listing(db, CAST.outsider.viewer) == []


async def test_what_is_not_paid_in_time_becomes_overdue_and_can_still_be_paid(db: AsyncSession) -> None:
    invoice = await issued(db)
    assert await invoicing.mark_overdue(db, by=BY) == 0
    with clock.moved_to(invoice.due_at - timedelta(minutes=1)):
        assert await invoicing.mark_overdue(db, by=BY) == 0
    with clock.moved_to(invoice.due_at + timedelta(seconds=1)):
        assert await invoicing.mark_overdue(db, by=BY) == 1
        assert invoice.status == "overdue"
        await paying.take_cash(db, invoice, amount=1000, by=BY)
        assert invoice.status == "overdue"
        await paying.take_cash(db, invoice, amount=invoice.open_minor, by=BY)
        assert invoice.status == "paid"
