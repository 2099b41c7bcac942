"""Every refusal and error as an answer a person can read: a page, a fragment for htmx, or JSON."""

from socket import gaierror
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import structlog
from asyncpg import exceptions as pg
from litestar import Request, Response
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core import audit, render, set_aside
from app.core.db import transaction
from app.core.errors import (
    CrossSite,
    FactorNeeded,
    Forbidden,
    Invalid,
    ModuleOff,
    NotFound,
    NotFromHere,
    ProofNeeded,
    Refused,
    Replayed,
    SignInNeeded,
    TooMany,
)
from app.core.forms import safe_next
from app.core.permissions import KNOWN
from app.core.security import masked
from app.core.viewer import Viewer
from app.core.words import _, negotiate

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


class Refusal(msgspec.Struct, omit_defaults=True):
    """What a JSON caller reads instead of an answer. More names may stand beside these: what is open, what has changed."""

    error: str
    """In words; `Insufficient permissions` when the caller may not."""
    status: int = 0
    request_id: str = ""
    errors: dict[str, str] = {}
    """By field."""


def wants_json(request: AnyRequest) -> bool:
    """JSON paths answer JSON; everything else answers people."""
    return request.url.path.startswith("/api/")


def _viewer(request: AnyRequest) -> Viewer:
    """Who is asking; nobody yet where the address is of nothing."""
    known: Viewer | None = getattr(request.state, "me", None)
    return known or Viewer(locale=negotiate(request.headers.get("accept-language", "")))


def answer(
    request: AnyRequest, status: int, title: str, words: str, *, data: dict[str, Any] | None = None
) -> Response[Any]:
    """One refusal in the form the caller reads."""
    request_id = getattr(request.state, "request_id", "")
    if wants_json(request):
        body = {"error": words, "status": status, "request_id": request_id, **(data or {})}
        return Response(body, status_code=status, media_type="application/json")
    return render.page(
        request,
        _viewer(request),
        "errors/error.html",
        status=status,
        layout="layouts/plain.html",
        title=title,
        words=words,
        request_id=request_id,
        errors=(data or {}).get("errors", {}),
        code=status,
        before=_page_before(request),
        ways=_ways_on(request, status),
    )


def _ways_on(request: AnyRequest, status: int) -> list[tuple[str, str]]:
    """Where somebody who stands at a door that did not open goes on: words and address."""
    if status in (410, 429) and request.url.path.startswith(("/sign-in", "/reset-password/")):
        return [(_("New password by mail"), "/forgot-password")]
    if status == 403 and not _viewer(request).is_signed_in:  # signed out in another tab, say
        return [(_("Sign in"), "/sign-in")]
    return []


def _page_before(request: AnyRequest) -> str:
    """The page of ours that the request came from, to go back to; "" when it came from elsewhere."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.scheme not in ("http", "https") or came.netloc != request.headers.get("host"):
        return ""
    if request.method == "GET" and came.path == request.url.path:
        return ""
    return safe_next(came.path + (f"?{came.query}" if came.query else ""), "")


async def _audit(request: AnyRequest, action: str, detail: dict[str, Any]) -> None:
    """Remember a refusal, in a transaction of its own: the request's has been rolled back."""
    me = _viewer(request)
    tenant = getattr(request.state, "tenant_id", None) or me.tenant_id
    try:
        async with transaction(user=me.user_id, tenant=tenant) as db:
            path = masked(request.url.path)[:200]
            await audit.log(db, me, action, "route", path, tenant=tenant, detail=detail)
    except (SQLAlchemyError, OSError) as error:
        log.error("audit.unwritten", action=action, error=type(error).__name__)


def _audit_later(request: AnyRequest, action: str, detail: dict[str, Any]) -> BackgroundTask:
    return BackgroundTask(_audit, request, action, detail)


def audit_refusal(request: AnyRequest, error: Refused | None) -> BackgroundTask | None:
    """What an answer to `error` does once it is sent: keep it in the audit trail, when it has a name there."""
    return _audit_later(request, error.audit, {"words": error.words}) if error and error.audit else None


def _refused(request: AnyRequest, error: Refused) -> Response[Any]:
    titles = {410: _("No longer valid"), 413: _("Too large"), 503: _("Just a moment")}
    title = _("That has changed") if error.is_stale else titles.get(error.status, _("Not possible just now"))
    refusal = answer(request, error.status, title, error.words, data=error.data)
    refusal.background = audit_refusal(request, error)
    if seconds := error.data.get("retry_after"):
        refusal.headers["Retry-After"] = str(seconds)
    return refusal


def _too_many(request: AnyRequest, error: TooMany) -> Response[Any]:
    refusal = answer(request, 429, _("Too many tries"), error.words, data=error.data)
    refusal.headers["Retry-After"] = str(error.seconds)
    return refusal


