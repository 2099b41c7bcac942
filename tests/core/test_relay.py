"""The log, the relay and its promises, against real PostgreSQL and Valkey."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.core import clock, queue, relay
from app.core.db import new_id, transaction
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


async def _unreadable(cast):
    """An event that another version of the code wrote."""
    event_id = new_id()
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        db.add(
            EventRow(id=event_id, tenant_id=cast.advisor.tenant_id, name="BellRang", payload={"old": "shape"})
        )
    return event_id


async def test_an_event_nobody_can_read_holds_up_no_other_and_its_reaction_dies_in_sight(site, cast):
    relay.subscribe({BellRang: [ring_board, note]})
    unreadable = await _unreadable(cast)
    fine = await _happen(cast, cast.advisor.center_id)
    count, owed = await relay.stamp()
    assert count == 2
    assert {event_id for event_id, _ in owed} == {unreadable, fine}
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        seen = {row.id: (row.seq, row.rings["rings"]) for row in await db.scalars(select(EventRow))}
    assert seen[unreadable] == (1, [])
    assert seen[fine] == (2, [[f"order:{cast.advisor.center_id}", "order"]])
    for _ in range(relay.TRIES):
        await relay.react(str(unreadable), owed[0][1])
    async with transaction() as db:
        assert "ValidationError" in (await db.scalar(select(DeadJob))).error


async def test_the_relay_goes_on_after_an_event_nobody_can_read(site, cast):
    relay.subscribe({BellRang: [ring_board]})
    await _unreadable(cast)
    stopping = asyncio.Event()
    relaying = asyncio.create_task(relay.run(stopping))
    await asyncio.sleep(0.5)
    event_id = await _happen(cast, cast.advisor.center_id)
    await asyncio.sleep(1.5)
    assert await _is_numbered(cast, event_id)
    assert not relaying.done()
    stopping.set()
    await relaying


async def _is_numbered(cast, event_id):
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as db:
        return (await db.get_one(EventRow, event_id)).seq


async def linger(db, heard):
    await db.execute(text("SELECT pg_sleep(30)"))


async def test_a_reaction_that_takes_too_long_is_a_failure_and_dies_of_it(site, cast, monkeypatch):
    monkeypatch.setattr(relay, "REACTION_SECONDS", 0.05)
    relay.subscribe({BellRang: [linger]})
    await _happen(cast, cast.advisor.center_id)
    _count, owed = await relay.stamp()
    before = clock.now()
    await relay.react(str(owed[0][0]), owed[0][1])
    async with transaction() as db:
        once = await db.scalar(select(Delivery))
        assert (once.attempts, once.dead_at) == (1, None)
        assert once.due_at > before
        assert await db.scalar(select(DeadJob)) is None
    for _ in range(relay.TRIES - 1):
        await relay.react(str(owed[0][0]), owed[0][1])
    async with transaction() as db:
        assert (await db.scalar(select(Delivery))).dead_at is not None
        assert "TimeoutError" in (await db.scalar(select(DeadJob))).error


async def test_a_reaction_cut_short_by_a_stopping_worker_keeps_its_tries(site, cast):
    relay.subscribe({BellRang: [linger]})
    await _happen(cast, cast.advisor.center_id)
    _count, owed = await relay.stamp()
    running = asyncio.create_task(relay.react(str(owed[0][0]), owed[0][1]))
    await asyncio.sleep(0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with transaction() as db:
        assert (await db.scalar(select(Delivery))).attempts == 0
        assert await db.scalar(select(DeadJob)) is None


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
