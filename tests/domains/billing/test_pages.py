"""The pages of invoices: who sees what, what the forms do, and what bad input does not do."""

import re
from html import unescape
from io import BytesIO
from uuid import uuid4

import pypdf
from sqlalchemy import text

from app.core.db import transaction
from app.domains.billing import finding, links
from app.domains.billing.content import is_intact
from app.domains.billing.models import Invoice, PayLink
from app.domains.notifications.sending import letter_of
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import TOTAL, finished
from tests.domains.billing.conftest import Till
from tests.domains.estimates.desk import sent
from tests.domains.notifications import things
from tests.domains.workshop.shop import proposed


async def test_the_desk_issues_an_invoice(till: Till) -> None:
    async with transaction() as db:
        order = await finished(db)
    desk = till.open_browser(CAST.advisor)
    asked = await desk.get(f"/invoices/new?order={order.id}")
    assert "$289.47" in asked.text
    assert "still waits for the customer" not in asked.text
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        await proposed(db, order, "Winter tires")
        estimate, _sheet = await sent(db, order)
    asked = await desk.get(f"/invoices/new?order={order.id}")
    assert f"{estimate.number} still waits for the customer" in asked.text
    issued = await desk.post("/invoices", {"order_id": str(order.id)}, key="once")
    assert issued.status_code == 303
    again = await desk.post("/invoices", {"order_id": str(order.id)}, key="once")
    assert again.headers["location"] == issued.headers["location"]
    assert (await desk.post("/invoices", {"order_id": str(order.id)})).status_code == 409
    page = (await desk.get(issued.headers["location"])).text
    for words in ("INV-00001", "Dana O&#39;Neil", "7ABC123", "Front brakes", "$289.47", "Take cash"):
        assert words in page
    asked = await desk.get(f"/invoices/new?order={order.id}")
    assert "is already on invoice INV-00001" in asked.text
    assert f'href="{issued.headers["location"]}"' in asked.text


async def test_the_orders_page_leads_to_its_invoice(till: Till) -> None:
    async with transaction() as db:
        order = await finished(db)
    desk = till.open_browser(CAST.advisor)
    url = f"/orders/{order.number}/invoices"
    assert f"/invoices/new?order={order.id}" in (await desk.get(url)).text
    await desk.post("/invoices", {"order_id": str(order.id)})
    section = (await desk.get(url)).text
    assert "INV-00001" in section
    assert "$289.47" in section
    assert "/invoices/new" not in section
    billed = (await desk.get(f"/invoices/new?order={order.id}")).text
    assert re.search(r'href="(/invoices/[0-9a-f-]{36})"', section).group(1) in billed
    assert (await till.open_browser(CAST.outsider).get(url)).status_code == 404
    assert (await till.open_browser(CAST.technician).get(url)).status_code == 403


async def test_only_the_desk_issues(till: Till) -> None:
    async with transaction() as db:
        order = await finished(db)
    for person, status in ((CAST.technician, 403), (CAST.customer, 403), (CAST.outsider, 404), (None, 303)):
        visitor = till.open_browser(person)
        answer = await visitor.post("/invoices", {"order_id": str(order.id)})
        assert answer.status_code == status
        assert (await visitor.get(f"/invoices/new?order={order.id}")).status_code == status


async def test_everybody_else_finds_nothing(till: Till) -> None:
    invoice = await till.invoice()
    for person in (CAST.outsider, CAST.stranger, CAST.network, CAST.technician):
        visitor = till.open_browser(person)
        for path in ("", "/state", "/pdf"):
            assert (await visitor.get(f"/invoices/{invoice.id}{path}")).status_code == 404
        assert (await visitor.post(f"/invoices/{invoice.id}/payments")).status_code == 404
        assert "INV-00001" not in (await visitor.get("/invoices")).text
    outsider = till.open_browser(CAST.outsider)
    assert (await outsider.post(f"/invoices/{invoice.id}/cash", {"amount": "1"})).status_code == 404
    assert (await outsider.post(f"/invoices/{invoice.id}/cancellation", {"reason": "x"})).status_code == 404
    assert (await outsider.get("/invoices/INV-00001")).status_code == 404
    assert (await till.open_browser().get(f"/invoices/{invoice.id}")).status_code == 303


