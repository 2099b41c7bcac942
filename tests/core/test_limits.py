"""How often something may be tried, with Valkey and without."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from app.core import clock, limits
from app.core.errors import TooMany
from app.core.limits import Limit
from app.settings import settings

STRICT = Limit("guess", times=3, within=timedelta(minutes=15), strict=True)
EASY = Limit("search", times=3, within=timedelta(minutes=1))


@pytest.fixture
def without_valkey(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def used_up(limit, who):
    for _try in range(limit.times):
        await limits.take(limit, who)
    with pytest.raises(TooMany) as refused:
        await limits.take(limit, who)
    return refused.value


async def test_the_fourth_of_three_is_refused_with_the_seconds_to_wait(site):
    who = uuid4().hex
    assert 890 < (await used_up(STRICT, who)).seconds <= 900
    await limits.take(STRICT, uuid4().hex)
    await limits.forget(STRICT, who)
    assert (await limits.tries(STRICT, who))[0] == 0
    await limits.take(STRICT, who)


async def test_a_crowd_gets_exactly_as_many_as_there_are(site):
    who = uuid4().hex
    answers = await asyncio.gather(*(limits.take(STRICT, who) for _one in range(40)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == STRICT.times


async def test_without_valkey_a_guess_is_still_counted_and_a_search_is_not(site, without_valkey):
    who = uuid4().hex
    await used_up(STRICT, who)
    assert (await limits.tries(STRICT, who))[0] == STRICT.times + 1
    with clock.moved_by(timedelta(minutes=16)):
        await limits.take(STRICT, who)
    await limits.forget(STRICT, who)
    assert (await limits.tries(STRICT, who))[0] == 0
    for _search in range(10):
        await limits.take(EASY, who)
