"""A credit note takes a paid invoice back: numbered by itself, frozen, and the books know whose money is whose."""

import asyncio
import re

import pytest
from sqlalchemy import select, text

from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.domains.billing import crediting, invoicing, links, paying
from app.domains.billing.checking import check_every_shop
from app.domains.billing.models import CreditNote, Invoice, Payment
from app.domains.notifications.sending import letter_of
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL
from tests.domains.billing.conftest import Till
from tests.domains.notifications import things


async def in_cash(till: Till, amount: int = TOTAL) -> tuple[Invoice, Payment]:
    invoice = await till.invoice()
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        return invoice, await paying.take_cash(db, held, amount=amount, by=CAST.advisor.viewer)


async def credit(invoice: Invoice, **more: bool) -> CreditNote:
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        return await crediting.credit(db, held, reason="Wrong pads", by=CAST.owner.viewer, **more)


async def test_an_invoice_whose_money_went_back_is_credited(till: Till) -> None:
    invoice, payment = await in_cash(till)
    assert (await till.give_back(payment, "289.47")).status_code == 303
    owner = till.open_browser(CAST.owner)
    assert "Cancel this invoice" not in (await owner.get(f"/invoices/{invoice.id}")).text
    answer = await owner.post(f"/invoices/{invoice.id}/credit-note", {"reason": "Wrong pads"}, key="once")
    again = await owner.post(f"/invoices/{invoice.id}/credit-note", {"reason": "Wrong pads"}, key="once")
    assert (answer.status_code, again.status_code) == (303, 303)
    credited = await till.read(Invoice, invoice.id)
    assert (credited.status, credited.open_minor) == ("credited", 0)
    assert await till.books(invoice) == {}
    page = (await owner.get(f"/invoices/{invoice.id}")).text
    assert "credit note CN-00001" in page
    assert "Wrong pads" in page
    assert (await till.read(RepairOrder, invoice.order_id)).status == "closed"
    await check_every_shop()


async def test_an_invoice_whose_money_went_back_in_part_is_credited(till: Till) -> None:
    invoice, payment = await in_cash(till)
    owner = till.open_browser(CAST.owner)
    page = (await owner.get(f"/invoices/{invoice.id}")).text
    assert "The invoice will ask for this money again." in page
    assert (await till.give_back(payment, "50.00")).status_code == 303
    assert "Write a credit note" in (await owner.get(f"/invoices/{invoice.id}")).text
    await credit(invoice)
    left = TOTAL - 5000
    assert await till.books(invoice) == {"cash": left, "customer_credit": -left}
    page = (await owner.get(f"/invoices/{invoice.id}")).text
    assert "The invoice will ask for this money again." not in page
    assert (await till.give_back(payment, f"{left / 100:.2f}", given=5000)).status_code == 303
    assert await till.books(invoice) == {}
    await check_every_shop()


async def test_crediting_a_paid_invoice_makes_the_money_the_customers(till: Till) -> None:
    invoice, payment = await in_cash(till)
    assert (await till.give_back(payment, "89.47")).status_code == 303
    async with transaction(tenant=HARBOR) as db:  # paid again, so that two payments are to be given back
        await paying.take_cash(db, await db.get_one(Invoice, invoice.id), amount=8947, by=CAST.advisor.viewer)
    await credit(invoice)
    assert await till.books(invoice) == {"cash": TOTAL, "customer_credit": -TOTAL}
    await check_every_shop()
    page = (await till.open_browser(CAST.owner).get(f"/invoices/{invoice.id}")).text
    assert page.count("now: give it back.") == 2
    for one in await till.payments(invoice):
        given = one.refunded_minor
        back = f"{one.kept_minor / 100:.2f}"
        assert (await till.give_back(one, back, given=given)).status_code == 303
    assert await till.books(invoice) == {}
    assert (await till.read(Invoice, invoice.id)).status == "credited"
    await check_every_shop()