async def test_the_driver_sees_their_invoice_without_the_desks_tools(till: Till) -> None:
    invoice = await till.invoice()
    driver = till.open_browser(CAST.customer)
    page = (await driver.get(f"/invoices/{invoice.id}")).text
    assert "Pay $289.47 by card" in page
    assert "Take cash" not in page
    assert "Cancel this invoice" not in page
    assert "INV-00001" in (await driver.get("/invoices")).text
    assert (await driver.post(f"/invoices/{invoice.id}/cash", {"amount": "1"})).status_code == 403


async def test_cash_is_booked_once_however_often_the_form_is_sent(till: Till) -> None:
    invoice = await till.invoice()
    desk = till.open_browser(CAST.advisor)
    url, form = f"/invoices/{invoice.id}/cash", {"amount": "100.00", "tendered": "120"}
    first = await desk.post(url, form, key="k1")
    second = await desk.post(url, form, key="k1")
    assert (first.status_code, second.status_code) == (303, 303)
    assert len(await till.payments(invoice)) == 1
    page = (await desk.get(f"/invoices/{invoice.id}")).text
    assert "Partly paid" in page
    assert "change $20.00" in page


WRONG_SUMS: list[dict[str, str]] = [
    {"amount": ""}, {"amount": "abc"}, {"amount": "-1"}, {"amount": "0"}, {"amount": "1.001"}, {"amount": "1,200"}, {"amount": "1e9"},
    {"amount": "NaN"}, {"amount": "1e9999999"}, {"amount": "1e-99999999"}, {"amount": "1", "tendered": "0.5"}, {"amount": "1", "tendered": "x"}, {},
]  # fmt: skip


async def test_a_wrong_sum_is_shown_again_and_changes_nothing(till: Till) -> None:
    invoice = await till.invoice()
    desk = till.open_browser(CAST.advisor)
    for form in WRONG_SUMS:
        answer = await desk.post(f"/invoices/{invoice.id}/cash", form)
        assert answer.status_code == 422, form
        assert 'aria-invalid="true"' in answer.text, form
    assert await till.payments(invoice) == []
    note = {"what": "lines", "reason": "Not done", "credited": "0", "amount-0": "1e9999999"}
    assert (
        "out of range"
        in (await till.open_browser(CAST.owner).post(f"/invoices/{invoice.id}/credit-notes", note)).text
    )


def field(page: str, name: str) -> str:
    """The input of an id, as it stands in a page."""
    found = re.search(rf'<input[^>]*id="f-{name}"[^>]*>', page)
    assert found, name
    return found[0]


async def test_too_much_is_told_beside_the_field_with_what_was_typed(till: Till) -> None:
    """As the invoice stands now: somebody else may have paid a part since the page was opened."""
    invoice, link = await linked(till)
    desk, driver, guest = (
        till.open_browser(CAST.advisor),
        till.open_browser(CAST.customer),
        till.open_browser(),
    )
    await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "100.00"})
    cash = await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "200.5", "tendered": "220"})
    parts = [
        await driver.post(f"/invoices/{invoice.id}/payments", {"amount": "200.5"}),
        await guest.post(f"{link}/payments", {"amount": "200.5"}),
        await desk.post(f"/invoices/{invoice.id}/payments", {"amount": "200.5"}),
    ]
    for answer, name in ((cash, "amount"), *((part, "part") for part in parts)):
        assert answer.status_code == 409
        assert "At most $189.47 is open." in answer.text
        assert 'value="200.5"' in field(answer.text, name)
        assert 'aria-invalid="true"' in field(answer.text, name)
    assert 'value="220"' in field(cash.text, "tendered")
    assert 'value="189.47"' in field(parts[2].text, "amount"), "the cash form was not sent"
    wrong = await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "50", "tendered": "20"})
    assert wrong.status_code == 422
    assert 'value="50"' in field(wrong.text, "amount")
    as_json = {"invoice_id": str(invoice.id), "amount_minor": 20050}
    refused = await desk.json("POST", "/api/v1/staff/payments", as_json)
    assert (refused.status_code, refused.json()["open_minor"]) == (409, 18947)
    await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "189.47"})
    late = await guest.post(f"{link}/payments", {"amount": "200.5"})
    assert late.status_code == 409
    assert "is paid meanwhile, nothing more was taken" in unescape(late.text)
    assert len(await till.payments(invoice)) == 2


