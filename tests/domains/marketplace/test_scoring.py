"""A shop's score is what its deals come to, whoever counts it when; and what the buyer says of a deal."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains.marketplace import accepting, asking, events, figures, orders, rating, scoring
from app.domains.marketplace.models import Purchase, ShopQuote
from app.domains.parts_shops.models import PartsShop
from app.subscriptions import SUBSCRIPTIONS
from tests.cast import NORTHSIDE, NORTHSIDE_SHOP, Cast, Person
from tests.conftest import viewing
from tests.market import a_draft, an_offer, asked, offered, quote_at

__all__ = ["a_draft", "an_offer", "quote_at"]

GRID = f"""
WITH seconds(response_seconds) AS (VALUES (NULL::bigint), (0), (1), (600), (7200), (10000000)),
grid AS (
    SELECT rating_count, rating_sum, delivered_count, failed_count, response_seconds,
           {scoring.SCORE} AS score
      FROM generate_series(0, 12) rating_count,
           generate_series(rating_count, rating_count * 5) rating_sum,
           generate_series(0, 9) delivered_count, generate_series(0, 9) failed_count, seconds
)
"""
STEPS = {
    "a rating with a star more": "b.rating_count = a.rating_count AND b.rating_sum = a.rating_sum + 1 "
    "AND b.delivered_count = a.delivered_count AND b.failed_count = a.failed_count "
    "AND b.response_seconds IS NOT DISTINCT FROM a.response_seconds",
    "a delivery more": "b.rating_count = a.rating_count AND b.rating_sum = a.rating_sum "
    "AND b.delivered_count = a.delivered_count + 1 AND b.failed_count = a.failed_count "
    "AND b.response_seconds IS NOT DISTINCT FROM a.response_seconds",
    "a failure less": "b.rating_count = a.rating_count AND b.rating_sum = a.rating_sum "
    "AND b.delivered_count = a.delivered_count AND b.failed_count = a.failed_count - 1 "
    "AND b.response_seconds IS NOT DISTINCT FROM a.response_seconds",
    "a quicker answer": "b.rating_count = a.rating_count AND b.rating_sum = a.rating_sum "
    "AND b.delivered_count = a.delivered_count AND b.failed_count = a.failed_count "
    "AND b.response_seconds < a.response_seconds",
}


async def test_it_stays_within_its_bounds_and_a_new_shop_is_in_the_middle(db: AsyncSession) -> None:
    low, high = (await db.execute(text(GRID + "SELECT min(score), max(score) FROM grid"))).one()
    assert (low, high) >= (0, 0)
    assert high <= 100
    new = GRID + (
        "SELECT score FROM grid WHERE rating_count = 0 AND delivered_count = 0 AND failed_count = 0 "
        "AND response_seconds IS NULL"
    )
    assert await db.scalar(text(new)) == 50
    one_star_more_than_many = GRID + (
        "SELECT (SELECT score FROM grid WHERE rating_count = 1 AND rating_sum = 5 AND rest) < "
        "(SELECT score FROM grid WHERE rating_count = 12 AND rating_sum = 57 AND rest)"
    ).replace("rest", "delivered_count = 3 AND failed_count = 0 AND response_seconds = 600")
    assert await db.scalar(text(one_star_more_than_many)), "one five-star rating does not win"


@pytest.mark.parametrize("step", STEPS)
async def test_what_is_better_counts_as_better(db: AsyncSession, step: str) -> None:
    """A failed delivery always costs, and so on, at every point of a grid of 65,000 histories or so."""
    query = GRID + (
        f", points AS MATERIALIZED (SELECT * FROM grid WHERE rating_count IN (0, 1, 4) AND failed_count < 5 AND delivered_count < 5) "
        f"SELECT count(*) AS pairs, count(*) FILTER (WHERE b.score <= a.score) AS wrong FROM points a JOIN points b ON {STEPS[step]}"
    )
    pairs, wrong = (await db.execute(text(query))).one()
    assert pairs > 500
    assert wrong == 0


async def bought(db: AsyncSession, cast: Cast, *, seller: Person | None = None) -> Purchase:
    """A purchase at Northside Parts; the transaction is the driver's."""
    order = await asked(db, "Pads")
    quote = await offered(db, order, 5000, seller=seller or cast.seller)
    [line] = await orders.lines_of(db, order.id)
    [made] = await accepting.accept(
        db, order, {line.id: quote.id}, {quote.id: quote.revision}, by=cast.customer.viewer
    )
    return made


