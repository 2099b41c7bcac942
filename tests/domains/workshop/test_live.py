"""Who hears what of the workshop, and who hears nothing."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core import live, relay
from app.core.db import new_id, transaction
from app.core.events import Event
from app.core.files import Kept
from app.core.tables import EventRow
from app.domains import workshop
from app.domains.booking.live import day_topic, ring_day
from app.domains.workshop import events, photographs, work
from app.domains.workshop import live as audience
from app.subscriptions import SUBSCRIPTIONS
from tests.cast import CAST, HARBOR_CENTER, VOLT_CENTER, Cast
from tests.domains.workshop.shop import as_person, checked_in, proposed

OF_WORKSHOP = [
    kind
    for _name, kind in inspect.getmembers(events, inspect.isclass)
    if issubclass(kind, events.OfOrder) and kind not in (events.OfOrder, events.OfJob)
]


@pytest.mark.parametrize("kind", OF_WORKSHOP, ids=lambda kind: kind.__name__)
def test_every_event_of_an_order_reaches_the_shops_pages(kind: type[Event]) -> None:
    assert audience.ring_order in SUBSCRIPTIONS[kind]


def test_no_workshop_event_rings_another_center() -> None:
    center, order, job, technician = uuid4(), uuid4(), uuid4(), uuid4()
    said = {
        "order_id": order,
        "center_id": center,
        "number": 1,
        "job_id": job,
        "title": "x",
        "clock_id": uuid4(),
    }
    event = events.JobStarted(**said, resumed=False, technician_id=technician)
    topics = {
        ring.topic
        for ring_one in SUBSCRIPTIONS[events.JobStarted]
        if not inspect.iscoroutinefunction(ring_one)
        for ring in ring_one(event)
    }
    assert topics == {
        f"center:{center}:board",
        f"order:{order}:staff",
        f"order:{order}:customer",
        f"technician:{technician}:bench",
    }


@pytest.mark.parametrize(
    "kind", ["Opened", "Arrived", "Moved", "Invoiced", "Closed", "Reopened", "Archived", "Voided"]
)
def test_the_day_at_the_desk_hears_who_is_in_the_shop(kind: str) -> None:
    assert ring_day in SUBSCRIPTIONS[getattr(events, f"Order{kind}")]
    event = events.OrderArchived(order_id=uuid4(), center_id=HARBOR_CENTER, number=1)
    assert [ring.topic for ring in ring_day(event)] == [day_topic(HARBOR_CENTER)]


def test_both_benches_hear_of_a_job_that_changes_hands() -> None:
    new, old = uuid4(), uuid4()
    said = {"order_id": uuid4(), "center_id": uuid4(), "number": 1, "job_id": uuid4(), "title": "x"}
    event = events.JobAssigned(**said, technician_id=new, previous_technician_id=old)
    assert {ring.topic for ring in audience.ring_bench(event)} == {
        f"technician:{new}:bench",
        f"technician:{old}:bench",
    }


async def test_a_video_rings_the_bench_it_was_taken_at_and_the_orders_pages(site: str, cast: Cast) -> None:
    received = Kept(new_id(), "video", "x/film.mov", None, "video/quicktime", 5, b"x" * 32, "film.mov")
    async with transaction() as db:
        order = await checked_in(db)
        job = await proposed(db, order)
        job.technician_id = cast.second_technician.staff_id
        await photographs.add_clip(
            db, order, received, purpose="progress", job_id=job.id, by=cast.advisor.viewer
        )
        payload = await db.scalar(select(EventRow.payload).where(EventRow.name == "ClipReceived"))
    assert sorted(payload["rings"]) == sorted(
        [
            [audience.staff_topic(order.id), "service:progress_updated"],
            [audience.customer_topic(order.id), "service:progress_updated"],
            [audience.bench_topic(cast.technician.staff_id), "bench"],
            [audience.bench_topic(cast.second_technician.staff_id), "bench"],
        ]
    )


@pytest.fixture
async def listener(site: str) -> AsyncIterator[None]:
    relay.subscribe(SUBSCRIPTIONS)
    async with live.listening(None):
        yield


async def _heard(topics: list[str], wanted: str) -> float:
    """When the first signal of that name came."""
    async with asyncio.timeout(10):
        async for chunk in live.signals(topics, live.last_seq()):
            if f"event: {wanted}\n".encode() in chunk:
                return time.monotonic()
    raise AssertionError


async def test_the_tablet_unlocks_within_two_seconds_of_the_approval(listener: None, cast: Cast) -> None:
    async with transaction() as db:
        order = await checked_in(db)
        job = await proposed(db, order)
        await workshop.present_jobs(db, order, [job], by=CAST.advisor.viewer)
    while await relay.relay_once():
        pass
    await asyncio.sleep(0.3)
    bench = asyncio.create_task(_heard([audience.bench_topic(cast.technician.staff_id)], "bench"))
    board = asyncio.create_task(_heard([audience.board_topic(HARBOR_CENTER)], "board"))
    driver = asyncio.create_task(_heard([audience.customer_topic(order.id)], "service:progress_updated"))
    outsider = asyncio.create_task(_heard([audience.board_topic(VOLT_CENTER)], "board"))
    colleague = asyncio.create_task(_heard([audience.bench_topic(cast.second_technician.staff_id)], "bench"))
    await asyncio.sleep(0.3)
    begun = time.monotonic()
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        found, _order = await workshop.find_job(db, cast.advisor.viewer, job.id)
        await workshop.authorize_job(db, found, by=cast.advisor.viewer)
    await relay.relay_once()
    for hearing in (bench, board, driver):
        assert await hearing - begun < 2
    await asyncio.sleep(0.3)
    for deaf in (outsider, colleague):
        assert not deaf.done()
        deaf.cancel()


async def test_a_finished_job_rings_the_board(listener: None, cast: Cast) -> None:
    async with transaction() as db:
        order = await checked_in(db)
        job = await proposed(db, order)
        await workshop.present_jobs(db, order, [job], by=CAST.advisor.viewer)
        await workshop.authorize_job(db, job, by=CAST.advisor.viewer)
        await as_person(db, cast.technician)
        await work.start(db, job, by=cast.technician.viewer)
    while await relay.relay_once():
        pass
    await asyncio.sleep(0.3)
    board = asyncio.create_task(_heard([audience.board_topic(HARBOR_CENTER)], "board"))
    await asyncio.sleep(0.2)
    async with transaction(user=cast.technician.user_id, tenant=cast.technician.tenant_id) as db:
        found, _order = await workshop.find_job(db, cast.technician.viewer, job.id)
        await work.finish(db, found, left_because="Done in one go", by=cast.technician.viewer)
    await relay.relay_once()
    assert await board
