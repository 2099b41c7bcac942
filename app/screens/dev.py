"""/dev/patterns: every component in every state. Only where there are dev pages."""

from typing import Any

from litestar import Request, Response, Router, get

from app.core.errors import NotFound
from app.core.permissions import PUBLIC
from app.core.render import page
from app.core.visit import begin, needs
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


router = Router("/", route_handlers=[patterns])