async def ended(db: AsyncSession, cast: Cast, purchase: Purchase, status: str = "delivered") -> None:
    """As the seller's hands would have left it; afterwards the transaction is the driver's."""
    await viewing(db, cast.seller)
    await db.execute(update(Purchase).where(Purchase.id == purchase.id).values(status=status))
    await viewing(db, cast.customer)


async def counted(db: AsyncSession) -> PartsShop:
    return await db.get_one(PartsShop, NORTHSIDE_SHOP, populate_existing=True)


async def test_everything_is_counted_from_the_deals_and_twice_is_once(db: AsyncSession, cast: Cast) -> None:
    one, other, third = [await bought(db, cast) for _deal in range(3)]
    await ended(db, cast, one)
    await ended(db, cast, other, "failed")
    await ended(db, cast, third, "returned")
    await rating.rate(db, one.id, 5, " Bien sûr, d'accord ", by=cast.customer.viewer)
    await rating.rate(db, one.id, 4, "", by=cast.customer.viewer)
    await asked(db, "Discs")
    await viewing(db, cast.seller)
    quote = update(ShopQuote).where(ShopQuote.id == one.quote_id)
    await db.execute(quote.values(answered_at=clock.now() + timedelta(hours=3)))
    for _time in range(2):
        await scoring.rescore(db, NORTHSIDE, NORTHSIDE_SHOP)
    shop = await counted(db)
    assert (shop.asked_count, shop.quoted_count, shop.won_count) == (4, 3, 3)
    assert (shop.delivered_count, shop.failed_count) == (2, 1)
    assert (shop.rating_sum, shop.rating_count) == (4, 1)
    assert shop.response_seconds is not None
    assert shop.response_seconds < 60, "the middle of the answers, not their mean"
    assert 50 < shop.score < 100


async def test_asked_anew_a_shop_answers_that_asking_and_not_the_one_hours_ago(
    db: AsyncSession, cast: Cast
) -> None:
    with clock.moved_by(timedelta(hours=-9)):
        order = await asked(db, "Pads")
    assert await asking.expire(db, order, by=Viewer.system())
    await asking.submit(db, order, by=cast.customer.viewer)
    with clock.moved_by(timedelta(minutes=4)):
        await offered(db, order, 5000)
    await viewing(db, cast.seller)
    await scoring.rescore(db, NORTHSIDE, NORTHSIDE_SHOP)
    seconds = (await counted(db)).response_seconds
    assert seconds is not None
    assert 240 <= seconds < 300
    await viewing(db, cast.network)
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    [row] = await figures.rows(db, "first_quote")
    assert 240 <= row.value < 300


async def test_the_share_of_offers_won_is_said_when_there_are_enough(browser, cast: Cast) -> None:
    page = f"/parts-shops/{NORTHSIDE_SHOP}/ratings"
    for offers, said in ((4, False), (5, True)):
        async with transaction(tenant=NORTHSIDE) as db:
            shop = await db.get_one(PartsShop, NORTHSIDE_SHOP)
            shop.quoted_count, shop.won_count = offers, 2
        for who, where in ((None, page), (cast.seller, "/market/ratings")):
            assert (f"of {offers} offers" in (await browser(who).get(where)).text) is said
    shops = (await browser().get("/parts-shops")).text
    assert "New here" in shops
    assert "of 100" not in shops, "nothing has been bought there yet"


async def test_the_order_of_events_makes_no_difference(browser, run_reactions, cast: Cast) -> None:
    """The reactions run in the relay's order; counted again in any other, and by nobody, it is the same."""
    async with transaction() as db:
        deals = [await bought(db, cast) for _deal in range(3)]
        await ended(db, cast, deals[0])
        await ended(db, cast, deals[1], "failed")
    await browser(cast.customer).post(
        f"/parts/purchases/{deals[0].id}/rating", {"rating": "5", "words": "Quick"}
    )
    await run_reactions()
    async with transaction(tenant=NORTHSIDE) as db:
        by_events = await counted(db)
        kept = (by_events.score, by_events.won_count, by_events.rating_sum, by_events.failed_count)
        shuffled = [name for name, heard in SUBSCRIPTIONS.items() if scoring.rescore_shop in heard]
        random.Random(1).shuffle(shuffled)
        for _event in shuffled:
            await scoring.rescore(db, NORTHSIDE, NORTHSIDE_SHOP)
        again = await counted(db)
    assert kept == (again.score, again.won_count, again.rating_sum, again.failed_count)
    assert kept[1:] == (3, 5, 1)


