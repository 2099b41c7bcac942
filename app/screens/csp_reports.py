"""What browsers say our content security policy kept from running: a bug of ours, or somebody's attempt."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar import Request, Response, Router, post

from app.core.limits import Limit, limited
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC
from app.core.security import csrf_exempt, masked
from app.core.visit import begin, needs

log = structlog.get_logger()

REPORTS = Limit("csp report", times=60, within=timedelta(minutes=1))
LONGEST = 64 * 1024
MOST = 20


class Violation(msgspec.Struct, rename="camel"):
    effective_directive: str = ""
    document_url: str = msgspec.field(default="", name="documentURL")
    blocked_url: str = msgspec.field(default="", name="blockedURL")
    sample: str = ""


class Report(msgspec.Struct):
    type: str = ""
    body: Violation = msgspec.field(default_factory=Violation)


@post(
    "/csp-reports",
    opt=needs(PUBLIC)
    | limited(REPORTS)
    | REPEATABLE
    | csrf_exempt("a browser's own report, which changes nothing"),
    status_code=204,
    request_max_body_size=LONGEST,
)
async def take_reports(request: Request[Any, Any, Any]) -> Response[None]:
    """Into the log, without anything of the person: paths are masked, queries and samples left out."""
    async with begin(request):
        pass
    try:
        reports = msgspec.json.decode(await request.body(), type=list[Report])
    except msgspec.DecodeError:
        return Response(None, status_code=204)
    for report in reports[:MOST]:
        if report.type != "csp-violation":
            continue
        log.warning("csp.violation", **told(report.body))
    return Response(None, status_code=204)


def told(violation: Violation) -> dict[str, str]:
    """What may stand in the log of it."""
    return {
        "directive": violation.effective_directive[:80],
        "page": masked(urlsplit(violation.document_url).path)[:200],
        "blocked": _origin(violation.blocked_url),
    }


def _origin(url: str) -> str:
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}"[:120] if found.netloc else url[:40]


router = Router("/", route_handlers=[take_reports])
