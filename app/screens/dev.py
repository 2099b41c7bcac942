"""/dev/patterns: every component in every state. Only where there are dev pages."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, Router, get, post

from app.core.errors import Invalid, NotFound
from app.core.locating import Place, place_at, read_place
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.demo.people import KIOSK_TOKEN
from app.domains.network.kiosk_pages import HERE, kiosk_set
from app.settings import settings

THEMES = ("paper", "night")


@get("/dev/patterns", opt=needs(PUBLIC))
async def patterns(request: Request[Any, Any, Any], theme: str = "", direction: str = "") -> Response[Any]:
    """`?theme=night&direction=rtl` shows it as somebody else would see it."""
    if not settings().has_dev_pages:
        raise NotFound
    place, wrong = await _place(request.query_params)
    async with begin(request) as (_db, me):
        return page(
            request, me, "dev/patterns.html",
            status=422 if wrong.errors else 200,
            shown_theme=theme if theme in THEMES else "",
            shown_direction="rtl" if direction == "rtl" else "",
            place=place, wrong=wrong,
        )  # fmt: skip


async def _place(query: Mapping[str, Any]) -> tuple[Place, Invalid]:
    """What the place field of the patterns says, else a place that it might say."""
    harbor = place_at(40.6782, -74.0104)
    try:
        return (await read_place(query) if "place" in query else harbor), Invalid({})
    except Invalid as wrong:
        return harbor, wrong


@post("/dev/tablet", opt=needs(PUBLIC) | REPEATABLE, status_code=303)
async def tablet(request: Request[Any, Any, Any]) -> Response[Any]:
    """Stand at the demo's tablet, as a visitor; leaving it is one click more."""
    if not settings().is_demo:
        raise NotFound
    async with begin(request):
        return see_other(request, HERE, cookies=[kiosk_set(KIOSK_TOKEN)])


@post("/dev/tablet/removal", opt=needs(PUBLIC) | REPEATABLE, status_code=303)
async def leave_tablet(request: Request[Any, Any, Any]) -> Response[Any]:
    if not settings().is_demo:
        raise NotFound
    async with begin(request):
        return see_other(request, "/sign-in", cookies=[kiosk_set("", 0)])


router = Router("/", route_handlers=[patterns, tablet, leave_tablet])
