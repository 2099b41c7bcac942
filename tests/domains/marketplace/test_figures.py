"""The network's numbers of the parts market: what the rows add up to is what the number says, page by page and in the file."""

import csv
import io
import random
import re
from datetime import timedelta
from decimal import Decimal
from statistics import median

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.domains.marketplace import figures, rating
from app.domains.marketplace.models import PartsOrder
from tests.cast import Cast
from tests.conftest import viewing
from tests.domains.marketplace.test_scoring import bought, ended
from tests.market import a_draft, asked, offered

MADE = {
    "orders": lambda values: Decimal(sum(values)),
    "month": lambda values: Decimal(sum(values)),
    "onboarded": lambda values: Decimal(sum(values)),
    "active": lambda values: Decimal(sum(values)),
    "first_quote": lambda values: Decimal(median(values)),
    "satisfaction": lambda values: Decimal(sum(values)) / len(values),
    "complete": lambda values: Decimal(sum(values)) / len(values),
}


async def some_history(db: AsyncSession, cast: Cast, seed: int) -> None:
    """Requests of two years, some answered; drafts and old ones count nowhere."""
    chance = random.Random(seed)
    await viewing(db, cast.customer)
    await a_draft(db)
    for _number in range(8):
        order = await asked(db, "Pads", "Discs")
        for seller in chance.sample([cast.seller, cast.second_seller], chance.randint(0, 2)):
            await offered(db, order, 5000, chance.choice([None, 7000]), seller=seller)
        before = clock.now() - timedelta(days=chance.choice([0, 3, 40, 200, 500]))
        late = timedelta(seconds=chance.randint(1, 9000))
        await db.execute(
            update(PartsOrder).where(PartsOrder.id == order.id, PartsOrder.first_offer_at.is_not(None))
            .values(first_offer_at=before + late)
        )  # fmt: skip
        await db.execute(update(PartsOrder).where(PartsOrder.id == order.id).values(submitted_at=before))
    for stars in chance.choices(range(1, 6), k=3):
        deal = await bought(db, cast)
        await ended(db, cast, deal)
        await rating.rate(db, deal.id, stars, "", by=cast.customer.viewer)
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))


@pytest.mark.parametrize("seed", range(3))
async def test_the_rows_of_a_number_make_it(db: AsyncSession, cast: Cast, seed: int) -> None:
    await some_history(db, cast, seed)
    for name, made in MADE.items():
        figure = await figures.figure(db, name)
        found: list[figures.Row] = []
        while page := await figures.rows(
            db, name, after=(found[-1].at, found[-1].id) if found else None, most=3
        ):
            found += page
        assert len(found) == len({row.id for row in found}) == figure.rows, name
        whole = made([row.value for row in found]) if found else None
        assert (whole or 0) == pytest.approx(figure.value or 0), name
    by_month = await figures.months(db)
    assert len(by_month) == figures.MONTHS
    assert sum(count for _month, count in by_month) == (await figures.figure(db, "orders")).value
    assert by_month[-1][1] == ((await figures.figure(db, "month")).value or 0)
    assert (await figures.figure(db, "active")).value == 2, "both shops of the cast"


async def test_the_network_opens_each_number_and_nobody_else_does(browser, cast: Cast) -> None:
    async with transaction() as db:
        await some_history(db, cast, 7)
    network = browser(cast.network)
    assert "Parts market" in (await network.get("/network")).text
    for name in figures.ROWS:
        page = (await network.get(f"/network/parts-market?show={name}")).text
        file = await network.get(f"/network/parts-market/rows.csv?show={name}")
        lines = list(csv.reader(io.StringIO(file.text.lstrip("\ufeff"))))[1:]
        assert len(re.findall(r"<tr><td", page)) == len(lines), name
    assert re.search(r'href="/network/parts-market"[^>]*aria-current="page"', page)
    assert (await network.get("/network/parts-market?show=nothing")).status_code == 404
    for person in (cast.customer, cast.seller, cast.owner, cast.outsider):
        for url in ("/network/parts-market", "/network/parts-market/rows.csv"):
            assert (await browser(person).get(url)).status_code == 403
