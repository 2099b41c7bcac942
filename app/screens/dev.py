"""/dev/patterns: every component in every state. Only where there are dev pages."""

from typing import Any

from litestar import Request, Response, Router, get, post

from app.core.errors import NotFound
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
    async with begin(request) as (_db, me):
        return page(
            request, me, "dev/patterns.html",
            shown_theme=theme if theme in THEMES else "",
            shown_direction="rtl" if direction == "rtl" else "",
        )  # fmt: skip


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
