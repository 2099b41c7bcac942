import asyncio

import pytest

from app.core.errors import Refused
from app.domains.booking import crowd


async def test_no_more_than_some_book_at_once_and_everybody_gets_a_turn():
    inside = most = 0

    async def book():
        nonlocal inside, most
        async with crowd.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(book() for _one in range(100)))
    assert (most, inside) == (crowd.AT_ONCE, 0)


async def test_whoever_waits_too_long_is_told_and_takes_no_place():
    async with asyncio.TaskGroup() as group:
        leave = asyncio.Event()

        async def stay():
            async with crowd.turn():
                await leave.wait()

        for _one in range(crowd.AT_ONCE):
            group.create_task(stay())
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            async with crowd.turn(patience=0.01):
                pass
        assert refused.value.status == 503
        leave.set()
    async with crowd.turn(patience=0.01):
        pass
