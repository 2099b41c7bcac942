"""GET /healthz: the process lives. GET /readyz: what it depends on is there too."""

from typing import Any

from litestar import Response, Router, get
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import transaction
from app.core.permissions import PUBLIC
from app.core.visit import needs
from app.gateways.scanner import Clamd, ScannerAway, open_scanner
from app.migrate import head
from app.settings import settings


@get("/healthz", opt=needs(PUBLIC))
async def healthz() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "ok"}


@get("/readyz", opt=needs(PUBLIC))
async def readyz() -> Response[dict[str, Any]]:
    """200 when PostgreSQL, Valkey and the migrations are fine, else 503; names what is not. Without its virus scanner
    the site goes on, and takes no files."""
    missing = [name for name, fine in (await state_of_health()).items() if not fine]
    is_ready = not set(missing) - GOES_ON_WITHOUT
    return Response({"ready": is_ready, "missing": missing}, status_code=200 if is_ready else 503)


GOES_ON_WITHOUT = {"scanner"}
"""A balancer that sent nobody here for this would turn a scanner that is away into a site that is."""


async def state_of_health() -> dict[str, bool]:
    """Each thing we depend on, and whether it is fine."""
    revision = await _migrated()
    health = {
        "postgresql": revision is not None,
        "valkey": await _valkey(),
        "migrations": revision == head(),
    }
    if scanner := open_scanner(settings().clamd_url):
        health["scanner"] = await _answers(scanner)
    return health


async def _answers(scanner: Clamd) -> bool:
    try:
        await scanner.version()
    except ScannerAway:
        return False
    return True


async def _migrated() -> str | None:
    try:
        async with transaction() as db:
            return str(await db.scalar(text("SELECT version_num FROM ddl_version")))
    except (SQLAlchemyError, OSError):
        return None


async def _valkey() -> bool:
    redis = Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False
    finally:
        await redis.aclose()


router = Router("/", route_handlers=[healthz, readyz])