def _invalid(request: AnyRequest, error: Invalid) -> Response[Any]:
    return answer(
        request,
        422,
        _("Please check the form"),
        _("Some of it could not be accepted."),
        data={"errors": error.errors},
    )


def _not_found(request: AnyRequest, _error: Exception) -> Response[Any]:
    return answer(request, 404, _("Not found"), _("There is nothing here, or it is not yours to see."))


def _module_off(request: AnyRequest, error: ModuleOff) -> Response[Any]:
    words = _(
        "This business does not use this part of Torqueline. Nothing of it is lost: its owner can switch it on."
    )
    return answer(request, 404, _("Switched off"), words, data={"module": error.module})


def _forbidden(request: AnyRequest, error: Forbidden) -> Response[Any]:
    if wants_json(request):
        refusal: Response[Any] = Response(
            {"error": "Insufficient permissions"}, status_code=403, media_type="application/json"
        )
        if (
            error.permission in KNOWN
        ):  # the body is agreed to the letter, so the header says which right (RFC 6750)
            refusal.headers["WWW-Authenticate"] = (
                f'Bearer error="insufficient_scope", scope="{error.permission}"'
            )
    else:
        words = _("Your role does not allow this.")
        me = _viewer(request)
        if me.can(error.permission):
            words = _(
                "What was shared with you may be looked at, and changed only by whoever owns or drives it."
            )
        elif me.is_signed_in and not me.held:  # a driver, or the staff of a business that was closed
            words = _(
                "This is for the staff of a workshop, and you have no role at one that is open. If you work at one, ask its owner."
            )
        refusal = answer(request, 403, _("Not allowed"), words)
    refusal.background = _audit_later(request, "permission.denied", {"permission": error.permission})
    return refusal


def _cross_site(request: AnyRequest, _error: CrossSite) -> Response[Any]:
    return answer(
        request,
        403,
        _("This form has expired"),
        _("For your safety the request was not carried out. Please go back, reload the page and try again."),
    )


def _sign_in_needed(request: AnyRequest, _error: SignInNeeded) -> Response[Any]:
    if wants_json(request):
        return Response({"error": "Sign in first"}, status_code=401, media_type="application/json")
    if _viewer(request).kiosk_id:
        return _elsewhere(request, "/kiosk")
    back = _address(request) if request.method == "GET" else "/"
    return _elsewhere(request, f"/sign-in?next={quote(back, safe='')}")


def _proof_needed(request: AnyRequest, _error: ProofNeeded) -> Response[Any]:
    """The page that asks, and after it what was wanted: the page, or the form, which waits meanwhile."""
    if wants_json(request):
        return Response({"error": "fresh_proof_required"}, status_code=403, media_type="application/json")
    before = _page_before(request) or "/settings"
    if request.method == "GET":
        url = f"/step-up?next={quote(_address(request), safe='')}&back={quote(before, safe='')}"
    else:
        url = f"/step-up?next={quote(before, safe='')}"
    asked = _elsewhere(request, url)
    asked.set_cookie(set_aside.cookie(getattr(request.state, "set_aside", "")))
    return asked


def _not_from_here(request: AnyRequest, _error: NotFromHere) -> Response[Any]:
    me = _viewer(request)
    words = _(
        "Your business lets its owners in from certain addresses only, and yours, %(address)s, is not one of them. "
        "Go on from one that is, or ask another owner there, or whoever runs this site, to change the list.",
        address=me.ip,
    )
    if wants_json(request):
        refusal: Response[Any] = Response(
            {"error": "address_not_allowed"}, status_code=403, media_type="application/json"
        )
    else:
        refusal = answer(request, 403, _("Not from here"), words)
    refusal.background = _audit_later(request, "address.refused", {"address": me.ip})
    return refusal


def _factor_needed(request: AnyRequest, _error: FactorNeeded) -> Response[Any]:
    if wants_json(request):
        return Response(
            {"error": "second_factor_setup_required"}, status_code=403, media_type="application/json"
        )
    return _elsewhere(request, "/settings/security")


def _address(request: AnyRequest) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _elsewhere(request: AnyRequest, url: str) -> Response[Any]:
    if request.headers.get("hx-request") == "true":
        return Response(None, status_code=401, headers={"HX-Redirect": url})
    return Response(None, status_code=303, headers={"Location": url, "Cache-Control": "no-store"})


def _replayed(request: AnyRequest, error: Replayed) -> Response[Any]:
    if error.answer is not None:
        return Response(error.answer or None, status_code=error.status, media_type="application/json")
    if error.location:
        return Response(None, status_code=error.status, headers={"Location": error.location})
    if wants_json(request):
        return Response({"replayed": True}, status_code=error.status, media_type="application/json")
    return answer(
        request, 200, _("Already done"), _("This form was already sent and has been carried out once.")
    )