async def test_a_card_payment_is_given_back_after_the_credit_note(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await credit(invoice)
    assert (await till.give_back(payment, "289.47")).status_code == 303
    await till.deliver("charge.refunded")
    books = await till.books(invoice)
    assert (books["stripe"], books["fees"]) == (-books["fees"], books["fees"])
    assert set(books) == {"stripe", "fees"}
    await check_every_shop()


async def test_only_what_was_paid_is_credited_and_only_once(till: Till) -> None:
    untouched, (part, _payment) = await till.invoice(), await in_cash(till, 1000)
    paid, _payment = await in_cash(till)
    for invoice in (untouched, part):
        with pytest.raises(Refused, match="Only a paid invoice"):
            await credit(invoice)
    outcomes = await asyncio.gather(*(credit(paid) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, CreditNote) for one in outcomes) == 1
    assert sum(isinstance(one, Refused) for one in outcomes) == 4
    with pytest.raises(Invalid):
        async with transaction(tenant=HARBOR) as db:
            await crediting.credit(db, part, reason="  ", by=CAST.owner.viewer)
    desk = till.open_browser(CAST.owner)
    assert (await desk.post(f"/invoices/{part.id}/credit-note", {"reason": ""})).status_code == 422
    assert (await desk.post(f"/invoices/{paid.id}/credit-note", {"reason": "x"})).status_code == 409
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        kept = (await db.scalars(select(text("action FROM audit_logs")))).all()
    assert kept == ["invoice.illegal_move"]
    await check_every_shop()


async def test_a_disputed_invoice_waits_for_the_bank(till: Till) -> None:
    invoice, payment = await till.paid_by_card()
    await till.stripe.dispute(payment.transaction_ref)
    await till.deliver("charge.dispute.funds_withdrawn")
    with pytest.raises(Refused, match="Wait for the bank"):
        await credit(invoice)


async def test_numbers_of_credit_notes_have_no_gap(till: Till) -> None:
    class OnPurpose(Exception):
        pass

    paid = [(await in_cash(till))[0] for _ in range(4)]

    async def given_up() -> None:
        async with transaction(tenant=HARBOR) as db:
            held = await db.get_one(Invoice, paid[0].id)
            await crediting.credit(db, held, reason="x", by=CAST.owner.viewer)
            raise OnPurpose

    with pytest.raises(OnPurpose):
        await given_up()
    notes = await asyncio.gather(*(credit(invoice) for invoice in paid))
    assert sorted(note.label for note in notes) == ["CN-00001", "CN-00002", "CN-00003", "CN-00004"]
    await check_every_shop()


async def test_with_the_order_opened_again_its_work_is_billed_anew(till: Till) -> None:
    invoice, payment = await in_cash(till)
    await credit(invoice, reopen=True)
    order = await till.read(RepairOrder, invoice.order_id)
    assert order.status == "repair_order"
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        second = await invoicing.issue(db, order, by=CAST.advisor.viewer)
    assert second.label == "INV-00002"
    await check_every_shop()
    assert payment


async def test_what_a_credit_note_says_is_never_changed(till: Till) -> None:
    invoice, _payment = await in_cash(till)
    note = await credit(invoice)
    for statement in ("UPDATE credit_notes SET reason = 'x'", "DELETE FROM credit_notes"):
        with pytest.raises(Exception, match="written once"):
            async with transaction(tenant=HARBOR) as db:
                await db.execute(text(statement))
    assert note.content["invoice"] == invoice.label
    assert note.content["fingerprint"] == invoice.content_hash.hex()


async def test_who_may_write_and_who_may_read_a_credit_note(till: Till) -> None:
    invoice, _payment = await in_cash(till)
    url = f"/invoices/{invoice.id}/credit-note"
    for person, status in ((CAST.customer, 403), (CAST.advisor, 403), (CAST.outsider, 403), (None, 303)):
        assert (await till.open_browser(person).post(url, {"reason": "x"})).status_code == status
    assert (await till.open_browser(CAST.owner).get(f"{url}/pdf")).status_code == 404
    await credit(invoice)
    async with transaction(tenant=HARBOR) as db:
        link = await links.make_pay_link(db, await db.get_one(Invoice, invoice.id))
    papers = [
        await till.open_browser(person).get(path)
        for person, path in (
            (CAST.owner, f"{url}/pdf"), (CAST.customer, f"{url}/pdf"), (None, f"{link}/credit-note/pdf"),
        )
    ]  # fmt: skip
    assert len({paper.content for paper in papers}) == 1
    assert papers[0].content.startswith(b"%PDF")
    assert 'filename="CN-00001.pdf"' in papers[0].headers["content-disposition"]
    for person in (CAST.outsider, CAST.stranger, CAST.technician):
        assert (await till.open_browser(person).get(f"{url}/pdf")).status_code == 404
    assert "credit note CN-00001" in (await till.open_browser().get(link)).text


async def test_a_credit_note_by_json(till: Till) -> None:
    invoice, _payment = await in_cash(till)
    owner, driver = till.open_browser(CAST.owner), till.open_browser(CAST.customer)
    url = f"/api/v1/staff/invoices/{invoice.id}/credit-note"
    assert (await owner.json("GET", url)).status_code == 404
    assert (await owner.json("POST", url, {"reason": ""})).status_code == 400
    made = await owner.json("POST", url, {"reason": "Wrong pads"})
    assert made.status_code == 201
    body = made.json()
    assert (body["credit_note_number"], body["invoice_number"], body["total_minor"]) == (
        "CN-00001", "INV-00001", TOTAL,
    )  # fmt: skip
    assert (await owner.json("POST", url, {"reason": "again"})).status_code == 409
    assert (await driver.json("GET", url.replace("staff", "customers"))).json() == body
    assert (await driver.json("POST", url, {"reason": "x"})).status_code == 403
    assert (await till.open_browser(CAST.outsider).json("GET", url)).status_code == 404
    assert (await owner.json("GET", f"/api/v1/staff/invoices/{invoice.id}")).json()["status"] == "credited"


async def test_the_customer_is_told_of_the_credit_note(till: Till) -> None:
    invoice, _payment = await in_cash(till)
    await credit(invoice)
    await till.react()
    (letter,) = [letter_of(one) for one in await things.mails() if one.template == "invoice_credited"]
    assert letter.subject == "Credit note CN-00001 from Harbor Lane Garage"
    found = re.search(r"http://testserver(/pay/\S+)", letter.text)
    assert found is not None
    assert found[1] in letter.html
    assert "CN-00001" in (await till.open_browser().get(found[1])).text
