"""Streams: signed topics, resume by cursor, reset for the slow, no signal for the others."""

import asyncio
from uuid import UUID

import pytest

from app.core import live, relay
from app.core.db import transaction
from app.core.events import Event, record
from app.core.live import Ring


class DoorMoved(Event, frozen=True):
    order_id: UUID


def ring(event: DoorMoved):
    yield Ring(f"order:{event.order_id}", "order")


@pytest.fixture
async def listener(site):
    relay.subscribe({DoorMoved: [ring]})
    async with live.listening(None):
        yield live._listener


async def _move(cast, order_id):
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        await record(db, DoorMoved(order_id=order_id), by=cast.advisor.viewer)
    await relay.relay_once()


async def _next(stream, count=1):
    got = []
    async with asyncio.timeout(5):
        async for chunk in stream:
            if chunk.startswith(b"id:"):
                got.append(chunk.decode())
                if len(got) == count:
                    return got
    return got


async def test_a_signal_reaches_the_open_page_and_not_the_others(listener, cast):
    mine = live.signals([f"order:{cast.customer.user_id}"], live.last_seq())
    other = live.signals([f"order:{cast.outsider.user_id}"], live.last_seq())
    hearing = asyncio.create_task(_next(mine))
    deaf = asyncio.create_task(_next(other))
    await asyncio.sleep(0.2)
    await _move(cast, cast.customer.user_id)
    assert "event: order\n" in (await hearing)[0]
    await asyncio.sleep(0.3)
    assert not deaf.done()
    deaf.cancel()


async def test_what_happened_between_page_and_stream_is_replayed(listener, cast):
    before = live.last_seq()
    for _ in range(3):
        await _move(cast, cast.customer.user_id)
    got = await _next(live.signals([f"order:{cast.customer.user_id}"], before), 3)
    assert [line.split("\n")[0] for line in got] == [f"id: {before + n}" for n in (1, 2, 3)]


async def test_without_the_doorbell_the_listener_looks_by_itself(listener, cast, monkeypatch):
    async def broken() -> None:
        return None

    monkeypatch.setattr(relay, "_ring", broken)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    listener._bell.set()
    hearing = asyncio.create_task(_next(live.signals([f"order:{cast.customer.user_id}"], live.last_seq())))
    await asyncio.sleep(0.1)
    await _move(cast, cast.customer.user_id)
    assert await asyncio.wait_for(hearing, 8)


async def test_a_long_log_is_read_to_its_end_at_one_look(listener, cast, monkeypatch):
    monkeypatch.setattr(live, "REPLAY_LIMIT", 2)
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        for _ in range(7):
            await record(db, DoorMoved(order_id=cast.customer.user_id), by=cast.advisor.viewer)
    before = live.last_seq()
    await relay.relay_once()
    await asyncio.sleep(0.5)  # much less than the next look would take
    assert live.last_seq() == before + 7


async def test_a_reader_too_slow_is_told_to_start_over():
    queue: asyncio.Queue = asyncio.Queue(live.QUEUE_LENGTH)
    for seq in range(live.QUEUE_LENGTH + 1):
        live._put(queue, live.Signal(seq + 1, "board"))
    assert queue.qsize() == 1
    assert queue.get_nowait() is live.RESET


async def test_a_stream_needs_its_signature_and_its_viewer(browser, cast):
    url = live.stream_url(["order:1:customer"], viewer=cast.customer.user_id, after=0)
    assert (await browser(cast.outsider).get(url)).status_code == 401
    assert (await browser().get(url)).status_code == 401
    assert (await browser(cast.customer).get(url.replace("topics=", "topics=x"))).status_code == 401
