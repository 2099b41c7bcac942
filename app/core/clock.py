"""The one clock. Operations ask here for the time, so that tests and the demo can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_moved: ContextVar[tuple[datetime, datetime] | None] = ContextVar("moved_clock", default=None)


def now() -> datetime:
    """The present moment as an aware UTC datetime, shifted when `moved_to` is in force."""
    real = datetime.now(UTC)
    moved = _moved.get()
    return real if moved is None else moved[0] + (real - moved[1])


def today(zone: str) -> date:
    """The calendar day it is now in an IANA time zone."""
    return now().astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Every IANA time zone by name. Looked up once: the system is asked for them file by file."""
    return frozenset(available_timezones())


@contextmanager
def moved_to(at: datetime) -> Iterator[None]:
    """Let the clock start at `at` (aware) and run on from there inside the block."""
    token = _moved.set((at.astimezone(UTC), datetime.now(UTC)))
    try:
        yield
    finally:
        _moved.reset(token)


@contextmanager
def moved_by(step: timedelta) -> Iterator[None]:
    """Shift the clock by `step` inside the block."""
    with moved_to(now() + step):
        yield
