"""The counter of a parts shop: what it sees, what it may send, and who sees nothing of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, select

from app.core import db as core_db
from app.core.clock import now
from app.core.db import transaction
from app.domains.marketplace import accepting, orders, quoting
from app.domains.marketplace.models import ShopQuote, ShopQuoteLine
from app.domains.parts.models import Fitment
from app.domains.parts_shops.models import PartsShop
from tests.browsing import Browser
from tests.cast import CAST, NORTHSIDE, Person
from tests.conftest import viewing
from tests.market import an_offer, asked

Browsers = Callable[..., Browser]
SELLER = CAST.seller


async def a_request(*parts: str, **changed: Any) -> str:
    """The code of a request that both shops of the cast were asked."""
    async with transaction() as db:
        return (await asked(db, *parts, **changed)).code


async def the_quote(code: str, seller: Person = SELLER) -> ShopQuote:
    async with transaction(user=seller.user_id, tenant=seller.tenant_id) as db:
        return (await orders.find_quote(db, seller.viewer, code))[1]


async def offer_of_another(code: str, *prices: int | None) -> None:
    async with transaction() as db:
        await viewing(db, CAST.second_seller)
        order, quote = await orders.find_quote(db, CAST.second_seller.viewer, code)
        wanted = await an_offer(db, order, *prices)
        await quoting.offer(db, order, quote, wanted, by=CAST.second_seller.viewer)


async def accepted(code: str) -> None:
    async with transaction() as db:
        await viewing(db, CAST.customer)
        order = await orders.find(db, CAST.customer.viewer, code)
        (line,) = await orders.lines_of(db, order.id)
        quote = next(
            one for one in await orders.quotes_of(db, order.id, "offered") if one.tenant_id == NORTHSIDE
        )
        await accepting.accept(
            db, order, {line.id: quote.id}, {quote.id: quote.revision}, by=CAST.customer.viewer
        )


def typed(*prices: str | None, version: int = 1, **more: str) -> dict[str, str]:
    """The quote's form; None is missing."""
    form = {"version": str(version), "delivery_fee": "", "note": ""}
    for index, price in enumerate(prices):
        each = {
            "unit_price": price or "", "condition": "new", "number_kind": "aftermarket", "delivery_hours": "4",
            "warranty_months": "24", "brand": "Akebono", "part_number": "", "core_charge": "", "note": "",
        }  # fmt: skip
        form |= {f"lines.{index}.{name}": value for name, value in each.items()}
        if price is None:
            form[f"lines.{index}.missing"] = "yes"
    return form | {name.replace("__", "."): value for name, value in more.items()}


async def test_a_request_is_read_answered_and_moves_along_the_board(browser: Browsers) -> None:
    code = await a_request("Brake pads", "Wiper blades", note="It’s <b>urgent</b>", priority="urgent")
    counter = browser(SELLER)
    board = (await counter.get("/market")).text
    assert "<title>(1) Requests" in board
    for words in (
        code,
        "2003 Honda Accord",
        "Brake pads",
        "Urgent",
        "It’s &lt;b&gt;urgent&lt;/b&gt;",
        "data-countdown",
    ):
        assert words in board
    page = (await counter.get(f"/market/requests/{code}")).text
    assert "9 Elm Street" not in page
    assert "Dana" not in page, "the buyer stays unnamed until they have bought"
    assert "<title>Requests" in (await counter.get("/market")).text, "it was opened"
    for _twice in range(2):
        sent = await counter.post(f"/market/requests/{code}/offer", typed("50,00", None), key="once")
        assert (sent.status_code, sent.headers["location"]) == (303, "/market")
    quote = await the_quote(code)
    assert (quote.revision, quote.total_minor, quote.available_count, quote.missing_count) == (1, 5000, 1, 1)
    assert code not in (await counter.get("/market")).text
    offered = (await counter.get("/market?show=offered")).text
    assert code in offered
    assert "1 of 2 parts" in offered
    again = await counter.post(f"/market/requests/{code}/offer", typed("49.50", "12", version=quote.version))
    assert again.status_code == 303
    page = (await counter.get(f"/market/requests/{code}")).text
    assert "$50.00" in page, "as it once stood"
    assert "$61.50" in page


WRONG = [
    ({"lines__0__unit_price": ""}, "lines.0.unit_price"),
    ({"lines__0__unit_price": "-5"}, "lines.0.unit_price"),
    ({"lines__0__unit_price": "1.2345"}, "lines.0.unit_price"),
    ({"lines__0__unit_price": "20,000.00"}, "lines.0.unit_price"),
    ({"lines__0__unit_price": "9" * 30}, "lines.0.unit_price"),
    ({"lines__0__unit_price": "a lot"}, "lines.0.unit_price"),
    ({"lines__0__delivery_hours": "soon"}, "lines.0.delivery_hours"),
    ({"lines__0__warranty_months": "9999"}, "lines.0.warranty_months"),
    ({"lines__0__condition": "stolen"}, "lines.0.condition"),
    ({"delivery_fee": "-1"}, "delivery_fee"),
]


