"""GET /files/{token}: a stored file, for as long as its signed address holds.

The address itself is the permission, so no session is asked and no database. What people sent is shown in a
sandbox without scripts, whatever a browser makes of it; everything but the images and videos we wrote anew is an
attachment.
"""

import re
from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from litestar.response import Stream

from app.core import clock
from app.core.answers import answer
from app.core.errors import NotFound
from app.core.files import storage
from app.core.permissions import PUBLIC
from app.core.visit import needs
from app.core.words import _
from app.gateways.storage import FileMissing, disposition
from app.gateways.storage.local import BadToken, LocalStorage

_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


@get("/files/{token:str}", opt=needs(PUBLIC))
async def show_file(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
    """The bytes, whole or one range of them (video players ask for ranges)."""
    kept_in = storage()
    if not isinstance(kept_in, LocalStorage):
        raise NotFound
    try:
        ticket = kept_in.open_token(token, at=clock.now())
    except BadToken:
        return answer(request, 403, _("This address has expired"), _("Open the page again to see the file."))
    try:
        size = await kept_in.size(ticket.key)
    except FileMissing:
        raise NotFound from None
    try:
        span = _span(request.headers.get("range", ""), size)
    except BeyondTheEnd:
        return Response(None, status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = span or (0, size)
    headers = {
        "Content-Disposition": disposition(ticket.name, inline=ticket.inline),
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600, immutable",
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
    }
    if (
        span
    ):  # also when it is all of the file: Safari plays nothing from a server that answers a range with 200
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Stream(
        kept_in.stream(ticket.key, start=start, length=end - start),
        status_code=206 if span else 200,
        media_type=ticket.media_type,
        headers=headers,
    )


class BeyondTheEnd(Exception):
    """The range begins where the file has ended."""


def _span(header: str, size: int) -> tuple[int, int] | None:
    """First and one past the last byte of a single range. None, the whole file, for a range we do not read, or one that
    ends before it begins, which is none (RFC 9110, 14.1.1). Raises BeyondTheEnd."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    if not found[1]:  # so many from the end
        first, last = max(0, size - int(found[2])), size
    else:
        first, last = int(found[1]), int(found[2] or size)
    if last < first and found[2]:
        return None
    if first >= size:
        raise BeyondTheEnd
    return first, min(last + 1, size)


router = Router("/", route_handlers=[show_file])
