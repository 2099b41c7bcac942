"""The public front page: what Torqueline is, for a driver and for a workshop."""

from typing import Any

from litestar import Request, Response, Router, get

from app.core.permissions import PUBLIC
from app.core.render import page
from app.core.visit import begin, needs


@get("/", opt=needs(PUBLIC))
async def front(request: Request[Any, Any, Any]) -> Response[Any]:
    async with begin(request) as (_db, me):
        return page(request, me, "screens/front.html", own_home="/home" if me.is_signed_in else "")


router = Router("/", route_handlers=[front])
