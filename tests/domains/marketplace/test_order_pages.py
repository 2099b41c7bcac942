"""The buyer's page: offers compared, one decision, nobody else's business."""

import re
from uuid import UUID

from sqlalchemy import update

from app.core import clock
from app.core.db import transaction
from app.domains.accounts.models import User
from app.domains.marketplace import asking, orders, quoting
from app.domains.marketplace.models import PartsOrder
from tests.cast import Cast, Person
from tests.conftest import viewing
from tests.market import a_draft, an_offer, quote_at


async def asked(*parts: str, buyer: Person, **changed: object) -> PartsOrder:
    async with transaction() as db:
        await viewing(db, buyer)
        return await asking.submit(db, await a_draft(db, *parts, buyer=buyer, **changed), by=buyer.viewer)


async def offers(order: PartsOrder, seller: Person, *prices: int | None) -> UUID:
    async with transaction() as db:
        quote = await quote_at(db, order, seller)
        await quoting.offer(db, order, quote, await an_offer(db, order, *prices), by=seller.viewer)
        return quote.id


def hidden(text: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="((?:seen|line)\.[^"]+)" value="([^"]+)"', text))


async def test_a_page_that_is_read_again_shows_the_latest_revision_in_its_readers_language(
    browser, cast: Cast
) -> None:
    order = await asked("Pads", buyer=cast.customer)
    address = f"/parts/orders/{order.code}/offers"
    driver = browser(cast.customer)
    for price, now, before in ((5000, "$50.00", "$49.00"), (4900, "$49.00", "$50.00")):
        await offers(order, cast.seller, price)
        for _time in range(2):
            region = (await driver.get(address)).text
            assert now in region
            assert before not in region
    await offers(order, cast.second_seller, 5100)
    region = (await driver.get(address)).text
    assert region.count("Cheapest") == 1, "somebody to be cheaper than is no change of the offer itself"
    async with transaction() as db:
        await viewing(db, cast.customer)
        await db.execute(update(User).where(User.id == cast.customer.user_id).values(locale="de"))
    assert "49,00" in (await driver.get(address)).text


async def test_offers_are_compared_accepted_and_closed(browser, cast: Cast) -> None:
    order = await asked("Pads", "Dischi d'oro", buyer=cast.customer)
    some = await offers(order, cast.seller, 4000, None)
    whole = await offers(order, cast.second_seller, 5000, 9000)
    driver = browser(cast.customer)
    page = await driver.get(f"/parts/orders/{order.code}")
    assert page.text.index("River Spares") < page.text.index("Northside Parts"), "complete baskets first"
    assert "$140.00" in page.text
    assert "1 of 2" in page.text
    only = await driver.get(f"/parts/orders/{order.code}?complete=true")
    assert "Northside Parts" not in only.text
    assert "1 offer is hidden" in only.text
    sure = await driver.get(f"/parts/orders/{order.code}/acceptance?offer={some}")
    assert "Without: Dischi d&#39;oro" in sure.text
    sure = await driver.get(f"/parts/orders/{order.code}/acceptance?offer={whole}")
    assert "You pay $140.00 in cash or at the shop's card terminal" in sure.text
    done = await driver.post(f"/parts/orders/{order.code}/acceptance", hidden(sure.text))
    assert done.status_code == 303
    page = await driver.get(done.headers["location"])
    assert "Accepted. The shop is told." in page.text
    assert "Accept this offer" not in page.text
    again = await driver.post(f"/parts/orders/{order.code}/acceptance", hidden(sure.text))
    assert again.status_code == 409
    assert "decided already" in again.text


async def test_lines_of_two_shops_are_two_purchases(browser, cast: Cast) -> None:
    order = await asked("Pads", "Discs", buyer=cast.customer)
    one = await offers(order, cast.seller, 4000, 9900)
    other = await offers(order, cast.second_seller, 5000, 9000)
    async with transaction() as db:
        await viewing(db, cast.customer)
        pads, discs = await orders.lines_of(db, order.id)
    driver = browser(cast.customer)
    sure = await driver.get(
        f"/parts/orders/{order.code}/acceptance?line.{pads.id}={one}&line.{discs.id}={other}"
    )
    assert "$130.00" in sure.text
    await driver.post(f"/parts/orders/{order.code}/acceptance", hidden(sure.text))
    async with transaction() as db:
        await viewing(db, cast.customer)
        bought = await orders.purchases_of(db, order.id)
    assert sorted(purchase.total_minor for purchase in bought) == [4000, 9000]


async def test_the_region_is_nobody_elses_and_a_seller_accepts_nothing(browser, cast: Cast) -> None:
    order = await asked(buyer=cast.customer)
    quote = await offers(order, cast.seller, 5000)
    for person in (cast.stranger, cast.outsider, cast.advisor, cast.network):
        looking = browser(person)
        for path in ("", "/offers", f"/acceptance?offer={quote}"):
            assert (await looking.get(f"/parts/orders/{order.code}{path}")).status_code == 404, person.name
        for path in ("radius", "time", "cancellation", "acceptance"):
            assert (await looking.post(f"/parts/orders/{order.code}/{path}")).status_code == 404
    selling = browser(cast.seller)
    assert (await selling.get(f"/parts/orders/{order.code}")).status_code == 403
    assert (await browser().get(f"/parts/orders/{order.code}")).status_code == 303


async def test_an_offer_that_is_gone_is_refused_with_words(browser, cast: Cast) -> None:
    order = await asked(buyer=cast.customer)
    quote_id = await offers(order, cast.seller, 5000)
    driver = browser(cast.customer)
    sure = await driver.get(f"/parts/orders/{order.code}/acceptance?offer={quote_id}")
    async with transaction() as db:
        quote = await quote_at(db, order)
        await quoting.withdraw(db, order, quote, by=cast.seller.viewer)
    late = await driver.post(f"/parts/orders/{order.code}/acceptance", hidden(sure.text))
    assert late.status_code == 409
    assert "no longer" in late.text
    assert (await driver.get(f"/parts/orders/{order.code}/acceptance?offer={quote_id}")).status_code == 409
    assert (await driver.get(f"/parts/orders/{order.code}/acceptance?offer=nonsense")).status_code == 409


async def test_a_stale_acceptance_is_shown_again_as_it_stands_now(browser, cast: Cast) -> None:
    order = await asked("Pads", buyer=cast.customer)
    quote = await offers(order, cast.seller, 5000)
    driver, url = browser(cast.customer), f"/parts/orders/{order.code}/acceptance"
    sure = await driver.get(f"{url}?offer={quote}")
    await offers(order, cast.seller, 4800)
    changed = await driver.post(url, hidden(sure.text))
    assert changed.status_code == 409
    assert "Northside Parts has changed the offer meanwhile. Please look again." in changed.text
    assert "Accept for $48.00" in changed.text
    assert (await driver.post(url, hidden(changed.text))).status_code == 303
    for late in (await driver.post(url, hidden(changed.text)), await driver.get(f"{url}?offer={quote}")):
        assert late.status_code == 409
        assert "This order is decided already." in late.text
        assert "To be paid on delivery" in late.text, "the order as it stands, not a page of errors"


async def test_at_a_workshop_who_may_buy_decides(browser, cast: Cast) -> None:
    order = await asked("Pads", buyer=cast.technician)
    quote = await offers(order, cast.seller, 5000)
    here, bench = f"/parts/orders/{order.code}", browser(cast.technician)
    page = (await bench.get(here)).text
    assert "$50.00" in page
    assert "An advisor decides." in page
    assert "Accept this offer" not in page
    desk = browser(cast.advisor)
    sure = hidden((await desk.get(f"{here}/acceptance?offer={quote}")).text)
    assert (await bench.get(f"{here}/acceptance?offer={quote}")).status_code == 403
    assert (await bench.post(f"{here}/acceptance", sure)).status_code == 403
    said = {"quote_id": str(quote), "revisions": {str(quote): 1}}
    as_json = await bench.json("POST", f"/api/v1/auto-parts-orders/{order.code}/accept-quote", said)
    assert (as_json.status_code, as_json.json()["error"]) == (403, "Insufficient permissions")
    assert (await desk.post(f"{here}/acceptance", sure)).status_code == 303


async def test_a_program_accepts_by_revision(browser, cast: Cast) -> None:
    order = await asked(buyer=cast.customer)
    quote_id = await offers(order, cast.seller, 5000)
    driver, url = browser(cast.customer), f"/api/v1/auto-parts-orders/{order.code}/accept-quote"
    stale = {"quote_id": str(quote_id), "revisions": {str(quote_id): 7}}
    assert (await driver.json("POST", url, stale)).status_code == 409
    made = await driver.json("POST", url, {"quote_id": str(quote_id), "revisions": {str(quote_id): 1}})
    assert made.status_code == 201, made.text
    assert made.json()[0]["total"] == 5000
    assert (await browser(cast.stranger).json("POST", url, stale)).status_code == 404


async def test_what_expired_is_asked_for_again(browser, cast: Cast) -> None:
    order = await asked(buyer=cast.customer)
    driver, url = browser(cast.customer), f"/parts/orders/{order.code}/repetition"
    assert (await driver.post(url)).status_code == 409
    async with transaction() as db:
        await viewing(db, cast.customer)
        (await db.get_one(PartsOrder, order.id)).expires_at = clock.now()
    page = await driver.get(f"/parts/orders/{order.code}")
    assert url in page.text
    done = await driver.post(url)
    assert done.status_code == 303
    assert "2 shops are asked" in (await driver.get(done.headers["location"])).text
    assert (await browser(cast.stranger).post(url)).status_code == 404


async def test_more_shops_more_time_and_calling_it_off(browser, cast: Cast) -> None:
    order = await asked(buyer=cast.customer)
    driver = browser(cast.customer)
    for path, words in (("radius", "No further shop within"), ("time", "more time")):
        done = await driver.post(f"/parts/orders/{order.code}/{path}")
        assert words in (await driver.get(done.headers["location"])).text
    done = await driver.post(f"/parts/orders/{order.code}/cancellation", {"reason": "found one"})
    assert done.status_code == 303
    assert "Cancelled" in (await driver.get(f"/parts/orders/{order.code}")).text
