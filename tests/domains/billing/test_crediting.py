"""A credit note takes a paid invoice back: numbered by itself, frozen, and the books know whose money is whose."""

import asyncio
import re

import pytest
from sqlalchemy import select, text

from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.domains.billing import crediting, finding, invoicing, links, paper, paying
from app.domains.billing.checking import check_every_shop
from app.domains.billing.credited_lines import Part
from app.domains.billing.models import CreditNote, Invoice, Payment, Refund
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
    answer = await owner.post(
        f"/invoices/{invoice.id}/credit-notes", {"reason": "Wrong pads", "what": "whole"}, key="once"
    )
    again = await owner.post(
        f"/invoices/{invoice.id}/credit-notes", {"reason": "Wrong pads", "what": "whole"}, key="once"
    )
    assert (answer.status_code, again.status_code) == (303, 303)
    credited = await till.read(Invoice, invoice.id)
    assert (credited.status, credited.open_minor) == ("credited", 0)
    assert await till.books(invoice) == {}
    page = (await owner.get(f"/invoices/{invoice.id}")).text
    assert "Credit note CN-00001" in page
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
    assert (
        await desk.post(f"/invoices/{part.id}/credit-notes", {"reason": "", "what": "whole"})
    ).status_code == 422
    assert (
        await desk.post(f"/invoices/{paid.id}/credit-notes", {"reason": "x", "what": "whole"})
    ).status_code == 409
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        kept = (await db.scalars(select(text("action FROM audit_logs")))).all()
    assert kept == ["invoice.illegal_move"]
    await check_every_shop()


async def test_some_lines_of_a_paid_invoice_are_credited_and_the_money_goes_back_for_the_note(
    till: Till,
) -> None:
    invoice, payment = await in_cash(till)
    owner = till.open_browser(CAST.owner)
    form = {"what": "lines", "credited": "0", "amount-0": "50.00", "line-1": "yes"}
    url = f"/invoices/{invoice.id}/credit-notes"
    nameless = await owner.post(url, {**form, "reason": " "})
    assert nameless.status_code == 422
    assert "50.00" in nameless.text
    too_much = await owner.post(url, {**form, "amount-0": "193.06", "reason": "Late"})
    assert "Between nothing and $193.05 can be taken back." in too_much.text
    assert (await owner.post(url, {"what": "lines", "reason": "Late"})).status_code == 422
    assert (await owner.post(url, {**form, "what": "whole", "reason": "Late"})).status_code == 422
    assert (
        await owner.post(url, {**form, "reason": "Late, and pads we had not asked for"})
    ).status_code == 303
    taken = 5000 + 8990 + 652
    left = await till.read(Invoice, invoice.id)
    assert (left.status, left.credited_minor, left.paid_minor, left.open_minor) == (
        "paid",
        taken,
        TOTAL - taken,
        0,
    )
    books = await till.books(invoice)
    assert (books["revenue"], books["tax"]) == (-(18000 - 4662), -(1305 - 338))
    assert (books["cash"], books["customer_credit"]) == (TOTAL, -taken)
    stale = await owner.post(url, {**form, "reason": "Late"})
    assert stale.status_code == 409
    assert "Meanwhile $146.42 of this invoice is credited." in stale.text
    page = (await owner.get(f"/invoices/{invoice.id}/state")).text
    assert 'value="146.42"' in page
    assert "Late, and pads we had not asked for" in page
    assert (await till.give_back(payment, "146.42")).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        (refund,) = (await db.scalars(select(Refund))).all()
        (note,) = await crediting.notes_of(db, left)
        assert refund.credit_note_id == note.id
        lines = await finding.lines_of(db, left)
    assert "customer_credit" not in await till.books(invoice)
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    printed = paper.note_laid_out(note, left, lines)
    assert "Reason: Late, and pads we had not asked for" in printed["note"]
    assert [line["net"] for job in printed["jobs"] for line in job["lines"]] == ["$46.62", "$89.90"]
    rest = await credit(invoice)
    assert (rest.total_minor, rest.label) == (TOTAL - taken, "CN-00002")
    assert (await till.read(Invoice, invoice.id)).status == "credited"
    await check_every_shop()


