"""A form that was refused until its sender shows again that it is they: what was typed waits in their browser, sealed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from app.core import clock
from app.core.sealing import seal, unseal
from app.settings import settings

LIFE = timedelta(minutes=10)
LONGEST = 3600
"""Characters of a cookie that every browser keeps, with its name and attributes."""

_SEALED_FOR = "set aside"
_OURS = frozenset({"csrf_token", "idempotency_key"})


class SetAside(msgspec.Struct):
    """A form as it was sent."""

    user_id: UUID
    action: str
    fields: list[tuple[str, str]]
    until: float


def set_aside_cookie() -> str:
    """The cookie's name; over TLS it is bound to this very host."""
    return "__Host-set-aside" if settings().secure else "set-aside"


async def sealed_form(request: Request[Any, Any, Any], user_id: UUID | None) -> str:
    """What was sent, sealed for the cookie; "" when there is no form, or one that is not to be kept: with a password
    or a file in it, or too long for a cookie."""
    if user_id is None or request.method != "POST" or request.url.path.startswith("/api/"):
        return ""
    sent = list((await request.form()).multi_items())
    if any("password" in name or not isinstance(value, str) for name, value in sent):
        return ""
    fields = [(name, value) for name, value in sent if name not in _OURS]
    form = SetAside(user_id, request.url.path, fields, (clock.now() + LIFE).timestamp())
    sealed = seal(_SEALED_FOR, msgspec.json.encode(form).decode()).hex()
    return sealed if fields and len(sealed) <= LONGEST else ""


def waiting(request: Request[Any, Any, Any], user_id: UUID | None) -> SetAside | None:
    """The form that waits in this browser for this person, if it is not too old."""
    try:
        sealed = bytes.fromhex(request.cookies.get(set_aside_cookie(), ""))
        form = msgspec.json.decode(unseal(_SEALED_FOR, sealed), type=SetAside)
    except (ValueError, msgspec.DecodeError):
        return None
    return form if form.user_id == user_id and form.until > clock.now().timestamp() else None


def cookie(sealed: str) -> Cookie:
    """What keeps the form; "" forgets the one of before."""
    seconds = int(LIFE.total_seconds()) if sealed else 0
    return Cookie(
        key=set_aside_cookie(), value=sealed, path="/", httponly=True, samesite="lax", secure=settings().secure, max_age=seconds
    )  # fmt: skip
