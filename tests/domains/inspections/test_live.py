"""Who hears of an inspection, and who does not."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import func, select

from app.core import live, relay
from app.core.db import transaction
from app.core.tables import EventRow
from app.domains.inspections import filling
from app.domains.inspections.live import sheet_topic
from app.domains.workshop import customer_topic, staff_topic
from tests.browsing import Browser
from tests.cast import HARBOR, Cast
from tests.domains.inspections.sheets import begun_on_site, item, rate_all


@pytest.fixture
async def listening(site: str) -> AsyncIterator[None]:
    async with live.listening(None):
        yield


async def heard(topics: list[str], after: int) -> list[str]:
    """The signals these topics got since, by replay."""
    got: list[str] = []
    try:
        async with asyncio.timeout(1):
            async for chunk in live.signals(topics, after):
                got += re.findall(r"event: (\S+)", chunk.decode())
    except TimeoutError:
        pass
    return got


async def newest() -> int:
    """How far the log has come; the listener may be a moment behind."""
    async with transaction(tenant=HARBOR) as db:
        return await db.scalar(select(func.max(EventRow.seq))) or 0


async def test_the_other_tablet_hears_the_item_and_the_driver_the_end(listening: None, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    await relay.relay_once()
    before = await newest()
    me = cast.technician.viewer
    async with transaction(user=me.user_id, tenant=HARBOR) as db:
        finding = await item(db, inspection, "Horn")
        await filling.rate(db, finding, rating="red", measure=None, note="", by=me)
    await relay.relay_once()
    assert set(await heard([sheet_topic(inspection.id)], before)) == {f"finding-{finding.id}", "progress"}
    assert await heard([staff_topic(order.id)], before) == ["inspections"]
    assert await heard([customer_topic(order.id)], before) == []
    async with transaction(user=me.user_id, tenant=HARBOR) as db:
        await rate_all(db, inspection)
        inspected, found = await filling.find(db, me, inspection.id)
        await filling.finish(db, inspected, found, by=me)
    await relay.relay_once()
    assert "inspections" in await heard([customer_topic(order.id)], before)
    assert "inspection" in await heard([sheet_topic(inspection.id)], before)


async def test_the_outsider_hears_nothing(browser: Callable[..., Browser], cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    page = (await browser(cast.technician).get(f"/inspections/{inspection.id}")).text
    stream = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert stream is not None
    url = stream[1].replace("&amp;", "&")
    for stranger in (browser(cast.outsider), browser(cast.customer), browser()):
        assert (await stranger.get(url)).status_code == 401
