"""Every route with the other shop's ids in it, asked by everybody: nothing is told, nothing is changed."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest

from app.core.permissions import PUBLIC, SIGNED_IN
from app.tenancy import TABLES
from tests.browsing import Browser
from tests.cast import CAST, Person
from tests.tenancy.belonging import Catalogue, read_catalogue
from tests.tenancy.fences import READ_BY_ALL
from tests.tenancy.shops import HARBOR_SHOP, VOLT_SHOP, Shop
from tests.tenancy.site_map import (
    NOT_HARVESTED,
    Harvest,
    Route,
    body_for,
    query_for,
    routes,
    struct_of,
    unknown_names,
)

ASKERS: dict[str, tuple[Person | None, Shop]] = {
    "a visitor": (None, VOLT_SHOP),
    "a driver of no shop": (CAST.stranger, VOLT_SHOP),
    "Harbor Lane's driver": (CAST.customer, VOLT_SHOP),
    "Harbor Lane's technician": (CAST.technician, VOLT_SHOP),
    "Harbor Lane's advisor": (CAST.advisor, VOLT_SHOP),
    "Harbor Lane's owner": (CAST.owner, VOLT_SHOP),
    "Voltwerk's advisor": (CAST.outsider, HARBOR_SHOP),
    "Voltwerk's owner": (VOLT_SHOP.owner, HARBOR_SHOP),
}

PUBLISHED = re.compile(
    r"^/book/\{slug|^/api/v1/centers/\{center_id|^(/api/v1)?/(parts-)?shops/\{slug|^/parts-shops/.*/ratings$"
)
"""A visitor reads what a shop offers, when it is free and what its buyers say; a driver books anywhere, and asks any parts shop."""
NOT_OURS = re.compile(r"^/static/|^/dev/|^/webhooks/|^/live$")
"""Assets and the developer's pages hold no shop's rows in production; webhooks prove their sender; streams have tests
of their own."""
ANY_ID = re.compile(r"^/api/v1/vin/")
"""A VIN is a fact about a car, decoded for whoever types it; it opens no record."""

SHOWS_A_FORM = re.compile(r"^GET /reset-password/")
"""The page is the same for any token: scanners of mails open links, only the POST decides."""

NO_PAGE = re.compile(r"/sell-parts/\{step|/shop-onboarding/.*/step/\{step")
"""A step that nobody has heard of is no page, whoever asks."""

LEADS_AWAY = re.compile(r"^(GET|POST) /kiosk/people/")
"""Whoever stands at no tablet is led to the page that says so, whatever the id."""


@dataclass
class Crawl:
    """One person walking through the site with the other shop's ids."""

    browser: Browser
    person: Person | None
    theirs: Harvest
    ours: Harvest
    found: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> re.Pattern[str]:
        return self.theirs.shop.secrets

    def told(self, route: Route, words: str, answer: httpx.Response) -> None:
        """Note what is wrong with an answer, whatever it was to be."""
        read = answer.text + str(answer.headers.get("location", ""))
        if secret := self.secrets.search(read):
            self.found.append(f"{route.label} {words}: tells {secret[0]!r} ({answer.status_code})")
        if answer.status_code >= 500:
            self.found.append(f"{route.label} {words}: {answer.status_code}")

    def expect(self, route: Route, words: str, answer: httpx.Response) -> None:
        """404, or 403 where the person may not anyway, or the door for a visitor."""
        self.told(route, words, answer)
        if answer.status_code not in self.allowed(route):
            wanted = sorted(self.allowed(route))
            self.found.append(f"{route.label} {words}: {answer.status_code}, not {wanted}")
        if route.is_json and answer.status_code == 403:
            assert answer.json() == {"error": "Insufficient permissions"}, route.label

    def allowed(self, route: Route) -> set[int]:
        if route.needs == PUBLIC:
            also = {200} if SHOWS_A_FORM.search(route.label) else set()
            also |= {303} if LEADS_AWAY.search(route.label) else set()
            return {404, 410, 401, 403} | also
        if self.person is None:
            also = {404} if NO_PAGE.search(route.label) else set()
            return ({401} if route.is_json else {303}) | also
        if route.needs == SIGNED_IN or route.needs in self.person.viewer.permissions:
            return {404}
        return {403}

    async def send(self, route: Route, url: str, body: dict[str, Any]) -> httpx.Response:
        if route.method == "GET":
            return await self.browser.get(url)
        if route.is_json:
            return await self.browser.json(route.method, url, body if struct_of(route) else None)
        return await self.browser.post(
            url, {name: value for name, value in body.items() if value is not None}
        )


@pytest.fixture
async def beside(engine: Any, site: str) -> AsyncIterator[asyncpg.Connection]:
    """A look at the site's database above all policies."""
    db = await asyncpg.connect(f"{engine.superuser}/{site}")
    yield db
    await db.close()


async def _crawl(browser: Any, db: asyncpg.Connection, who: str) -> Crawl:
    person, target = ASKERS[who]
    catalogue = await read_catalogue(db)
    mine = HARBOR_SHOP if target is VOLT_SHOP else VOLT_SHOP
    visitor = browser(person)
    visitor.http._transport.raise_app_exceptions = False
    return Crawl(visitor, person, Harvest(db, catalogue, target), Harvest(db, catalogue, mine))


