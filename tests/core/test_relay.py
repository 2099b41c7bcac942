"""The log, the relay and its promises, against real PostgreSQL and Valkey."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.core import queue, relay
from app.core.db import transaction
from app.core.events import Event, record
from app.core.live import Ring
from app.core.tables import DeadJob, Delivery, EventRow


class BellRang(Event, frozen=True):
    order_id: UUID


done: list[UUID] = []


def ring_board(event: BellRang):
    yield Ring(f"order:{event.order_id}", "order")


async def note(db, heard):
    done.append(heard.event.order_id)


async def fail(db, heard):
    await db.execute(text("SELECT 1"))
    raise RuntimeError("the printer is out of paper")


@pytest.fixture(autouse=True)
def _forget():
    done.clear()


async def _happen(cast, order_id, person=None):
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        return await record(db, BellRang(order_id=order_id), by=cast.advisor.viewer, person=person)


async def test_an_event_is_numbered_rung_and_delivered_once(site, cast):
    relay.subscribe({BellRang: [ring_board, note]})
    event_id = await _happen(cast, cast.advisor.center_id)
    count, owed = await relay.stamp()
    assert (count, len(owed)) == (1, 1)
    assert await relay.perform(*owed[0]) is True
    assert await relay.perform(*owed[0]) is False
    assert done == [cast.advisor.center_id]
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        row = await db.scalar(select(EventRow).where(EventRow.id == event_id))
    assert row.seq == 1
    assert row.rings == {"rings": [[f"order:{cast.advisor.center_id}", "order"]]}


async def test_a_late_committer_gets_a_later_number(site, cast):
    relay.subscribe({BellRang: []})
    slow_may_commit = asyncio.Event()

    async def slow():
        async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
            event_id = await record(db, BellRang(order_id=cast.advisor.user_id), by=cast.advisor.viewer)
            await slow_may_commit.wait()
            return event_id

    waiting = asyncio.create_task(slow())
    await asyncio.sleep(0.1)
    quick_id = await _happen(cast, cast.advisor.center_id)
    await relay.stamp()
    slow_may_commit.set()
    slow_id = await waiting
    await relay.stamp()
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        seqs = {row.id: row.seq for row in await db.scalars(select(EventRow))}
    assert seqs[quick_id] < seqs[slow_id]


async def test_two_workers_on_one_delivery_run_it_once(site, cast):
    relay.subscribe({BellRang: [note]})
    await _happen(cast, cast.advisor.center_id)
    _count, owed = await relay.stamp()
    ran = await asyncio.gather(*(relay.perform(*owed[0]) for _ in range(5)))
    assert sorted(ran) == [False, False, False, False, True]
    assert len(done) == 1


async def test_a_failing_reaction_is_retried_and_then_buried(site, cast):
    relay.subscribe({BellRang: [fail]})
    await _happen(cast, cast.advisor.center_id)
    _count, owed = await relay.stamp()
    for _ in range(relay.TRIES):
        await relay.react(str(owed[0][0]), owed[0][1])
    async with transaction() as db:
        delivery = await db.scalar(select(Delivery))
        dead = await db.scalar(select(DeadJob))
    assert delivery.dead_at is not None
    assert "out of paper" in dead.error


async def test_a_lost_queue_loses_no_reaction(site, cast):
    """Everything in Valkey is deleted after the hand-out: the delivery comes round again."""
    relay.subscribe({BellRang: [note]})
    await _happen(cast, cast.advisor.center_id)
    assert await relay.relay_once() == 1
    await queue._queue.redis.flushdb()
    async with transaction() as db:
        await db.execute(text("UPDATE deliveries SET due_at = now() - interval '1 second'"))
    assert len(await relay.overdue()) == 1


async def test_the_application_cannot_rewrite_the_log(site, cast):
    from sqlalchemy.exc import ProgrammingError

    await _happen(cast, cast.advisor.center_id)
    for statement in ("UPDATE events SET name = 'Other'", "DELETE FROM events"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
                await db.execute(text(statement))


async def test_another_shop_does_not_see_the_event(site, cast):
    await _happen(cast, cast.advisor.center_id, person=cast.customer.user_id)
    for person, expected in ((cast.outsider, 0), (cast.stranger, 0), (cast.customer, 1), (cast.advisor, 1)):
        async with transaction(user=person.user_id, tenant=person.tenant_id) as db:
            assert len((await db.scalars(select(EventRow))).all()) == expected, person