async def test_what_cannot_be_offered_is_said_beside_its_field_and_stays_typed(browser: Browsers) -> None:
    code = await a_request()
    counter = browser(SELLER)
    for changed, field in WRONG:
        form = typed("50", **changed) | {"lines.0.note": "from shelf “B”"}
        answer = await counter.post(f"/market/requests/{code}/offer", form)
        assert answer.status_code == 422, changed
        assert f'id="f-{field}-error"' in answer.text, changed
        assert "from shelf “B”" in answer.text
    assert (await the_quote(code)).revision == 0
    minus = await counter.post(f"/market/requests/{code}/offer", typed("50", lines__0__core_charge="-5"))
    assert "A price cannot be negative." in minus.text
    thousands = await counter.post(f"/market/requests/{code}/sum", typed("1,200"))
    assert "$1,200.00" in thousands.text
    nothing = await counter.post(f"/market/requests/{code}/offer", typed(None))
    assert "decline the request instead" in nothing.text


async def test_who_was_slower_is_told_and_keeps_what_they_typed(browser: Browsers) -> None:
    code = await a_request()
    counter = browser(SELLER)
    url = f"/market/requests/{code}"
    await counter.post(f"{url}/offer", typed("50"))
    for action, form in (("offer", typed("41.17")), ("withdrawal", {"version": "1"})):
        stale = await counter.post(f"{url}/{action}", form)
        assert stale.status_code == 409, action
        assert "Somebody else at your shop" in stale.text
    assert "41.17" in (await counter.post(f"{url}/offer", typed("41.17"))).text
    assert (await the_quote(code)).total_minor == 5000
    assert (await counter.post(f"{url}/refusal", {"version": "2", "why": "x"})).status_code == 409
    assert (await counter.post(f"{url}/withdrawal", {"version": "2"})).status_code == 303
    assert (await the_quote(code)).status == "withdrawn"


async def test_a_request_is_declined_in_a_word_or_ones_own(browser: Browsers) -> None:
    code = await a_request()
    counter = browser(SELLER)
    form = {"version": "1", "why": "Too far away", "reason": ""}
    assert (await counter.post(f"/market/requests/{code}/refusal", form)).status_code == 303
    assert (await the_quote(code)).decline_reason == "Too far away"
    assert "Too far away" in (await counter.get("/market?show=past")).text
    assert (await counter.post(f"/market/requests/{code}/offer", typed("50", version=2))).status_code == 303


async def test_after_its_time_a_request_is_past_and_takes_no_offer(browser: Browsers) -> None:
    code = await a_request()
    async with transaction(user=CAST.customer.user_id) as db:
        order = await orders.find(db, CAST.customer.viewer, code)
        order.expires_at = now() - timedelta(seconds=1)
    counter = browser(SELLER)
    assert code not in (await counter.get("/market")).text
    assert code in (await counter.get("/market?show=past")).text
    late = await counter.post(f"/market/requests/{code}/offer", typed("50"))
    assert late.status_code == 409
    assert "time for offers is over" in late.text
    assert "/offer" not in (await counter.get(f"/market/requests/{code}")).text


async def test_the_sum_follows_what_is_typed_with_and_without_scripts(browser: Browsers) -> None:
    code = await a_request("Brake pads", "Wiper blades")
    counter = browser(SELLER)
    form = typed("1.234,50", "what?", delivery_fee="10") | {"lines.0.core_charge": "7"}
    whole = (await counter.post(f"/market/requests/{code}/sum", form, key="k")).text
    part = (await counter.post(f"/market/requests/{code}/sum", form, headers={"hx-request": "true"})).text
    for answer in (whole, part):
        assert "$1,251.50" in answer
        assert "1 of 2 parts" in answer
    assert "what?" in whole
    assert "<html" not in part
    assert (await the_quote(code)).revision == 0


