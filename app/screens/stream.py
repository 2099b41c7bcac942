"""GET /live: the page's stream of signals."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.params import Parameter
from litestar.response import Stream

from app.core import live, topics
from app.core.errors import Refused, SignInNeeded
from app.core.legible import LARGEST
from app.core.permissions import PUBLIC
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _


@get("/live", opt=needs(PUBLIC))
async def stream(
    request: Request[Any, Any, Any],
    topics: str,
    after: int = 0,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None,
) -> Response[Any]:
    """Signals of the topics the page was signed for. 401 instead of a redirect: a stream cannot sign in. 409 for a page
    of a place its person has left for another one in this browser."""
    try:
        wanted = live.read_stream_token(topics)
    except ValueError as error:
        raise Refused(_("This page is too old. Please reload it."), status=401) from error
    try:
        async with begin(request) as (_db, me):
            if not _may_hear(me, wanted):
                raise SignInNeeded
            if wanted.place and wanted.place != (me.tenant_id, me.center_id):
                return Response(None, status_code=409)
            held = _held(me) if wanted.viewer else None
    except SignInNeeded:
        return Response(None, status_code=401)
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id[:20])
    return Stream(
        live.signals(wanted.topics, max(0, min(after, LARGEST)), held),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _may_hear(me: Viewer, wanted: live.Opening) -> bool:
    """Whether this is still the person the page was made for, in a browser (what a token opens, nobody would watch),
    and they still work at the place it was made at, in a role that may see such a page."""
    if wanted.viewer is not None and (me.user_id != wanted.viewer or me.session_id is None):
        return False
    if wanted.place is not None and not any(
        one.tenant_id == wanted.place[0] and one.center_id in (None, wanted.place[1]) for one in me.held
    ):
        return False
    return all(topics.may_hear(me, topic, wanted.place) for topic in wanted.topics)


def _held(me: Viewer) -> live.Held | None:
    if me.session_id is None:
        return None
    roles = frozenset((one.role, one.tenant_id, one.center_id) for one in me.held)
    return live.Held(me.session_id, roles, me.ip, me.center_id)


router = Router("/", route_handlers=[stream])