async def _rows_of(
    db: asyncpg.Connection, catalogue: Catalogue, shop: Shop, without: tuple[str, ...] = ()
) -> dict[str, str]:
    """A fingerprint of everything of one shop's, by table."""
    prints = {}
    for table in TABLES:
        whose = catalogue.belongs(table, shop)
        if whose is not None:
            rows = await db.fetch(
                f"SELECT (to_jsonb(t) - $1::text[])::text AS row FROM {table} t WHERE {whose} ORDER BY 1",
                without,
            )
            prints[table] = hashlib.sha256("\n".join(row["row"] for row in rows).encode()).hexdigest()
    return prints


def _walked() -> list[Route]:
    return [route for route in routes() if not NOT_OURS.search(route.path)]


def test_every_name_in_an_address_is_known():
    assert unknown_names() == [], "say in site_map.py which of the shop's rows it stands for"


@pytest.mark.parametrize("who", ASKERS)
async def test_the_other_shops_ids_open_nothing(browser, beside, who):
    crawl = await _crawl(browser, beside, who)
    before = await _rows_of(beside, crawl.theirs.catalogue, crawl.theirs.shop)
    asked = 0
    for route in _walked():
        body = await body_for(route, crawl.theirs)
        if not route.names:
            asked += await _without_ids(crawl, route, body)
            continue
        theirs, ours = await crawl.theirs.all(route), await crawl.ours.all(route)
        asked += 1
        answer = await crawl.send(route, route.address(theirs), body)
        if PUBLISHED.search(route.path) or ANY_ID.search(route.path):
            crawl.told(route, "their", answer)
            continue
        crawl.expect(route, "their", answer)
        ids = [name for name in route.names if name not in NOT_HARVESTED]
        if len(ids) > 1 and crawl.person:
            answer = await crawl.send(route, route.address(ours | {ids[-1]: theirs[ids[-1]]}), body)
            crawl.expect(route, f"our {ids[0]} and their {ids[-1]}", answer)
    after = await _rows_of(beside, crawl.theirs.catalogue, crawl.theirs.shop)
    crawl.found += [f"{table} is not as it was" for table in after if after[table] != before[table]]
    assert not crawl.found, "\n".join(crawl.found)
    assert asked > 250


@pytest.mark.parametrize("who", ["Harbor Lane's driver", "Harbor Lane's owner"])
async def test_the_first_fence_holds_without_the_second(browser, beside, who):
    """With every policy for reading and changing open, the queries alone find nothing of the other shop's."""
    for row in await beside.fetch("SELECT * FROM pg_policies WHERE cmd IN ('SELECT', 'UPDATE')"):
        if row["tablename"] not in READ_BY_ALL:
            check = " WITH CHECK (true)" if row["cmd"] == "UPDATE" else ""
            await beside.execute(
                f"ALTER POLICY {row['policyname']} ON {row['tablename']} USING (true){check}"
            )
    await test_the_other_shops_ids_open_nothing(browser, beside, who)


async def _without_ids(crawl: Crawl, route: Route, body: dict[str, Any]) -> int:
    """A route that names nothing in its path: what may stand in its query or its body is the other shop's."""
    if route.method == "GET":
        query = await query_for(route, crawl.theirs)
        query |= {"q": crawl.theirs.shop.driver.name.split()[0]} if "q" in query else {}
        answer = await crawl.browser.get(route.path, params=query)
        crawl.told(route, f"{query}", answer)
        return 1
    if route.needs == PUBLIC or not _names_something(body):
        return 0  # a door, or a form about oneself: it cannot name anything of another's
    crawl.told(route, f"{body}", await crawl.send(route, route.path, body))
    return 1


def _names_something(body: Any) -> bool:
    return bool(re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", str(body)))


@pytest.mark.parametrize("who", ["Harbor Lane's owner", "Harbor Lane's driver"])
async def test_the_other_shops_ids_in_a_form_about_ones_own_things_are_refused(browser, beside, who):
    """One's own order with the other shop's technician, bay, service, car: never an error of ours, never theirs."""
    crawl = await _crawl(browser, beside, who)
    before = await _rows_of(beside, crawl.theirs.catalogue, crawl.theirs.shop)
    for route in _walked():
        body = await body_for(route, crawl.theirs)
        if route.method != "GET" and route.names and route.needs != PUBLIC and _names_something(body):
            answer = await crawl.send(route, route.address(await crawl.ours.all(route)), body)
            crawl.told(route, f"{body}", answer)
    after = await _rows_of(beside, crawl.theirs.catalogue, crawl.theirs.shop)
    crawl.found += [f"{table} is not as it was" for table in after if after[table] != before[table]]
    assert not crawl.found, "\n".join(crawl.found)


@pytest.mark.parametrize("path", ["/orders/1001", "/customers/1", "/api/v1/staff/orders/1001"])
async def test_a_number_that_both_shops_have_is_ones_own(browser, path):
    for person, mine, theirs in (
        (CAST.advisor, HARBOR_SHOP, VOLT_SHOP),
        (CAST.outsider, VOLT_SHOP, HARBOR_SHOP),
    ):
        answer = await browser(person).get(path)
        assert answer.status_code == 200
        assert mine.secrets.search(answer.text)
        assert not theirs.secrets.search(answer.text)


async def test_ones_own_pages_would_tell_the_secrets(browser, beside):
    """The crawl looks for words that are there to be found: for their own people most pages tell them."""
    crawl = await _crawl(browser, beside, "Harbor Lane's owner")
    told = 0
    for route in _walked():
        if route.method == "GET" and route.names and not PUBLISHED.search(route.path):
            answer = await crawl.browser.get(route.address(await crawl.ours.all(route)))
            told += bool(crawl.ours.shop.secrets.search(answer.text))
    assert told > 20
