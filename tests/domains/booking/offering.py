"""Services at Harbor Lane for tests that go through the site."""

from __future__ import annotations

from app.core.db import transaction
from app.domains import services
from app.domains.services import ServiceFacts
from app.domains.services.models import Service
from tests.cast import HARBOR, Cast

FACTS = (
    ServiceFacts(
        name="Brake check", duration_minutes=60, price_minor=9900, category="brakes", skill="brakes"
    ),
    ServiceFacts(
        name="Oil change", duration_minutes=30, price_minor=6900, category="oil", fuels=["gasoline", "diesel"]
    ),
    ServiceFacts(
        name="HV check", duration_minutes=60, price_minor=14900, category="hv", skill="hv", fuels=["electric"]
    ),
)


async def offer(cast: Cast) -> list[Service]:
    """An hour of brakes, half an hour of oil, an hour of high voltage."""
    async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
        return [await services.add(db, facts, by=cast.owner.viewer) for facts in FACTS]