def test_every_event_that_changes_a_count_is_counted() -> None:
    names = "ShopAsked QuoteOffered QuoteDeclined QuoteWon QuoteLost PurchaseRated PurchaseDelivered PurchaseFailed PurchaseReturned"
    known = [getattr(events, name) for name in names.split() if hasattr(events, name)]
    assert [one for one in known if scoring.rescore_shop not in SUBSCRIPTIONS.get(one, [])] == []


async def delivered(cast: Cast) -> tuple[UUID, str]:
    async with transaction() as db:
        made = await bought(db, cast)
        await ended(db, cast, made)
        order = await orders.hold(db, made.order_id)
        return made.id, order.code


async def test_a_low_rating_is_a_task_until_it_is_answered_for_all_to_read(
    browser, run_reactions, cast: Cast
) -> None:
    purchase, code = await delivered(cast)
    driver, shop = browser(cast.customer), browser(cast.seller)
    url = f"/parts/purchases/{purchase}/rating"
    assert url in (await driver.get(f"/parts/orders/{code}")).text
    nothing = await driver.post(url, {"words": "L'huile <b>fuit</b>"})
    assert nothing.status_code == 422
    assert "L&#39;huile &lt;b&gt;fuit" in nothing.text
    assert (await driver.post(url, {"rating": "1", "words": "L'huile fuit"})).status_code == 303
    await run_reactions()
    async with transaction(user=cast.seller.user_id) as db:
        told = text(
            "SELECT title, is_read FROM notifications WHERE type = 'order' AND url = '/market/ratings'"
        )
        assert (await db.execute(told)).all() == [("A buyer gave 1 star", False)]
    page = (await shop.get("/market/ratings")).text
    assert page.index("To make good") < page.index("L&#39;huile fuit") < page.index("Latest")
    answer = f"/market/ratings/{purchase}"
    assert (await shop.post(answer, {"reply": "  "})).status_code == 422
    assert (await browser(cast.second_seller).post(answer, {"reply": "Ours?"})).status_code == 404
    assert (await shop.post(answer, {"reply": "We have sent another seal."})).status_code == 303
    assert (await shop.post(answer, {"reply": "Twice"})).status_code == 409
    await run_reactions()
    async with transaction(user=cast.seller.user_id) as db:
        assert (await db.execute(told)).all() == [("A buyer gave 1 star", True)]
    public = (await browser().get(f"/parts-shops/{NORTHSIDE_SHOP}/ratings")).text
    assert "We have sent another seal." in public
    assert "Dana" in public
    assert "Neil" not in public
    assert "Northside Parts has answered your rating" in (await driver.get("/notifications")).text


async def test_a_rating_is_its_buyers_alone_and_stays_after_two_weeks(browser, cast: Cast) -> None:
    purchase, _code = await delivered(cast)
    api = f"/api/v1/parts-purchases/{purchase}/rating"
    for person in (cast.stranger, cast.seller, cast.outsider, cast.network):
        assert (await browser(person).json("PUT", api, {"rating": 1})).status_code in (403, 404), person.key
    driver = browser(cast.customer)
    assert (await driver.json("PUT", api, {"rating": 6})).status_code == 400
    assert (await driver.json("PUT", api, {"rating": 4, "words": "Good"})).json()["rating"] == 4
    long_ago = clock.now() - rating.CHANGEABLE
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(Purchase).where(Purchase.id == purchase).values(rated_at=long_ago))
    assert (await driver.json("PUT", api, {"rating": 1})).status_code == 409
    async with transaction(user=cast.customer.user_id) as db:
        assert await db.scalar(select(Purchase.rating).where(Purchase.id == purchase)) == 4
        await db.execute(
            update(Purchase)
            .where(Purchase.id == purchase)
            .values(rating=None, rated_at=None, status="shipped")
        )
    early = await driver.post(f"/parts/purchases/{purchase}/rating", {"rating": "5"})
    assert early.status_code == 409
