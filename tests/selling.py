"""Somebody on the way to a parts shop of their own, for the tests of it."""

from typing import Any

from sqlalchemy import text

from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains.parts_shops import founding, onboarding, trading
from app.domains.parts_shops.models import PartsShop, ShopOnboarding
from tests.browsing import Browser
from tests.cast import Person

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

FORMS: dict[str, dict[str, Any]] = {
    "business": {
        "name": "O'Hara Spares", "legal_name": "O'Hara Spares LLC", "registration": "ME-4471", "phone": "+1 207 555 0111",
        "email": "counter@ohara.example", "website": "ohara.example", "about": "Brakes and belts.", "country": "US",
        "currency": "USD", "zone": "America/New_York",
    },
    "location": {
        "place": "Portland, Maine", "place_latitude": "43.66", "place_longitude": "-70.26", "place_found": "Portland, Maine",
        "place_country": "US", "address": "2 Dock Street",
    },
    "brands": {"scope": "some", "makes": ["honda", "škoda"], "conditions": ["new", "rebuilt"], "reach_km": "80"},
    "inventory": {"stock_method": "spreadsheet"},
    "pricing": {
        "markup_percent": "32.5", "limit": "1500", "warranty_months": "12", "delivery_hours": "6", "delivery_fee": "8.50",
        "paying": "card_or_cash",
    },
}  # fmt: skip

ANSWERS: dict[str, Any] = {
    "business": FORMS["business"],
    "location": {"place": "Portland, Maine", "latitude": 43.66, "longitude": -70.26, "address": "2 Dock Street", "country": "US"},
    "brands": {"scope": "some", "makes": ["honda"], "conditions": ["new"], "reach_km": 80},
    "inventory": {"stock_method": "by_hand"},
    "pricing": {
        "markup_percent": "30", "limit_minor": 150_000, "warranty_months": 12, "delivery_hours": 6, "delivery_fee_minor": 850,
        "paying": "card_or_cash",
    },
}  # fmt: skip


def papers(
    *kinds: str, content: bytes = PDF, name: str = "paper.pdf"
) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Files for the step of the papers."""
    return [(kind, (name, content, "application/pdf")) for kind in kinds]


async def walk(browser: Browser, *, until: str = "") -> None:
    """Every step in order, up to `until`; the papers come last."""
    await browser.post("/sell-parts")
    for step, form in FORMS.items():
        if step == until:
            return
        answer = await browser.post(f"/sell-parts/{step}", {**form, "version": "999"})
        assert answer.status_code == 303, answer.text
    if until != "verification":
        await browser.post("/sell-parts/verification", files=papers("registration", "tax", "identity"))


async def handed_in(browser: Browser, person: Person) -> PartsShop:
    """A shop that waits for the reviewer."""
    await walk(browser)
    assert (await browser.post("/sell-parts/submission")).headers["location"] == "/sell-parts"
    return await shop_of(person)


async def way_of(person: Person) -> ShopOnboarding:
    async with transaction(user=person.user_id) as db:
        found = await onboarding.mine(db, person.viewer)
        assert found
        return found


async def shop_of(person: Person) -> PartsShop:
    way = await way_of(person)
    assert way.tenant_id
    async with transaction(tenant=way.tenant_id) as db:
        return (await founding.of_tenant(db, way.tenant_id))[0]


async def a_verified_shop(owner: Person, **answers: dict[str, Any]) -> PartsShop:
    """A shop in business, without the way there."""
    async with transaction() as db:
        by = Viewer.system()
        shop = await founding.found(
            db, ANSWERS | answers, owner_id=owner.user_id, owner_name=owner.name, by=by
        )
        await trading.let_in(db, shop, by=by)
        await db.execute(text("SELECT set_config('app.tenant', '', true)"))
        return shop
