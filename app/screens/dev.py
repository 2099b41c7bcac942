"""/dev/patterns: every component in every state. Only where there are dev pages."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from litestar import Request, Response, Router, get, post

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.locating import Place, place_at, read_place
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC
from app.core.render import distance, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.demo.people import KIOSK_TOKEN
from app.domains.garage.mileage import Point
from app.domains.messaging import Conversation, Message, Subject
from app.domains.messaging.conversing import Said
from app.domains.network.kiosk_pages import HERE, kiosk_set
from app.settings import settings

THEMES = ("paper", "night")


def _a_line() -> list[Point]:
    end = clock.now()
    known = ((0.0, 104_300), (0.3, 109_120), (0.55, 111_480), (1.0, 118_204))
    return [
        Point(along, km, end - timedelta(days=round(400 * (1 - along))), distance(km)) for along, km in known
    ]


def _a_conversation(me: Viewer) -> Conversation:
    """Made up: nothing of it is kept."""
    shop = uuid4()
    subject = Subject(
        kind="appointment", id=uuid4(), tenant_id=shop, center_id=shop, user_id=me.user_id or shop, title="Brake service",
        business_url="/dev/patterns#", other_url="/dev/patterns#", business_name="Harbor Lane Garage",
        other_name="Maya Torres", zone="America/New_York",
    )  # fmt: skip
    written = (
        (
            "other",
            "Maya Torres",
            -26,
            "Hi! The left front wheel grinds.\nCould you look at it while you have the car?",
        ),
        ("business", "Ben Aldrich", -25, "Of course. Does it also grind when you do not brake?"),
        ("other", "Maya Torres", -2, "No, only when braking. سأكون هناك في التاسعة."),
        ("business", "Ben Aldrich", -1, "Until tomorrow, then."),
    )
    said = [
        Said(
            Message(
                number=number, side=side, sender_id=me.user_id if side == "other" else shop, sender_name=name, kind="text",
                text=words, created_at=clock.now() + timedelta(hours=hours),
            ),
            None,
        )
        for number, (side, name, hours, words) in enumerate(written, 7)
    ]  # fmt: skip
    return Conversation(subject, "other", said, seen=9)


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
            points=_a_line(),
            shown_talk=_a_conversation(me),
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