async def test_a_credit_note_over_lines_lowers_what_an_unpaid_invoice_asks_for(till: Till) -> None:
    invoice = await till.invoice()

    async def lower(*parts: Part) -> CreditNote:
        async with transaction(tenant=HARBOR) as db:
            held = await db.get_one(Invoice, invoice.id)
            return await crediting.credit(db, held, reason="Goodwill", parts=parts, by=CAST.owner.viewer)

    with pytest.raises(Refused, match="Cancel this one"):
        await lower(Part(0), Part(1))
    for _once in range(3):  # a third each: what is rounded away in one is not taken twice from the tax
        await lower(Part(0, 6435))
    with pytest.raises(Invalid, match="amount-0"):
        await lower(Part(0))
    assert await till.books(invoice) == {"receivable": 9642, "revenue": -8990, "tax": -652}
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        with pytest.raises(Refused, match="credited already"):
            await invoicing.cancel(db, held, by=CAST.advisor.viewer, reason="x")
        await paying.take_cash(db, held, amount=9642, by=CAST.advisor.viewer)
    assert (await till.read(Invoice, invoice.id)).status == "paid"
    assert (await till.read(RepairOrder, invoice.order_id)).status == "closed"
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
    url = f"/invoices/{invoice.id}/credit-notes"
    for person, status in ((CAST.customer, 403), (CAST.advisor, 403), (CAST.outsider, 403), (None, 303)):
        assert (await till.open_browser(person).post(url, {"reason": "x"})).status_code == status
    assert (await till.open_browser(CAST.owner).get(f"{url}/{invoice.id}/pdf")).status_code == 404
    note = await credit(invoice)
    async with transaction(tenant=HARBOR) as db:
        link = await links.make_pay_link(db, await db.get_one(Invoice, invoice.id))
    papers = [
        await till.open_browser(person).get(path)
        for person, path in (
            (CAST.owner, f"{url}/{note.id}/pdf"), (CAST.customer, f"{url}/{note.id}/pdf"), (None, f"{link}/credit-notes/{note.id}/pdf"),
        )
    ]  # fmt: skip
    assert len({paper.content for paper in papers}) == 1
    assert papers[0].content.startswith(b"%PDF")
    assert 'filename="CN-00001.pdf"' in papers[0].headers["content-disposition"]
    for person in (CAST.outsider, CAST.stranger, CAST.technician):
        assert (await till.open_browser(person).get(f"{url}/{note.id}/pdf")).status_code == 404
    assert "Credit note CN-00001" in (await till.open_browser().get(link)).text


async def test_a_credit_note_by_json(till: Till) -> None:
    invoice, _payment = await in_cash(till)
    owner, driver = till.open_browser(CAST.owner), till.open_browser(CAST.customer)
    url = f"/api/v1/staff/invoices/{invoice.id}/credit-notes"
    assert (await owner.json("GET", f"{url}/{invoice.id}")).status_code == 404
    assert (await owner.json("POST", url, {"reason": ""})).status_code == 400
    made = await owner.json("POST", url, {"reason": "Wrong pads"})
    assert made.status_code == 201
    body = made.json()
    assert (body["credit_note_number"], body["invoice_number"], body["total_minor"]) == (
        "CN-00001", "INV-00001", TOTAL,
    )  # fmt: skip
    assert (await owner.json("POST", url, {"reason": "again"})).status_code == 409
    for path, answer in ((url, [body]), (f"{url}/{body['id']}", body)):
        assert (await driver.json("GET", path.replace("staff", "customers"))).json() == answer
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


async def test_an_invoice_credited_in_part_says_so_and_in_full_says_so_wherever_it_is_shown(
    till: Till,
) -> None:
    invoice, payment = await in_cash(till)
    owner, driver = till.open_browser(CAST.owner), till.open_browser(CAST.customer)
    desk = (await till.open_browser(CAST.advisor).get(f"/invoices/{invoice.id}")).text
    assert 'id="who-credits"' in desk
    assert "Write a credit note" not in desk
    path = f"/invoices/{invoice.id}"
    form = {"what": "lines", "line-0": "yes", "reason": "Goodwill"}

    async def shown() -> tuple[str, str, str, str]:
        stored = await till.read(Invoice, invoice.id)
        async with transaction(tenant=HARBOR) as db:
            said = paper.standing(stored, await paper.booked_of(db, stored))
        pages = [
            (await who.get(at)).text for who, at in ((owner, path), (driver, path), (driver, "/invoices"))
        ]
        return (*pages, f"{said['state']}: {said['note']}")  # type: ignore[return-value]

    assert (await owner.post(f"{path}/credit-notes", form)).status_code == 303
    for one in await shown():
        assert "Paid, partly credited" in one
        assert "Paid in full" not in one
    assert (
        await owner.post(f"{path}/credit-notes", {"what": "whole", "reason": "All of it"})
    ).status_code == 303
    at_desk, to_driver, listed, printed = await shown()
    for one in (at_desk, to_driver, listed, printed):
        assert "Credited" in one
        assert "Paid in full" not in one
    assert "$289.47 credited" in listed
    assert "The shop still owes you $289.47" in to_driver
    assert "$289.47 is still to be given back to the customer" in at_desk
    assert (await till.give_back(payment, "289.47")).status_code == 303
    assert "$289.47 was given back." in (await driver.get(path)).text


async def test_a_credit_note_warrants_nothing(till: Till) -> None:
    invoice, _payment = await in_cash(till)
    invoice.content = invoice.content | {"terms": "24 months on parts."}
    note = await credit(invoice)
    async with transaction(tenant=HARBOR) as db:
        lines = await finding.lines_of(db, invoice)
    assert paper.laid_out(invoice, lines)["terms"] == ["24 months on parts."]
    assert paper.note_laid_out(note, invoice, lines)["terms"] == []
