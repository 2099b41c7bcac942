from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core.errors import Invalid, NotFound
from app.core.tables import EventRow
from app.domains import services
from app.domains.services import ServiceFacts
from tests.conftest import viewing

BRAKES = ServiceFacts(
    name="Brake pads, front", duration_minutes=90, price_minor=24900, category="brakes", skill="brakes"
)


async def test_a_service_is_added_in_the_shops_currency_and_offered(db, cast):
    await viewing(db, cast.owner)
    service = await services.add(db, BRAKES, by=cast.owner.viewer)
    assert (service.code, service.currency) == ("brake-pads-front", "USD")
    assert [one.id for one in await services.offered(db, cast.owner.tenant_id)] == [service.id]
    names = await db.scalars(select(EventRow.name).where(EventRow.subject_id == service.id))
    assert list(names) == ["ServiceChanged"]


async def test_a_withdrawn_service_is_listed_but_not_offered(db, cast):
    await viewing(db, cast.owner)
    service = await services.add(db, BRAKES, by=cast.owner.viewer)
    gone = ServiceFacts(name="Brake pads", duration_minutes=60, price_minor=1, is_active=False)
    await services.change(db, service, gone, by=cast.owner.viewer)
    assert await services.offered(db, cast.owner.tenant_id) == []
    assert [one.name for one in await services.listed(db, cast.owner.viewer)] == ["Brake pads"]
    with pytest.raises(NotFound):
        await services.chosen(db, cast.owner.tenant_id, [service.id])


async def test_two_services_cannot_share_a_code(db, cast):
    await viewing(db, cast.owner)
    await services.add(db, BRAKES, by=cast.owner.viewer)
    with pytest.raises(Invalid) as wrong:
        await services.add(db, BRAKES, by=cast.owner.viewer)
    assert "code" in wrong.value.errors


async def test_unknown_skills_categories_and_bays_are_refused(db, cast):
    await viewing(db, cast.owner)
    odd = ServiceFacts(
        name="x", duration_minutes=30, price_minor=1, skill="magic", category="fun", bay_capability="pool"
    )
    with pytest.raises(Invalid) as wrong:
        await services.add(db, odd, by=cast.owner.viewer)
    assert set(wrong.value.errors) == {"skill", "category", "bay_capability"}


async def test_another_shops_service_cannot_be_found_or_chosen(db, cast):
    await viewing(db, cast.owner)
    service = await services.add(db, BRAKES, by=cast.owner.viewer)
    await viewing(db, cast.outsider)
    with pytest.raises(NotFound):
        await services.find(db, cast.outsider.viewer, service.id)
    with pytest.raises(NotFound):
        await services.chosen(db, cast.outsider.tenant_id, [service.id])
    with pytest.raises(NotFound):
        await services.chosen(db, cast.owner.tenant_id, [service.id, uuid4()])


async def test_a_canned_job_keeps_its_lines_in_order(db, cast):
    await viewing(db, cast.owner)
    facts = services.CannedFacts(title="Front brakes", skill="brakes")
    lines = [
        services.LineFacts(kind="labor", description="Replace pads", quantity=Decimal("1.5")),
        services.LineFacts(kind="part", description="Pads", part_number="BP-12", unit_price_minor=8900),
    ]
    made = await services.add_canned(db, facts, lines, by=cast.owner.viewer)
    found = await services.canned_job(db, "front-brakes")
    assert found is not None
    assert [line.description for line in found.lines] == ["Replace pads", "Pads"]
    changed = await services.change_canned(db, made, facts, lines[1:], by=cast.owner.viewer)
    assert [line.kind for line in changed.lines] == ["part"]
    await viewing(db, cast.outsider)
    assert await services.canned_job(db, "front-brakes") is None
    with pytest.raises(NotFound):
        await services.find_canned(db, made.job.id)
