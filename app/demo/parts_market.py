"""The demo's market: shops, and requests for parts in every state."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from app.core import clock
from app.core.db import new_id, transaction
from app.core.viewer import Viewer
from app.demo import bidding, cards, people
from app.demo.parts_shops import FITS, KEEP_LISTS, OWNERS, SHOPS, USUAL, PartsDemo
from app.demo.stage import Stage
from app.domains import parts
from app.domains.accounts import sign_up
from app.domains.accounts.models import User
from app.domains.garage import Vehicle
from app.domains.marketplace import accepting, asking, comparing, fulfilling, orders, rating
from app.domains.marketplace.comparing import Wanted
from app.domains.marketplace.models import PartsOrder, PartsOrderDelivery, PartsOrderLine, Purchase
from app.domains.network import joining, premises
from app.domains.network.models import ServiceCenter
from app.domains.parts import FitmentFacts
from app.domains.parts_shops.models import PartsShop, PartsShopTerms

PORTLAND: dict[str, Any] = {
    "place": "Portland, Maine", "latitude": 43.6591, "longitude": -70.2568, "country": "US", "currency": "USD",
    "zone": "America/New_York", "radius_km": 100,
}  # fmt: skip
BERLIN: dict[str, Any] = {
    "place": "Berlin", "latitude": 52.5200, "longitude": 13.4050, "country": "DE", "currency": "EUR",
    "zone": "Europe/Berlin", "radius_km": 100,
}  # fmt: skip


async def open_shops(stage: Stage) -> None:
    """Twelve shops, long verified."""
    for shop in SHOPS:
        await _open(stage, shop)


async def _open(stage: Stage, shop: PartsDemo) -> None:
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        facts = joining.TenantFacts(
            name=shop.name, slug=premises.slug_of(shop.name), kind="parts", currency=shop.currency
        )
        tenant = await joining.join(db, facts, by=await stage.viewer(people.NETWORK.email))
    system = Viewer.system(tenant.id)
    async with transaction(tenant=tenant.id) as db:
        center = await premises.open_center(db, shop.center, by=system)
        row = PartsShop(
            id=new_id(), tenant_id=tenant.id, center_id=center.id, status="active", name=shop.name, about=shop.about,
            place=shop.town, latitude=shop.latitude, longitude=shop.longitude, currency=shop.currency,
            makes=list(shop.makes), conditions=list(shop.conditions), reach_km=150, takes_cash=True,
            verified_at=clock.now(),
        )  # fmt: skip
        db.add(row)
        await db.flush()
        db.add(
            PartsShopTerms(
                tenant_id=tenant.id, shop_id=row.id, limit_minor=300_000, delivery_hours=shop.hours,
                delivery_fee_minor=shop.fee, markup_percent=Decimal(35),
            )
        )  # fmt: skip
        if shop.key in KEEP_LISTS:
            await parts.load_rows(db, tenant.id, _fitment_list(shop))
    if shop.key in OWNERS:
        email, name = OWNERS[shop.key]
        async with transaction() as db:
            user = await sign_up(
                db,
                email=email,
                password=people.PASSWORD,
                name=name,
                by=Viewer(),
                zone=center.zone,
                proved=True,
            )
            user.distance_unit = center.distance_unit
        async with transaction(tenant=tenant.id) as db:
            await joining.hire(
                db, center, user_id=user.id, name=name, role="parts_owner", by=system, title="Owner"
            )
        await cards.connect(tenant.id, email)


def _fitment_list(shop: PartsDemo) -> list[FitmentFacts]:
    """What the shop has written down about its numbers, for the makes it sells for."""
    usual = {number: (brand, name) for name, (_price, brand, number, _core) in USUAL.items()}
    return [
        FitmentFacts(number=number, kind="aftermarket", brand=usual[number][0], name=usual[number][1], make=make, model=model, year_from=first, year_to=last)
        for number, cars in FITS.items()
        for make, model, first, last in cars
        if not shop.makes or make.casefold() in shop.makes
    ]  # fmt: skip


async def ask(
    stage: Stage, email: str, car: str, wanted: list[tuple[str, int]], where: dict[str, Any], **more: Any
) -> PartsOrder:
    """Somebody asks the shops around."""
    async with stage.acting(email) as (db, me):
        order = await _draft(db, me, stage.cars[car], wanted, where | more)
        return await asking.submit(db, order, by=me)


async def _draft(
    db: Any, me: Viewer, car: Vehicle, wanted: list[tuple[str, int]], facts: dict[str, Any]
) -> PartsOrder:
    order = PartsOrder(
        id=new_id(), code=orders.new_code(), user_id=None if me.tenant_id else me.user_id, buyer_tenant_id=me.tenant_id,
        buyer_center_id=me.center_id, raised_by_id=me.user_id, raised_by_name=me.name, vehicle_id=car.id,
        make=car.make.casefold(), step="review",
        car={
            "name": car.name, "vin": car.vin, "make": car.make, "model": car.model, "year": car.year,
            "trim": car.trim, "engine": car.engine, "fuel": car.fuel, "body": car.body,
        },
        **facts,
    )  # fmt: skip
    db.add(order)
    await db.flush()
    db.add_all(
        PartsOrderLine(
            id=new_id(), order_id=order.id, position=position, name=name, quantity=Decimal(quantity)
        )
        for position, (name, quantity) in enumerate(wanted)
    )
    await db.flush()
    db.add(await _delivery(db, order, me))
    await db.flush()
    return order


STREETS = {"US": "17 Elm Street, Portland, ME 04101", "DE": "Wrangelstraße 84, 10997 Berlin"}
"""Where the demo's drivers are at home."""


