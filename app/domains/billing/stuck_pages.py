"""/network/money: what of all the money on the network needs a person."""

from typing import Any

from litestar import Request, Response, Router, get

from app.core import graveyard
from app.core.render import page
from app.core.visit import begin, needs
from app.domains.billing.stuck import stuck


@get("/network/money", opt=needs("manage:network"))
async def money_page(request: Request[Any, Any, Any]) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request, me, "billing/stuck.html", stuck=await stuck(db), dead=await graveyard.count_dead(db)
        )


router = Router("/", route_handlers=[money_page])
