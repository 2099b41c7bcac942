"""The secret of a link opens something by itself: no log and no table may hold it, whatever happens at its address."""

import io
import logging

import asyncpg
import structlog

from app.core import answers
from app.core.logs import configure_logs
from app.core.permissions import PUBLIC
from app.engine.parts import granian
from app.tenancy import TABLES
from tests.tenancy.site_map import routes

SECRET = "a-secret-that-opens-something-by-itself"  # pragma: allowlist secret
MADE_UP = "0192a0c0-0000-7000-8000-000000000001"
DOORS = [route for route in routes() if route.needs == PUBLIC and {"token", "receipt"} & set(route.names)]


async def test_no_log_and_no_table_holds_the_secret_of_a_link(browser, site, engine, monkeypatch):
    """Tried as it is, and with an error of ours in the middle of it."""
    configure_logs("DEBUG")
    lines = io.StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(lines), processors=structlog.get_config()["processors"]
    ).bind()
    monkeypatch.setattr(answers, "log", log)
    libraries = logging.StreamHandler(lines)
    logging.getLogger().addHandler(libraries)
    ours = {name: logging.getLogger(name).level for name in ("httpx", "httpcore")}
    for name in ours:  # the test's own browser
        logging.getLogger(name).setLevel(logging.WARNING)
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    visitor = browser()
    visitor.http._transport.raise_app_exceptions = False

    async def try_all():
        statuses = []
        for route in DOORS:
            url = route.address(dict.fromkeys(route.names, SECRET) | {"credit_note_id": MADE_UP})
            statuses.append(
                (
                    await (
                        visitor.get(url)
                        if route.method == "GET"
                        else visitor.post(url, key=f"key {url}"[:40])
                    )
                ).status_code
            )
        return statuses

    async def broken(*_words, **_named):
        raise RuntimeError("ours")

    assert 500 not in await try_all()
    monkeypatch.setattr("app.core.visit.identify", broken)
    assert (await try_all()).count(500) > len(DOORS) / 2
    logging.getLogger().removeHandler(libraries)
    for name, level in ours.items():
        logging.getLogger(name).setLevel(level)
    for door in ("approve", "pay", "reset-password", "confirm-email", "join"):
        assert f"/{door}/\\u2026" in lines.getvalue(), door
    assert SECRET not in lines.getvalue()
    assert "--access-log" not in granian(host="127.0.0.1", port=1, workers=1)
    above = await asyncpg.connect(f"{engine.superuser}/{site}")
    for table in TABLES:
        assert not await above.fetchval(
            f"SELECT count(*) FROM {table} t WHERE strpos(t::text, $1) > 0", SECRET
        ), table
    await above.close()


def test_every_kind_of_link_is_tried():
    kinds = {route.path.split("/")[1] for route in DOORS}
    assert kinds == {
        "approve",
        "pay",
        "paid",
        "reset-password",
        "confirm-email",
        "join",
        "files",
        "shared",
        "handover",
        "paper",
        "passport",
        "calendar",
    }
