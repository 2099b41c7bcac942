"""How often something may be tried. Counted in Valkey; while that is away, in PostgreSQL for what a guesser would
try, and not at all for the rest: a shop's day must not end with its cache.
"""

import hashlib
import ipaddress
from datetime import timedelta
from typing import Any, Literal

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.core.errors import TooMany
from app.settings import settings

log = structlog.get_logger()

Per = Literal["ip", "person"]


class Limit(msgspec.Struct, frozen=True):
    """At most `times` within a window that begins with the first one."""

    name: str
    times: int
    within: timedelta
    per: Per = "ip"
    strict: bool = False
    """Counted even while Valkey is away."""


def limited(*limits: Limit) -> dict[str, Any]:
    """Route option: how often one address or one person may use it."""
    return {"limits": limits}


_redis: dict[str, Redis] = {}


def _valkey() -> Redis:
    url = settings().redis_url
    if url not in _redis:
        _redis.clear()
        _redis[url] = Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5)
    return _redis[url]


def _key(limit: Limit, who: str) -> str:
    """Numbered databases are shared by installations in tests, so the database's name is part of it."""
    digest = hashlib.sha256(f"{settings().database_url}\0{limit.name}\0{who}".encode()).hexdigest()
    return f"limit:{limit.name}:{digest[:32]}"


def place(ip: str) -> str:
    """What counts as one place: an address, and of IPv6 the /64, of which one household has all."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if address.version == 4:
        return ip
    mapped = address.ipv4_mapped  # as a listener for both kinds writes an IPv4 address
    return str(mapped or ipaddress.ip_network((ip, 64), strict=False))


async def count(limit: Limit, who: str) -> tuple[int, int]:
    """One more try of `who`: how many that makes in the window, and the seconds until it ends."""
    key, seconds = _key(limit, who), int(limit.within.total_seconds())
    try:
        async with _valkey().pipeline(transaction=True) as pipe:
            pipe.incr(key)
            pipe.expire(key, seconds, nx=True)
            pipe.ttl(key)
            tries, _set, left = await pipe.execute()
        return int(tries), max(int(left), 1)
    except (RedisError, OSError) as error:
        log.warning("limits.without_valkey", limit=limit.name, error=type(error).__name__)
        return await _count_in_postgres(key, seconds) if limit.strict else (1, seconds)


async def _count_in_postgres(key: str, seconds: int) -> tuple[int, int]:
    now = clock.now()
    async with transaction() as db:
        row = (
            await db.execute(
                text(
                    "INSERT INTO rate_counts AS r (key, tries, ends_at) VALUES (:key, 1, :ends) "
                    "ON CONFLICT (key) DO UPDATE SET "
                    "tries = CASE WHEN r.ends_at <= :now THEN 1 ELSE r.tries + 1 END, "
                    "ends_at = CASE WHEN r.ends_at <= :now THEN :ends ELSE r.ends_at END "
                    "RETURNING tries, ends_at"
                ),
                {"key": key, "now": now, "ends": now + timedelta(seconds=seconds)},
            )
        ).one()
    return row.tries, max(int((row.ends_at - now).total_seconds()), 1)


async def tries(limit: Limit, who: str) -> tuple[int, int]:
    """How many tries are in the window now, and the seconds until it ends; counts nothing."""
    key, seconds = _key(limit, who), int(limit.within.total_seconds())
    try:
        async with _valkey().pipeline(transaction=True) as pipe:
            pipe.get(key)
            pipe.ttl(key)
            found, left = await pipe.execute()
        return int(found or 0), max(int(left), 1)
    except (RedisError, OSError):
        if not limit.strict:
            return 0, seconds
    now = clock.now()
    async with transaction() as db:
        row = (
            await db.execute(
                text("SELECT tries, ends_at FROM rate_counts WHERE key = :key AND ends_at > :now"),
                {"key": key, "now": now},
            )
        ).first()
    return (row.tries, max(int((row.ends_at - now).total_seconds()), 1)) if row else (0, seconds)


async def forget(limit: Limit, who: str) -> None:
    """Begin anew: it went well."""
    key = _key(limit, who)
    try:
        await _valkey().delete(key)
    except (RedisError, OSError):
        async with transaction() as db:
            await db.execute(text("DELETE FROM rate_counts WHERE key = :key"), {"key": key})


async def take(limit: Limit, who: str) -> None:
    """Count a try. Raises TooMany with the seconds to wait."""
    number, left = await count(limit, who)
    if number > limit.times:
        raise TooMany(left)
