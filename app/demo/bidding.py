"""Shops of the demo that answer requests by themselves, so that a newcomer can watch offers arrive."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, db
from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.core.viewer import Viewer
from app.demo.parts_shops import FITS, OWNERS, SHOPS, USUAL, PartsDemo
from app.domains.marketplace import orders, quoting
from app.domains.marketplace.models import ASKING, PartsOrder, PartsOrderLine, ShopQuote
from app.domains.marketplace.quoting import LineOffer, Offer
from app.settings import Settings

BY_NAME = {shop.name: shop for shop in SHOPS}
BIDDING = [shop.name for shop in SHOPS if shop.key not in OWNERS]
"""Whoever signs in as the owner of one of the others answers for that shop themselves."""


def price_of(shop: PartsDemo, name: str, rng: random.Random, lower: float = 1.0) -> LineOffer | None:
    """What a shop asks for a part; None when it has not got it."""
    usual, brand, number, core = USUAL.get(
        name, (8_000 + 137 * (len(name) % 40), "Febi", f"FB {len(name)}07", 0)
    )
    if rng.randrange(10) < shop.misses:
        return None
    used = "new" not in shop.conditions
    spread = rng.uniform(0.95, 1.06)
    cents = max(int(usual * shop.dear * spread * lower) // 5 * 5, 100)
    return LineOffer(
        order_line_id=PLACE,
        unit_price_minor=cents,
        core_charge_minor=0 if used else core,
        brand="" if used else brand,
        condition=shop.conditions[-1] if used else "new",
        part_number="" if used else number,
        warranty_months=1 if used else 24,
        delivery_hours=shop.hours,
    )


PLACE = db.new_id()
"""Stands for a line until the offer is written for one."""


def number_for(number: str, car: dict[str, Any]) -> str:
    """The number that goes with the car: of one that the lists name for other cars only, its sister."""
    make, model, year = str(car.get("make", "")), str(car.get("model", "")), car.get("year") or 0
    named = FITS.get(number)
    fits = named is None or any((make, model) == one[:2] and one[2] <= int(year) <= one[3] for one in named)
    return number if fits or not number else f"{number}-{make[:3].upper()}{int(year) % 100:02}"


def offer_of(
    shop: PartsDemo,
    car: dict[str, Any],
    lines: list[PartsOrderLine],
    rng: random.Random,
    lower: float = 1.0,
) -> Offer | None:
    """A whole offer; None when the shop has nothing of it."""
    made = []
    for line in lines:
        found = price_of(shop, line.name, rng, lower)
        if found is None or (line.oem_only and "used" in shop.conditions):
            made.append(LineOffer(order_line_id=line.id, is_available=False))
        else:
            kind = "oem" if line.oem_only else found.number_kind
            made.append(
                LineOffer(
                    order_line_id=line.id,
                    unit_price_minor=found.unit_price_minor,
                    core_charge_minor=found.core_charge_minor,
                    brand=found.brand,
                    condition=found.condition,
                    part_number=(line.oem_only and line.part_number) or number_for(found.part_number, car),
                    number_kind=kind,
                    warranty_months=found.warranty_months,
                    delivery_hours=found.delivery_hours,
                )
            )
    if not any(line.is_available for line in made):
        return None
    return Offer(currency=shop.currency, lines=made, delivery_fee_minor=shop.fee)


async def answer(
    db_: AsyncSession, order: PartsOrder, quote: ShopQuote, rng: random.Random, lower: float = 1.0
) -> ShopQuote | None:
    """One shop answers one request: an offer, a better one, or no. The transaction is the shop's."""
    shop = BY_NAME[quote.shop_name]
    by = Viewer(kind="system", name=f"{shop.name}, counter", tenant_id=quote.tenant_id)
    wanted = offer_of(shop, order.car, await orders.open_lines_of(db_, order.id), rng, lower)
    if wanted is None:
        if quote.status == "invited":
            await quoting.decline(db_, order, quote, reason="Not in stock", by=by)
        return None
    return await quoting.offer(db_, order, quote, wanted, by=by)


async def market(settings: Settings, *, minutes: float = 5, say: Callable[[str], None] = print) -> int:
    """Let the demo's shops bid on whatever is open, for some minutes. Returns how many offers were made."""
    db.connect(settings.sqlalchemy_url)
    rng, made, ends = random.Random(), 0, time.monotonic() + minutes * 60
    try:
        while time.monotonic() < ends:
            try:
                said = await _one(rng)
            except (Invalid, Refused) as no:
                said = f"  … {no}"
            else:
                made += bool(said)
            say(said or "No request is open. Ask for parts, or extend one that has expired.")
            await asyncio.sleep(min(rng.uniform(1.5, 6), max(ends - time.monotonic(), 0)))
    finally:
        await db.disconnect()
    return made


async def _one(rng: random.Random) -> str:
    """Somebody answers, or goes lower."""
    async with transaction() as session:
        await session.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await session.execute(
            select(ShopQuote.id, ShopQuote.tenant_id, ShopQuote.status)
            .join(PartsOrder, PartsOrder.id == ShopQuote.order_id)
            .where(
                PartsOrder.status.in_(ASKING),
                PartsOrder.expires_at > clock.now(),
                ShopQuote.status.in_(("invited", "offered")),
                ShopQuote.shop_name.in_(BIDDING),
            )
        )
        open_quotes = [(row.id, row.tenant_id, row.status) for row in rows]
    new = [one for one in open_quotes if one[2] == "invited"]
    if not open_quotes:
        return ""
    quote_id, tenant_id, status = rng.choice(new or open_quotes)
    async with transaction(tenant=tenant_id) as session:
        quote = await session.get_one(ShopQuote, quote_id)
        order = await session.get_one(PartsOrder, quote.order_id)
        before = quote.total_minor
        made = await answer(
            session, order, quote, rng, 1.0 if status == "invited" else rng.uniform(0.88, 0.99)
        )
        if made is None:
            return f"{quote.shop_name} has nothing for {order.code}."
        went = f" (was {before / 100:,.2f})" if status == "offered" else ""
        return (
            f"{made.shop_name} offers {made.total_minor / 100:,.2f} {made.currency}{went} for {order.code}."
        )