async def test_a_paid_invoices_paper_says_paid_and_its_evidence_stays(till: Till) -> None:
    invoice = await till.invoice()
    desk, driver = till.open_browser(CAST.advisor), till.open_browser(CAST.customer)

    async def paper() -> str:
        answer = await driver.get(f"/invoices/{invoice.id}/pdf")
        return "\n".join(one.extract_text() for one in pypdf.PdfReader(BytesIO(answer.content)).pages)

    fingerprint = invoice.content_hash.hex()
    assert "Please pay by" in await paper()
    await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "100.00"})
    assert "Still to pay: $189.47. Please pay by" in " ".join((await paper()).split())
    await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "189.47"})
    paid = await paper()
    for words in ("PAID", "Cash", "$100.00", "$189.47", fingerprint):
        assert words in paid
    assert "lease pay" not in paid
    stored = await till.read(Invoice, invoice.id)
    async with transaction(tenant=HARBOR) as db:
        assert is_intact(stored, await finding.lines_of(db, stored))


async def test_the_paper_is_the_same_for_the_desk_the_driver_and_the_link(till: Till) -> None:
    invoice = await till.invoice()
    async with transaction(tenant=HARBOR) as db:
        path = await links.make_pay_link(db, await db.get_one(Invoice, invoice.id))
    papers = [
        await till.open_browser(person).get(url)
        for person, url in (
            (CAST.advisor, f"/invoices/{invoice.id}/pdf"),
            (CAST.customer, f"/invoices/{invoice.id}/pdf"),
            (None, f"{path}/pdf"),
        )
    ]
    assert {paper.headers["content-type"] for paper in papers} == {"application/pdf"}
    assert len({paper.content for paper in papers}) == 1
    assert papers[0].content.startswith(b"%PDF")
    assert 'filename="INV-00001.pdf"' in papers[0].headers["content-disposition"]


# The link in the mail


async def linked(till: Till) -> tuple[Invoice, str]:
    invoice = await till.invoice()
    async with transaction(tenant=HARBOR) as db:
        return invoice, await links.make_pay_link(db, await db.get_one(Invoice, invoice.id))


async def test_a_link_pays_without_an_account(till: Till) -> None:
    invoice, path = await linked(till)
    visitor = till.open_browser()
    page = await visitor.get(path)
    assert "Pay $289.47 by card" in page.text
    assert "Stop this payment" not in page.text
    pressed = await visitor.post(f"{path}/payments")
    assert pressed.status_code == 303
    assert path.rpartition("/")[2] not in pressed.headers["location"]
    back = (await till.stripe.pay(pressed.headers["location"])).headers["location"]
    waiting = await visitor.get(back.removeprefix("http://testserver"))
    assert "Waiting for the bank" in waiting.text
    await till.deliver()
    paid = await visitor.get(back.removeprefix("http://testserver"))
    assert "has received $289.47" in paid.text
    assert f'href="{path}/pdf"' in paid.text, "the browser that came by the link finds the invoice again"
    elsewhere = await till.open_browser().get(back.removeprefix("http://testserver"))
    assert "has received $289.47" in elsewhere.text
    assert path not in elsewhere.text
    car = f"/orders/{invoice.order_id}/track"
    assert car not in elsewhere.text, "nobody is led to a page they cannot open"
    driver = till.open_browser(CAST.customer)
    for seen_at in (path, back.removeprefix("http://testserver")):
        assert f'href="{car}"' in (await driver.get(seen_at)).text
    assert (await driver.get(car)).status_code == 200
    assert "Paid in full" in (await visitor.get(f"{path}/state")).text
    assert (await till.read(Invoice, invoice.id)).status == "paid"