def _http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    status = error.status_code
    if status == 404:
        return _not_found(request, error)
    if status == 405 and request.method in ("GET", "HEAD") and _is_looked_at(request):
        try:
            return _elsewhere(request, _page_of_form(request))
        except NotFoundException:  # an id in it is none
            return _not_found(request, error)
    if status == 400 and wants_json(request):
        return answer(request, 400, "", error.detail, data={"errors": _by_field(error.extra)})
    titles = {
        400: (_("That did not work"), _("The address or the form was not understood.")),
        405: (_("That did not work"), _("This address does not take that.")),
        413: (_("Too large"), _("What you sent is too large.")),
        429: (_("Too fast"), _("Please wait a moment and try again.")),
    }
    title, words = titles.get(status, (_("That did not work"), _("Please go back and try again.")))
    refusal = answer(request, status, title, words)
    if allowed := (error.headers or {}).get("allow"):
        refusal.headers["Allow"] = allowed
    return refusal


def _is_looked_at(request: AnyRequest) -> bool:
    """Whether a person opens the address, and no program."""
    return not wants_json(request) and "text/html" in request.headers.get("accept", "")


def _page_of_form(request: AnyRequest) -> str:
    """Where somebody is led who opens, reloads or has kept an address that only takes a form: a refused form is shown
    again there. The form stands on the nearest page above, unless its route names another (`page`)."""
    router = request.app.asgi_router
    # Of "//elsewhere.test/x" nothing may be left that a browser takes for another site.
    above = [one for one in request.url.path.split("/") if one]
    try:
        _app, form, _path, places, _route = router.handle_routing(path="/" + "/".join(above), method="POST")
    except MethodNotAllowedException:
        return "/"
    if named := form.opt.get("page"):
        return quote(named.format(**places))
    while above := above[:-1]:
        try:
            router.handle_routing(path="/" + "/".join(above), method="GET")
        except (NotFoundException, MethodNotAllowedException):
            continue
        return quote("/" + "/".join(above))
    return _page_before(request) or "/"


def _by_field(extra: Any) -> dict[str, str]:
    """What the framework found wrong with a body, as our refusals say it."""
    found = extra if isinstance(extra, list) else []
    return {str(one.get("key", "")): str(one.get("message", "")) for one in found if isinstance(one, dict)}


def _unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    if is_outage(error):
        log.error("outage", error=type(error).__name__)
        busy = answer(
            request, 503, _("Just a moment"), _("Something we depend on is restarting. Please try again.")
        )
        busy.headers["Retry-After"] = "5"
        return busy
    if isinstance(error, DBAPIError) and isinstance(_cause(error), pg.LockNotAvailableError):
        return answer(
            request, 409, _("Busy"), _("Somebody else is changing this right now. Please try again.")
        )
    if isinstance(error, DBAPIError) and _is_unkeepable(_cause(error)):
        log.warning("unkeepable", path=masked(request.url.path), error=type(_cause(error)).__name__)
        return answer(
            request, 400, _("That did not work"), _("A number or a character in it cannot be kept.")
        )
    log.exception("unexpected", path=masked(request.url.path))
    return answer(
        request, 500, _("Something broke"), _("We have been told. Nothing you sent was half saved.")
    )


def _cause(error: DBAPIError) -> BaseException | None:
    return getattr(error.orig, "__cause__", None)


def _is_unkeepable(cause: BaseException | None) -> bool:
    """The server found a value out of its range, or the driver did before it was sent."""
    return isinstance(
        cause,
        pg.NumericValueOutOfRangeError
        | pg.DatetimeFieldOverflowError
        | pg.CharacterNotInRepertoireError
        | pg.UntranslatableCharacterError,
    ) or (isinstance(cause, pg.DataError) and "out of" in str(cause))


_NO_CONNECTION = ConnectionError | TimeoutError | gaierror
"""asyncpg's own and SQLAlchemy's errors need a connection first; while making one, those of the socket come."""


def is_outage(error: Exception) -> bool:
    """Whether it is the database, Valkey or the way to them that failed, and not the request."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout | RedisError | _NO_CONNECTION):
        return True
    if type(error) is OSError and error.errno is None:  # a name of several addresses, none of which answers
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated
        or isinstance(
            _cause(error), pg.PostgresConnectionError | pg.CannotConnectNowError | pg.AdminShutdownError
        )
    )


HANDLERS: dict[Any, Any] = {
    Refused: _refused,
    TooMany: _too_many,
    Invalid: _invalid,
    ModuleOff: _module_off,
    NotFound: _not_found,
    Forbidden: _forbidden,
    CrossSite: _cross_site,
    SignInNeeded: _sign_in_needed,
    ProofNeeded: _proof_needed,
    FactorNeeded: _factor_needed,
    NotFromHere: _not_from_here,
    Replayed: _replayed,
    HTTPException: _http,
    Exception: _unexpected,
}
