"""A buyer and each shop write to each other about a request, apart; nobody else reads it, and a buyer has no name before
something is bought of a shop."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text, update

from app.core import clock
from app.core.db import new_id, transaction
from app.core.live import read_stream_token
from app.domains.accounts.models import Session
from app.domains.marketplace import accepting, asking, orders, quoting, talking
from app.domains.marketplace.models import PartsOrder
from app.domains.messaging import id_of, thread_topic
from app.domains.network.models import RoleAt, ServiceCenter
from app.domains.notifications.models import Notification
from tests.cast import HARBOR, HARBOR_CENTER, Cast, Person
from tests.conftest import viewing
from tests.market import a_draft, an_offer, quote_at
from tests.tenancy.test_topics import STREAM


async def requested(buyer: Person) -> PartsOrder:
    async with transaction() as db:
        await viewing(db, buyer)
        return await asking.submit(db, await a_draft(db, "Pads", buyer=buyer), by=buyer.viewer)


async def quoted(order: PartsOrder, seller: Person, price: int | None = None) -> tuple[UUID, UUID]:
    """The seller's quote, with an offer if a price is given, and its conversation."""
    async with transaction() as db:
        quote = await quote_at(db, order, seller)
        if price:
            await quoting.offer(db, order, quote, await an_offer(db, order, price), by=seller.viewer)
        return quote.id, id_of(await talking.subject_of(db, order, quote))


async def test_the_shop_asks_first_and_reads_a_name_once_it_has_sold(
    browser, run_reactions, cast: Cast
) -> None:
    order = await requested(cast.customer)
    quote, _thread = await quoted(order, cast.seller)
    driver, shop = browser(cast.customer), browser(cast.seller)
    page, here, there = (
        f"/parts/orders/{order.code}",
        f"/parts/orders/{order.code}/offers/{quote}/messages",
        f"/market/requests/{order.code}/messages",
    )
    assert (await driver.get(here)).status_code == 404, "it is for the shop to begin"
    assert (await driver.post(here, {"text": "Hello?"})).status_code == 404
    assert (await shop.post(there, {"text": "Front or rear? Aren't they the same?"})).status_code == 303
    seen = (await driver.get(page)).text
    assert "Northside Parts has written to you." in seen
    assert "1 new" in seen
    assert "Front or rear?" in (await driver.get(here)).text
    assert "1 new" not in (await driver.get(page)).text
    await driver.post(here, {"text": "Front."})
    read = (await shop.get(there)).text
    assert "The buyer" in read
    assert "Dana" not in read
    await driver.post(here, {"text": "And soon, please"})
    assert "1 new" in (await shop.get(f"{there}/link")).text
    await quoted(order, cast.seller, 5000)
    async with transaction() as db:
        await viewing(db, cast.customer)
        [line] = await orders.lines_of(db, order.id)
        await accepting.accept(db, order, {line.id: quote}, {quote: 1}, by=cast.customer.viewer)
    sold = (await shop.get(there)).text
    assert "Dana O&#39;Neil" in sold
    assert here in (await driver.get(page)).text
    async with transaction(tenant=cast.seller.tenant_id) as db:
        names = text("SELECT DISTINCT actor_name FROM events WHERE name = 'ChatMessageSent' ORDER BY 1")
        assert list(await db.scalars(names)) == ["", "Petra Parts"]