async def test_open_bidding_tells_the_best_total_and_sealed_bidding_nothing(browser: Browsers) -> None:
    sealed, open_ = await a_request(), await a_request(bidding="open")
    for code in (sealed, open_):
        await offer_of_another(code, 4711)
    counter = browser(SELLER)
    for page in (f"/market/requests/{sealed}", f"/market/requests/{open_}", "/market"):
        told = (await counter.get(page)).text
        assert ("$47.11" in told) == (sealed not in page)
        assert "River" not in told, "never whose"
    lower = await counter.post(f"/market/requests/{open_}/offer", typed("40"))
    assert lower.status_code == 303
    assert "Yours is the best" in (await counter.get("/market?show=offered")).text
    dearer = await counter.post(f"/market/requests/{open_}/offer", typed("41", version=2))
    assert dearer.status_code == 422
    assert "only goes down" in dearer.text
    for code, seen in ((sealed, None), (open_, 4000)):
        quote = await the_quote(code)
        answer = (await counter.json("GET", f"/api/v1/shop-quotes/{quote.id}")).json()
        assert answer["best_total_minor"] == seen


async def test_everybody_else_finds_nothing(browser: Browsers) -> None:
    code = await a_request()
    quote = await the_quote(code)
    url, json = f"/market/requests/{code}", f"/api/v1/shop-quotes/{quote.id}"
    for person, status in ((CAST.advisor, 403), (CAST.outsider, 403), (CAST.customer, 403), (None, 303)):
        visitor = browser(person)
        assert (await visitor.get("/market")).status_code == status
        for answer in (await visitor.get(url), await visitor.post(f"{url}/offer", typed("50"))):
            assert answer.status_code == status
        assert (await visitor.json("GET", json)).status_code == (401 if person is None else status)
    async with transaction() as db:  # asked at the one shop only
        await viewing(db, CAST.second_seller)
        (other,) = await db.scalars(select(ShopQuote))
        await db.delete(other)
    rival = browser(CAST.second_seller)
    stream = re.search(r'hx-sse:connect="([^"]*)"', (await browser(SELLER).get("/market")).text)
    assert stream
    for person in (CAST.second_seller, CAST.advisor, CAST.customer, None):
        assert (await browser(person).get(unescape(stream[1]))).status_code == 401, "it hears nothing"
    assert code not in (await rival.get("/market")).text
    for path in (url, f"{url}/fit"):
        assert (await rival.get(path)).status_code == 404
    for action in ("offer", "sum", "refusal", "withdrawal"):
        assert (await rival.post(f"{url}/{action}", typed("50"))).status_code == 404
    for method, body in (
        ("GET", None),
        ("PUT", {"currency": "USD", "lines": [{"order_line_id": str(quote.id)}]}),
        ("DELETE", None),
    ):
        assert (await rival.json(method, json, body)).status_code == 404
    assert (await rival.json("GET", "/api/v1/shop-quotes")).json() == []
    assert (await the_quote(code)).revision == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending_verification", "is being checked"),
        ("suspended", "Papers <out> of date"),
        ("inactive", "closed for now"),
    ],
)
async def test_a_shop_that_is_not_open_is_told_so_and_offers_nothing(
    browser: Browsers, status: str, words: str
) -> None:
    code = await a_request()
    async with transaction(tenant=NORTHSIDE) as db:
        shop = (await db.scalars(select(PartsShop).where(PartsShop.tenant_id == NORTHSIDE))).one()
        shop.status, shop.status_reason = status, "Papers <out> of date"
    counter = browser(SELLER)
    assert words.replace("<", "&lt;").replace(">", "&gt;") in (await counter.get("/market")).text
    refused = await counter.post(f"/market/requests/{code}/offer", typed("50"))
    assert refused.status_code == 409
    assert "not active" in refused.text


async def test_a_shop_that_cannot_be_paid_is_told_what_to_do(browser: Browsers) -> None:
    code = await a_request()
    async with transaction(tenant=NORTHSIDE) as db:
        shop = (await db.scalars(select(PartsShop).where(PartsShop.tenant_id == NORTHSIDE))).one()
        shop.takes_cash = False
    counter = browser(SELLER)
    assert "/settings/payments" in (await counter.get("/market")).text
    page = (await counter.get(f"/market/requests/{code}")).text
    assert "cannot be paid yet" in page
    assert "unit_price" not in page, "no form to fill in for nothing"
    assert f"/market/requests/{code}/refusal" in page
    assert (await counter.post(f"/market/requests/{code}/offer", typed("50"))).status_code == 409