async def _delivery(db: Any, order: PartsOrder, me: Viewer) -> PartsOrderDelivery:
    """To the driver's door, or to the workshop's own."""
    to = PartsOrderDelivery(order_id=order.id, user_id=order.user_id, buyer_tenant_id=order.buyer_tenant_id)
    if order.buyer_center_id:
        center = await db.get_one(ServiceCenter, order.buyer_center_id)
        to.name, to.phone, to.address = center.name, center.phone, f"{center.address}, {center.city}"
    else:
        user = await db.get_one(User, me.user_id)
        to.name, to.phone, to.address = me.name, user.phone, STREETS[order.country]
    return to


async def bid(order: PartsOrder, *shops: str, seed: int = 7) -> None:
    """Those shops answer, each in its own transaction."""
    rng = random.Random(seed)
    for key in shops:
        shop = next(one for one in SHOPS if one.key == key)
        async with transaction() as db:
            await db.execute(text("SELECT set_config('app.network', 'on', true)"))
            quotes = {one.shop_name: one for one in await orders.quotes_of(db, order.id)}
        quote = quotes[shop.name]
        async with transaction(tenant=quote.tenant_id) as db:
            await bidding.answer(db, await orders.hold(db, order.id), quote, rng)


async def play(stage: Stage) -> None:
    """Four open requests, one bought, one that ran out; and what was bought in the weeks before."""
    await remember(stage)
    with clock.moved_by(timedelta(hours=-5)):
        late = await ask(stage, "walter@demo.test", "bmw", [("Side mirror, left, heated", 1)], PORTLAND)
    async with stage.acting("walter@demo.test") as (db, _me):
        await asking.expire(db, late, by=Viewer.system())
    with clock.moved_by(timedelta(minutes=-50)):
        await _bought(stage)
    with clock.moved_by(timedelta(minutes=-35)):
        brakes = await ask(
            stage, people.CUSTOMER.email, "outback",
            [("Front brake pads", 1), ("Front brake disc", 2), ("Wiper blades, front pair", 1)], PORTLAND,
            bidding="open",
        )  # fmt: skip
    with clock.moved_by(timedelta(minutes=-20)):
        await bid(brakes, "casco", "northern", "granite", "salvage", "kennebec")
    with clock.moved_by(timedelta(minutes=-12)):
        latch = await ask(
            stage,
            "anna@demo.test",
            "id3",
            [("Charge port latch actuator", 1), ("Cabin air filter", 1)],
            BERLIN,
        )
        await bid(latch, "kreuzberg", "voltteile")
    with clock.moved_by(timedelta(minutes=-4)):
        await ask(stage, people.TECHNICIAN.email, "civic", [("Alternator", 1)], PORTLAND, priority="urgent")
    with clock.moved_by(timedelta(minutes=-1)):
        await ask(
            stage, "lukas@demo.test", "zoe", [("12 V battery, AGM", 1), ("Front wheel bearing", 2)], BERLIN
        )


