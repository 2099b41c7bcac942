"""The parts market's numbers for the network, each with the rows that make it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromQuery
from litestar.response import Stream
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import graveyard
from app.core.db import transaction
from app.core.errors import NotFound
from app.core.render import page, template_global
from app.core.spreadsheet import csv_line
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.marketplace import figures
from app.domains.marketplace.moves import order_word

AnyRequest = Request[Any, Any, Any]
NETWORK = needs("manage:network")
CHART_HEIGHT = 100


@template_global
def market_figures() -> dict[str, tuple[str, str]]:
    """{name: (what it is called, what it counts)} of every number of the parts market."""
    year = _("in this month and the eleven before it")
    return {
        "month": (_("Requests this month"), _("submitted since the first of the month, UTC")),
        "orders": (_("Requests in twelve months"), year),
        "onboarded": (_("Shops taken on"), _("verified, whatever became of them since")),
        "active": (_("Shops open to requests"), _("verified and active now")),
        "first_quote": (_("First offer after"), _("the middle of all requests with an offer, %(year)s", year=year)),
        "satisfaction": (_("Satisfaction"), _("mean of all ratings given %(year)s", year=year)),
        "complete": (_("With a complete offer"), _("share of requests for which a shop had everything, %(year)s", year=year)),
    }  # fmt: skip


@template_global
def market_detail(name: str, detail: str) -> str:
    """A state in words; what was written stays as it is."""
    if name in ("onboarded", "active"):
        return {
            "active": _("active"),
            "inactive": _("inactive"),
            "suspended": _("suspended"),
            "pending_verification": _("to be verified"),
        }.get(detail, detail)
    return detail if name == "satisfaction" else order_word(detail)


async def tiles(db: AsyncSession) -> dict[str, Any]:
    """The numbers with the twelve months of the chart."""
    found = {name: await figures.figure(db, name) for name in figures.ROWS}
    counted = await figures.months(db)
    highest = max([count for _month, count in counted] + [1])
    bars = [(month, count, count * CHART_HEIGHT // highest) for month, count in counted]
    return {"figures": found, "bars": bars, "highest": highest}


@get("/network/parts-market", opt=NETWORK)
async def figure_page(
    request: AnyRequest,
    show: FromQuery[str] = "",
    at: FromQuery[datetime | None] = None,
    after: FromQuery[UUID | None] = None,
) -> Response[Any]:
    _known(show)
    async with begin(request) as (db, me):
        found = await figures.rows(db, show, after=_after(at, after)) if show else []
        return page(
            request, me, "marketplace/figures.html", show=show, rows=found, dead=await graveyard.count_dead(db),
            more=found[-1] if len(found) == figures.PAGE else None, **await tiles(db),
        )  # fmt: skip


def _known(show: str) -> None:
    if show and show not in figures.ROWS:
        raise NotFound


def _after(at: datetime | None, after: UUID | None) -> tuple[datetime, UUID] | None:
    return (at, after) if at is not None and at.tzinfo is not None and after is not None else None


@get("/network/parts-market/rows.csv", opt=NETWORK)
async def figure_rows(request: AnyRequest, show: FromQuery[str] = "orders") -> Stream:
    """All the rows of a number, for a spreadsheet."""
    _known(show or "?")
    async with begin(request) as (_db, me):
        name = f"parts-market-{show}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Stream(_lines(me, show), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(me: Viewer, show: str) -> AsyncIterator[str]:
    yield "\ufeff" + csv_line(["at", "name", "detail", "value"])
    after = None
    while True:
        async with transaction(user=me.user_id) as db:
            await db.execute(text("SELECT set_config('app.network', 'on', true)"))
            found = await figures.rows(db, show, after=after, most=500)
        yield "".join(csv_line([one.at.isoformat(), one.name, one.detail, one.value]) for one in found)
        if len(found) < 500:
            return
        after = (found[-1].at, found[-1].id)


router = Router("/", route_handlers=[figure_page, figure_rows])