async def test_what_does_not_fit_is_not_offered_and_what_fits_keeps_its_rule(browser: Browsers) -> None:
    code = await a_request("Brake pads", "Wiper blades", "Oil filter")
    async with transaction(tenant=NORTHSIDE) as db:
        for number, make in (("F-1", "Honda"), ("V-1", "Volkswagen")):
            db.add(
                Fitment(
                    tenant_id=NORTHSIDE, number=number, number_key=number.replace("-", ""), kind="aftermarket",
                    brand="", make=make, make_key=make.casefold(), model="Accord" if make == "Honda" else "Golf", year_from=2003,
                    year_to=2007, engine="", note="", excludes=False, sameness=number,
                )
            )  # fmt: skip
    counter = browser(SELLER)
    url = f"/market/requests/{code}"
    query = {"line": "1", "lines.1.part_number": "v1", "lines.1.number_kind": "aftermarket"}
    said = (await counter.get(f"{url}/fit", params=query)).text
    assert "Does not fit" in said
    assert "Volkswagen Golf" in said
    form = typed("50", "12", "8") | {"lines.0.part_number": "F 1", "lines.1.part_number": "V-1"}
    misfit = await counter.post(f"{url}/offer", form)
    assert misfit.status_code == 422
    assert 'id="f-lines.1.part_number-error"' in misfit.text
    form = typed("50", None, "8") | {"lines.0.part_number": "F 1", "lines.2.part_number": "X-9"}
    assert (await counter.post(f"{url}/offer", form)).status_code == 303
    async with transaction(user=SELLER.user_id, tenant=NORTHSIDE) as db:
        rows = {one.part_number: one for one in await db.scalars(select(ShopQuoteLine))}
    assert (rows["F 1"].fits, rows["F 1"].fit_rule["rule"]) == ("fits", "fitment")
    assert rows["F 1"].fit_rule["row"]["model"] == "Accord", "frozen, whatever the list says later"
    assert (rows["X-9"].fits, rows["X-9"].fit_rule["rule"]) == ("unknown", "no_data")


async def test_the_number_that_was_asked_for_fits(browser: Browsers) -> None:
    async with transaction() as db:
        order = await asked(db, "Brake pads")
        (line,) = await orders.lines_of(db, order.id)
        line.part_number, line.oem_only = "45022-SDA-A00", True
        code = order.code
    counter = browser(SELLER)
    page = (await counter.get(f"/market/requests/{code}")).text
    assert 'value="45022-SDA-A00"' in page
    assert "It is the number that was asked for." in page


async def test_quotes_as_json_until_the_buyer_has_accepted(browser: Browsers) -> None:
    code = await a_request()
    counter = browser(SELLER)
    (listed,) = (await counter.json("GET", "/api/v1/shop-quotes?status=invited")).json()
    assert (listed["order_code"], listed["status"]) == (code, "invited")
    line = {"order_line_id": listed["lines"][0]["order_line_id"], "unit_price_minor": 5000}
    body = {"order_id": listed["order_id"], "currency": "USD", "lines": [line]}
    for wrong in ({"currency": "EUR"}, {"lines": [line | {"unit_price_minor": -1}]}, {"lines": [line, line]}):
        assert (
            await counter.json("POST", "/api/v1/shop-quotes/provide-quote", body | wrong)
        ).status_code == 422
    made = await counter.json("POST", "/api/v1/shop-quotes/provide-quote", body)
    assert (made.status_code, made.json()["total_minor"]) == (201, 5000)
    url = f"/api/v1/shop-quotes/{made.json()['id']}"
    better = {
        "currency": "USD",
        "lines": [line | {"unit_price_minor": 4800}],
        "version": made.json()["version"],
    }
    assert (await counter.json("PUT", url, better)).json()["revision"] == 2
    assert (await counter.json("PUT", url, better)).status_code == 409, "stale"
    assert (await counter.json("DELETE", url)).json()["status"] == "withdrawn"
    assert (await counter.json("PUT", url, better | {"version": None})).json()["status"] == "offered"
    await accepted(code)
    for method, sent in (("PUT", better | {"version": None}), ("DELETE", None)):
        assert (await counter.json(method, url, sent)).status_code == 409
    assert (await counter.json("GET", url)).json()["status"] == "accepted"
    won = (await counter.get(f"/market/requests/{code}")).text
    assert "You have won" in won
    assert "/market/sales/" in won


async def test_a_full_board_costs_no_more_queries_than_one_request(browser: Browsers) -> None:
    """Twelve are enough to see it: a query for each request would show."""
    counter = browser(SELLER)
    counts = []
    for more in (1, 11):
        for _each in range(more):
            await a_request("Brake pads", "Wiper blades")
        seen: list[str] = []
        engine = core_db.engine().sync_engine
        listen = lambda *said: seen.append(said[2])  # noqa: E731, B023
        event.listen(engine, "before_cursor_execute", listen)
        board = (await counter.get("/market")).text
        event.remove(engine, "before_cursor_execute", listen)
        counts.append(len(seen))
    assert len(re.findall(r'id="r-', board)) == 12
    assert counts[1] <= counts[0], counts
