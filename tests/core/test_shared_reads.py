"""Many pages ask the same at once: it is read once, and a failure is nobody else's."""

import asyncio
from typing import Any

import pytest

from app.core import shared_reads
from app.core.shared_reads import read_once


class Reading:
    """Counts how often it is read; the first fails where it is to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.times, self.fails = 0, fails

    async def __call__(self) -> dict[str, Any]:
        self.times += 1
        number = self.times
        await asyncio.sleep(0.01)
        if self.fails and number == 1:
            raise LookupError
        return {"number": number}


async def test_who_asks_at_once_gets_one_reading_and_another_reader_their_own():
    read = Reading()
    found = await asyncio.gather(
        *(read_once(("page", reader), read) for reader in ("ada", "ada", "ada", "ben"))
    )
    assert (read.times, found[0]) == (2, found[2])
    assert found[3] != found[0]


async def test_what_was_read_is_old_after_a_moment(monkeypatch):
    monkeypatch.setattr(shared_reads, "A_MOMENT", 0.02)
    read = Reading()
    await read_once(("old",), read)
    await asyncio.sleep(0.05)
    assert await read_once(("old",), read) == {"number": 2}


async def test_when_the_first_fails_the_others_read_for_themselves_and_nothing_is_kept():
    read = Reading(fails=True)
    first, *others = await asyncio.gather(
        *(read_once(("failing",), read) for _each in range(3)), return_exceptions=True
    )
    assert isinstance(first, LookupError)
    assert sorted(one["number"] for one in others if isinstance(one, dict)) == [2, 3]
    assert (await read_once(("failing",), read))["number"] == 4


async def test_who_goes_away_takes_nobody_with_them():
    read = Reading()
    first = asyncio.create_task(read_once(("left",), read))
    second = asyncio.create_task(read_once(("left",), read))
    third = asyncio.create_task(read_once(("left",), read))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await first == await third == {"number": 1}
