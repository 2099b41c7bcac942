"""GET /live: the page's stream of signals."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.params import Parameter
from litestar.response import Stream

from app.core import live
from app.core.errors import Refused, SignInNeeded
from app.core.legible import LARGEST
from app.core.permissions import PUBLIC
from app.core.visit import begin, needs
from app.core.words import _


@get("/live", opt=needs(PUBLIC))
async def stream(
    request: Request[Any, Any, Any],
    topics: str,
    after: int = 0,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None,
) -> Response[Any]:
    """Signals of the topics the page was signed for. 401 instead of a redirect: a stream cannot sign in."""
    try:
        wanted, viewer = live.read_stream_token(topics)
    except ValueError as error:
        raise Refused(_("This page is too old. Please reload it."), status=401) from error
    try:
        async with begin(request) as (_db, me):
            if viewer is not None and me.user_id != viewer:
                raise SignInNeeded
    except SignInNeeded:
        return Response(None, status_code=401)
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id[:20])
    return Stream(
        live.signals(wanted, max(0, min(after, LARGEST))),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


router = Router("/", route_handlers=[stream])