async def _bought(stage: Stage) -> None:
    order = await ask(
        stage, "ines@demo.test", "cx5", [("Control arm, lower left", 1), ("Cabin air filter", 1)], PORTLAND
    )
    await bid(order, "casco", "northern", "granite")
    await _accept(stage, "ines@demo.test", order, "northern")


async def _accept(stage: Stage, email: str, order: PartsOrder, winner: str) -> Purchase:
    """The buyer takes all that one shop has."""
    name = next(shop.name for shop in SHOPS if shop.key == winner)
    async with stage.acting(email) as (db, me):
        offers = await comparing.offers(db, order, Wanted())
        best = next(one for one in offers if one.quote.shop_name == name)
        choice = {key: best.quote.id for key, line in best.lines.items() if line.is_available}
        (bought,) = await accepting.accept(db, order, choice, {best.quote.id: best.quote.revision}, by=me)
        return bought


Deal = tuple[int, str, str, str, dict[str, Any], tuple[str, ...], int, str]
PAST: tuple[Deal, ...] = (
    (76, "dmitri@demo.test", "civic", "Front wheel bearing", PORTLAND, ("granite", "casco", "kennebec"), 5, "Here the next morning, as they said."),
    (61, "june@demo.test", "golf", "Side mirror, left, heated", PORTLAND, ("salvage", "casco"), 2, "The glass had a scratch nobody mentioned."),
    (54, "theo@demo.test", "f150", "Alternator", PORTLAND, ("kennebec", "granite"), 5, ""),
    (40, "bao@demo.test", "crv", "Cabin air filter", PORTLAND, ("northern", "granite"), 4, "Right part, came a little late."),
    (33, "anna@demo.test", "id3", "Front wheel bearing", BERLIN, ("kreuzberg", "oder"), 5, "Perfekt, danke!"),
    (27, "samir@demo.test", "camry", "Front brake pads", PORTLAND, ("northern", "kennebec", "casco"), 5, ""),
    (19, "lukas@demo.test", "zoe", "Cabin air filter", BERLIN, ("renaultteile", "voltteile"), 4, ""),
    (12, "walter@demo.test", "bmw", "Control arm, lower left", PORTLAND, ("granite", "salvage"), 5, "Cheapest and quick."),
    (6, "grace@demo.test", "id4", "Charge port latch actuator", PORTLAND, ("harborev", "casco"), 5, "They knew the part at once."),
)  # fmt: skip
"""Days ago, who, which car, what, where, who offered (the first won), stars and words."""


async def remember(stage: Stage) -> None:
    """Deals of the last weeks: what the shops' scores and the network's numbers are counted from."""
    for number, (days, email, car, part, where, bidders, stars, words) in enumerate(PAST):
        with clock.moved_by(timedelta(days=-days, minutes=-30)):
            order = await ask(stage, email, car, [(part, 1)], where)
        with clock.moved_by(timedelta(days=-days, minutes=-18)):
            await bid(order, *bidders, seed=100 + number)
        with clock.moved_by(timedelta(days=-days)):
            bought = await _accept(stage, email, order, bidders[0])
        await _bring(stage, email, bought, days, stars, words)


async def _bring(stage: Stage, email: str, bought: Purchase, days: int, stars: int, words: str) -> None:
    counter = Viewer(kind="system", name="Counter", tenant_id=bought.tenant_id)
    with clock.moved_by(timedelta(days=-days, hours=1)):
        async with transaction(tenant=bought.tenant_id) as db:
            await fulfilling.confirm(db, await db.get_one(Purchase, bought.id), by=counter)
    with clock.moved_by(timedelta(days=-days, hours=2)):
        async with transaction(tenant=bought.tenant_id) as db:
            await fulfilling.ship(db, await db.get_one(Purchase, bought.id), carrier="Own driver", by=counter)
    with clock.moved_by(timedelta(days=-days, hours=7)):
        async with transaction(tenant=bought.tenant_id) as db:
            purchase = await db.get_one(Purchase, bought.id)
            await fulfilling.deliver(db, purchase, handed_to=purchase.ship_to["name"], by=counter)
        async with stage.acting(email) as (db, me):
            await rating.rate(db, bought.id, stars, words, by=me)