async def test_only_a_hash_of_the_link_is_stored(till: Till) -> None:
    invoice, path = await linked(till)
    async with transaction(tenant=HARBOR) as db:
        (stored,) = (await db.execute(PayLink.__table__.select())).all()
    assert path.removeprefix("/pay/") not in repr(stored)
    assert stored.invoice_id == invoice.id


async def test_paying_by_a_link_leaves_its_secret_nowhere(till: Till) -> None:
    _invoice, path = await linked(till)
    secret = path.removeprefix("/pay/")
    visitor = till.open_browser()
    await visitor.post(f"{path}/payments", {"amount": "10"}, key="k1")
    replayed = await visitor.post(f"{path}/payments", {"amount": "10"}, key="k1")
    assert replayed.headers["location"].startswith("/paid/")
    assert (await visitor.post(f"{path}/payments", {"amount": "x"})).status_code == 422
    async with transaction(tenant=HARBOR) as db:
        tables = (
            await db.scalars(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            )
        ).all()
        for table in tables:
            held = await db.scalar(
                text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :it"), {"it": f"%{secret}%"}
            )
            assert held == 0, table


async def test_a_wrong_or_ended_link_opens_nothing(till: Till) -> None:
    _invoice, path = await linked(till)
    visitor = till.open_browser()
    assert (await visitor.get("/pay/nonsense")).status_code == 404
    assert (await visitor.get(f"/paid/{uuid4()}")).status_code == 404
    assert (await visitor.post("/pay/nonsense/payments")).status_code == 404
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE pay_links SET revoked_at = now()"))
    for answer in (
        await visitor.get(path),
        await visitor.get(f"{path}/pdf"),
        await visitor.post(f"{path}/payments"),
    ):
        assert answer.status_code == 410


async def test_a_lost_link_is_replaced_by_mail_and_by_hand(till: Till) -> None:
    invoice, path = await linked(till)
    desk, visitor = till.open_browser(CAST.advisor), till.open_browser()
    assert "Send the link again" in (await desk.get(f"/invoices/{invoice.id}")).text
    assert "Show a fresh link" not in (await visitor.get(path)).text
    for _press in range(2):
        assert (await desk.post(f"/invoices/{invoice.id}/links/sending")).status_code == 303
    await till.react()
    mails = [letter_of(one).text for one in await things.mails() if one.template == "invoice_issued"]
    found = {one for text in mails for one in re.findall(r"http://testserver(/pay/\S+)", text)}
    mailed = [one for one in found if (await visitor.get(one)).status_code == 200]
    assert len(mailed) == 1, "two presses send one mail, and the links before it are dead"
    assert (await visitor.get(path)).status_code == 410
    shown = await desk.post(f"/invoices/{invoice.id}/links")
    (fresh,) = set(re.findall(r"http://testserver(/pay/[\w-]+)", shown.text))
    assert (await visitor.get(mailed[0])).status_code == 410
    assert "Pay $289.47 by card" in (await visitor.get(fresh)).text
    for person in (CAST.outsider, CAST.stranger):
        other = till.open_browser(person)
        assert (await other.post(f"/invoices/{invoice.id}/links")).status_code in (403, 404)
    await desk.post(f"/invoices/{invoice.id}/cash", {"amount": "289.47"})
    assert (await desk.post(f"/invoices/{invoice.id}/links")).status_code == 409
    assert (await visitor.get(fresh)).status_code == 200


