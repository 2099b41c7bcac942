"""GET /home: to the page one's day begins with."""

from typing import Any

from litestar import Request, Response, Router, get

from app.core.permissions import PUBLIC
from app.core.render import see_other
from app.core.visit import begin, needs
from app.screens.navigation import home_of


@get("/home", opt=needs(PUBLIC))
async def home(request: Request[Any, Any, Any]) -> Response[Any]:
    async with begin(request) as (_db, me):
        return see_other(request, home_of(me))


router = Router("/", route_handlers=[home])