async def test_whoever_is_on_neither_side_reads_and_writes_nothing(browser, cast: Cast) -> None:
    order = await requested(cast.customer)
    quote, _mine = await quoted(order, cast.seller, 5000)
    other, _theirs = await quoted(order, cast.second_seller, 6000)
    here = f"/parts/orders/{order.code}/offers/{quote}/messages"
    await browser(cast.customer).post(here, {"text": "For Northside alone"})
    assert (
        "For Northside alone"
        not in (await browser(cast.second_seller).get(f"/market/requests/{order.code}/messages")).text
    )
    assert (
        "For Northside alone"
        not in (await browser(cast.customer).get(here.replace(str(quote), str(other)))).text
    )
    for person in (cast.stranger, cast.outsider, cast.advisor, cast.network, cast.technician):
        for url in (here, f"/market/requests/{order.code}/messages"):
            assert (await browser(person).get(url)).status_code in (403, 404), (person.key, url)
            sent = await browser(person).post(url, {"text": "Me too"})
            assert sent.status_code in (403, 404), (person.key, url)
    assert (await browser(cast.stranger).get(here)).status_code == 404


async def test_a_workshop_buys_and_both_pages_are_rung(browser, cast: Cast) -> None:
    order = await requested(cast.advisor)
    quote, thread = await quoted(order, cast.seller, 5000)
    desk, shop = browser(cast.advisor), browser(cast.seller)
    here, there = (
        f"/parts/orders/{order.code}/offers/{quote}/messages",
        f"/market/requests/{order.code}/messages",
    )
    pages = [(desk, here), (shop, there), (desk, f"/parts/orders/{order.code}")]
    for person, url in pages:
        [opened] = STREAM.findall((await person.get(url)).text)
        assert thread_topic(thread) in read_stream_token(opened[1]).topics, url
        assert (await browser(cast.outsider).get(opened[0].replace("&amp;", "&"))).status_code == 401
    begin = f"/api/v1/chat/shop-quotes/{quote}/thread"
    sides = [(await person.json("POST", begin)).json()["side"] for person in (desk, shop)]
    assert sides == ["other", "business"]
    for person in (cast.second_seller, cast.outsider, cast.stranger):
        assert (await browser(person).json("POST", begin)).status_code in (403, 404), person.key
    await desk.post(here, {"text": "Is it in stock?"})
    read = (await shop.get(there)).text
    assert "Is it in stock?" in read
    assert "Avery" not in read
    assert "A colleague" in (await browser(cast.owner).get(here)).text
    assert (await browser(cast.customer).get(here)).status_code == 404


async def test_what_a_workshop_writes_is_read_where_it_buys_and_not_at_its_other_places(
    browser, run_reactions, cast: Cast
) -> None:
    order = await requested(cast.advisor)
    quote, thread = await quoted(order, cast.seller, 5000)
    shop = browser(cast.seller)
    assert (
        await shop.post(f"/market/requests/{order.code}/messages", {"text": "In by noon"})
    ).status_code == 303
    other = replace(cast.technician, center_id=new_id())
    async with transaction(tenant=HARBOR) as db:
        here = await db.get_one(ServiceCenter, HARBOR_CENTER)
        db.add(
            ServiceCenter(
                id=other.center_id,
                tenant_id=HARBOR,
                name="Harbor West",
                slug="west",
                zone=here.zone,
                currency="USD",
            )
        )
        await db.flush()
        place = update(RoleAt).where(RoleAt.user_id == other.user_id)
        await db.execute(place.values(service_center_id=other.center_id))
        session = update(Session).where(Session.user_id == other.user_id)
        await db.execute(session.values(center_id=other.center_id))
    mine, theirs = browser(cast.advisor), browser(other)
    url = f"/api/v1/chat/threads/{thread}/messages"
    assert [one["message"] for one in (await mine.get(url)).json()] == ["In by noon"]
    assert (await theirs.get(url)).status_code == 404
    assert (await theirs.get(f"/parts/orders/{order.code}/offers/{quote}/messages")).status_code == 404
    assert (await theirs.get("/api/v1/chat/threads")).json() == []
    with clock.moved_by(timedelta(seconds=6)):
        await run_reactions()
    for person, lines in ((cast.advisor, 1), (other, 0)):
        async with transaction(user=person.user_id) as db:
            told = select(Notification).where(Notification.type == "message")
            assert len((await db.scalars(told)).all()) == lines, person.key