async def test_a_payer_by_link_stops_their_payment_and_pays_another_sum(till: Till) -> None:
    invoice, path = await linked(till)
    visitor = till.open_browser()
    await visitor.post(f"{path}/payments", {"amount": "10"})
    (payment,) = await till.payments(invoice)
    stopping = f"{path}/payments/{payment.id}/cancellation"
    assert f'action="{stopping}"' in (await visitor.get(path)).text
    assert (await visitor.post(f"/pay/nonsense/payments/{payment.id}/cancellation")).status_code == 404
    stopped = await visitor.post(stopping)
    assert stopped.headers["location"] == path
    assert not (await till.payments(invoice))[0].is_live
    assert "Pay $289.47 by card" in (await visitor.get(path)).text


async def test_a_link_needs_the_form_of_our_own_page(till: Till) -> None:
    _invoice, path = await linked(till)
    answer = await till.open_browser().http.post(f"{path}/payments", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


# JSON


async def test_the_desk_and_the_driver_by_json(till: Till) -> None:
    async with transaction() as db:
        order = await finished(db)
    desk, driver = till.open_browser(CAST.advisor), till.open_browser(CAST.customer)
    issued = await desk.json("POST", "/api/v1/staff/invoices", {"order_id": str(order.id)})
    assert issued.status_code == 201
    body = issued.json()
    assert (body["invoice_number"], body["status"], body["total_minor"]) == ("INV-00001", "pending", TOTAL)
    assert [line["net_minor"] for line in body["lines"]] == [18000, 8990]
    assert (await desk.json("POST", "/api/v1/staff/invoices", {"order_id": str(order.id)})).status_code == 409
    listed = (await driver.json("GET", "/api/v1/customers/invoices")).json()
    assert [one["id"] for one in listed] == [body["id"]]
    paying = await driver.json("POST", "/api/v1/customers/payments", {"invoice_id": body["id"]})
    assert paying.status_code == 201
    assert re.fullmatch(rf"{till.stripe.base}/c/pay/cs_test_\w+", paying.json()["checkout_url"])
    await till.stripe.pay(paying.json()["checkout_url"])
    await till.deliver()
    (entry,) = (await driver.json("GET", "/api/v1/customers/payment-history")).json()
    assert (entry["status"], entry["amount_minor"]) == ("completed", TOTAL)
    for path in (f"/api/v1/customers/invoices/{body['id']}", "/api/invoices"):
        assert (await till.open_browser(CAST.outsider).json("GET", path)).status_code == 404


async def test_a_card_payment_by_json_is_begun_once_per_key(till: Till) -> None:
    invoice = await till.invoice()
    driver = till.open_browser(CAST.customer)
    body, headers = {"invoice_id": str(invoice.id)}, {"idempotency-key": "card-1"}
    first = await driver.json("POST", "/api/v1/customers/payments", body, headers=headers)
    assert first.json()["checkout_url"]
    again = await driver.json("POST", "/api/v1/customers/payments", body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_cash_by_json_is_booked_once_per_key(till: Till) -> None:
    invoice = await till.invoice()
    desk = till.open_browser(CAST.advisor)
    body = {"invoice_id": str(invoice.id), "amount_minor": 1000}
    headers = {"idempotency-key": "cash-1"}
    answers = [await desk.json("POST", "/api/v1/staff/payments", body, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len(await till.payments(invoice)) == 1


WRONG_BODIES: list[dict[str, object]] = [
    {"amount_minor": 0}, {"amount_minor": -1}, {"amount_minor": 1.5}, {"amount_minor": None},
    {"amount_minor": 10**15}, {"amount_minor": 1, "surprise": 1}, {},
]  # fmt: skip


async def test_wrong_json_is_refused(till: Till) -> None:
    invoice = await till.invoice()
    desk = till.open_browser(CAST.advisor)
    for body in WRONG_BODIES:
        answer = await desk.json("POST", "/api/v1/staff/payments", {"invoice_id": str(invoice.id), **body})
        assert answer.status_code == 400, body
    assert await till.payments(invoice) == []
