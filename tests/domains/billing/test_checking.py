"""The nightly look at the books finds every difference that is put into them."""

from weakref import WeakSet

import asyncpg
import pytest
from sqlalchemy import event

from app.core.db import transaction
from app.domains.billing import checking, paying
from app.domains.billing.checking import BooksWrong, check_every_shop, faults
from app.domains.billing.models import Invoice, InvoiceLine, Payment
from app.settings import as_libpq, settings
from tests.cast import CAST, HARBOR
from tests.domains.billing.conftest import Till

TAMPERING = {
    "does not sum to zero": "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'cash'",
    "does not say what it said": "UPDATE invoice_lines SET description = 'Gold pads' WHERE kind = 'part'",
    "is missing or too many": "UPDATE number_series SET last = last + 1",
    "its payments say": "UPDATE payments SET amount_minor = amount_minor - 1 WHERE status = 'completed'",
    "the ledger says": "UPDATE invoices SET paid_minor = paid_minor - 1 WHERE status = 'partially_paid'",
    "is completed and not booked": "DELETE FROM ledger_entries WHERE payment_id IS NOT NULL",
    "is failed and booked": "UPDATE payments SET status = 'failed'",
}


async def test_true_books_have_no_fault(till: Till) -> None:
    await _busy(till)
    await check_every_shop()


async def _busy(till: Till) -> None:
    """A paid, a partly paid and an untouched invoice."""
    first, second = await till.invoice(), await till.invoice()
    await till.invoice()
    await till.stripe.pay((await till.press_pay(first)).headers["location"])
    await till.deliver()
    async with transaction(tenant=HARBOR) as db:
        await paying.take_cash(db, await db.get_one(Invoice, second.id), amount=1000, by=CAST.advisor.viewer)


async def test_every_difference_is_found(till: Till) -> None:
    await _busy(till)
    owner = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    try:
        for table in ("ledger_entries", "invoice_lines", "invoices"):
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await owner.execute("CREATE TABLE kept AS SELECT * FROM ledger_entries WHERE payment_id IS NOT NULL")
        for words, statement in TAMPERING.items():
            async with transaction(tenant=HARBOR) as db:
                assert await faults(db, HARBOR) == []
            await owner.execute(statement)
            async with transaction(tenant=HARBOR) as db:
                found = await faults(db, HARBOR)
            assert any(words in fault for fault in found), (words, found)
            with pytest.raises(BooksWrong, match=words):
                await check_every_shop()
            await _mend(owner, statement)
    finally:
        await owner.close()


async def test_a_long_history_is_read_in_small_parts(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "AT_ONCE", 2)
    for _ in range(5):
        await till.invoice()
    owner = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    await owner.execute("ALTER TABLE invoice_lines DISABLE TRIGGER USER")
    await owner.execute("UPDATE invoice_lines SET description = 'Gold pads' WHERE kind = 'part'")
    await owner.close()
    alive: WeakSet[Invoice | InvoiceLine | Payment] = WeakSet()
    most: list[int] = []

    def loaded(row: Invoice | InvoiceLine | Payment, _context: object) -> None:
        alive.add(row)
        most.append(len(alive))

    for kind in (Invoice, InvoiceLine, Payment):
        event.listen(kind, "load", loaded)
    try:
        async with transaction(tenant=HARBOR) as db:
            found = await faults(db, HARBOR)
    finally:
        for kind in (Invoice, InvoiceLine, Payment):
            event.remove(kind, "load", loaded)
    assert len(found) == 5
    assert len(most) == 15  # five invoices of two lines each, every one once
    assert max(most) <= 4 + 6  # a part with its lines, while the next part is being read


async def _mend(owner: asyncpg.Connection, statement: str) -> None:
    """Take the difference out again."""
    undo = {
        "ledger_entries SET": "UPDATE ledger_entries SET amount_minor = amount_minor - 1 WHERE account = 'cash'",
        "invoice_lines": "UPDATE invoice_lines SET description = 'Brake pads, front' WHERE kind = 'part'",
        "number_series": "UPDATE number_series SET last = last - 1",
        "payments SET amount": "UPDATE payments SET amount_minor = amount_minor + 1 WHERE status = 'completed'",
        "invoices SET paid": "UPDATE invoices SET paid_minor = paid_minor + 1 WHERE status = 'partially_paid'",
        "payments SET status": "UPDATE payments SET status = 'completed'",
    }
    for part, mending in undo.items():
        if part in statement:
            await owner.execute(mending)
            return
    await owner.execute("INSERT INTO ledger_entries SELECT * FROM kept")
