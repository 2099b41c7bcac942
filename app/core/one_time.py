"""A form or a call that is sent twice is carried out once: the second gets the first one's answer.

Its one-time key is claimed in the transaction that does the work. A page's answer is a status and an address, kept with
the key. A JSON answer is only made after the commit, so it is kept then; whoever asks in between waits a moment for it.
"""

import asyncio
import hmac
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import UploadFile
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import words
from app.core.db import transaction
from app.core.errors import Refused, Replayed
from app.core.sealing import seal, unseal
from app.core.security import FORMS, SAFE_METHODS, binding_of, hash_token, masked
from app.core.tables import IdempotencyKey
from app.core.viewer import Viewer
from app.settings import settings

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

REPEATABLE = {"repeatable": True}
"""Route option: a POST that stores nothing (a sum while typing). Its form's one-time key is left for the
POST that does."""

LONGEST = 200
"""Characters of a key that count."""

LARGEST = 100_000
"""Bytes of a JSON answer worth keeping."""

_SEALED_FOR = "answer"
_OURS = frozenset({"idempotency_key", "csrf_token"})

Key = tuple[str, str]
"""The key and its owner."""

_carried_out: ContextVar[Key | None] = ContextVar("carried_out", default=None)


async def key_of(request: AnyRequest) -> str:
    """The key a form or a call was sent with, "" when it has none or needs none."""
    _carried_out.set(None)
    if request.method in SAFE_METHODS or request.route_handler.opt.get("repeatable"):
        return ""
    if header := request.headers.get("idempotency-key"):
        return header.replace("\x00", "")[:LONGEST]
    if request.headers.get("content-type", "").startswith(FORMS):
        return str((await request.form()).get("idempotency_key", "")).replace("\x00", "")[:LONGEST]
    return ""


async def claim(db: AsyncSession, request: AnyRequest, me: Viewer, key: str) -> None:
    """Take the key, waiting for a twin that is still at work. Raises Replayed when it has been answered, and Refused
    when it was used for something else."""
    owner = _owner(request, me)
    if owner is None:
        return
    route, content = masked(request.url.path), await _fingerprint(request)
    taken = await db.scalar(
        insert(IdempotencyKey)
        .values(key=key, owner=owner, route=route, content=content)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if taken:
        return
    known = await db.get_one(IdempotencyKey, (key, owner))
    if known.route != route or known.status is None or known.content not in (None, content):
        raise Refused(
            words._("This form was already sent for something else. Please reload the page and try again.")
        )
    raise Replayed(known.status, known.location, await _answer_to(db, known))


async def settle(db: AsyncSession, request: AnyRequest, me: Viewer, key: str) -> None:
    """Keep what the request was answered with, in its own transaction. A refusal leaves the key free."""
    owner = _owner(request, me)
    if owner is None:
        return
    outcome: tuple[int, str | None] | None = getattr(request.state, "outcome", None)
    is_call = request.url.path.startswith("/api/")
    if outcome is None and is_call:
        outcome = (200, None)
    mine = (IdempotencyKey.key == key, IdempotencyKey.owner == owner)
    if outcome is None or outcome[0] >= 400:
        await db.execute(delete(IdempotencyKey).where(*mine))
        return
    await db.execute(update(IdempotencyKey).where(*mine).values(status=outcome[0], location=outcome[1]))
    if is_call:
        _carried_out.set((key, owner))


async def keep_answer(response: Response[Any]) -> Response[Any]:
    """After a call with a key: keep its JSON, sealed, for whoever sends it again."""
    mine = _carried_out.get()
    if mine is None:
        return response
    _carried_out.set(None)
    answer = "" if response.content is None else msgspec.json.encode(response.content).decode()
    if len(answer) <= LARGEST:
        keep = (
            update(IdempotencyKey)
            .where(IdempotencyKey.key == mine[0], IdempotencyKey.owner == mine[1])
            .values(status=response.status_code, answer=seal(_SEALED_FOR, answer))
        )
        try:
            async with transaction() as db:
                await db.execute(keep)
        except (SQLAlchemyError, OSError) as error:  # it is done and answered; only a twin would miss it
            log.warning("one_time.not_kept", error=type(error).__name__)
    return response


async def _answer_to(db: AsyncSession, known: IdempotencyKey) -> str | None:
    """The JSON that was answered; None for a page, and when it was never kept."""
    if not known.route.startswith("/api/"):
        return None
    query = select(IdempotencyKey.answer).where(
        IdempotencyKey.key == known.key, IdempotencyKey.owner == known.owner
    )
    for _moment in range(20):
        if sealed := await db.scalar(query):
            try:
                return unseal(_SEALED_FOR, sealed)
            except ValueError:  # its key is no longer ours
                return None
        await asyncio.sleep(0.05)
    return None


def _owner(request: AnyRequest, me: Viewer) -> str | None:
    """Whose key it is; None for a caller that nothing tells from others, whose keys mean nothing."""
    if me.user_id:
        return _named("user", me.user_id)
    if me.kind == "program" and me.token_id:
        return _named("token", me.token_id)
    browser = binding_of(request)
    return f"visitor:{hash_token(browser).hex()[:32]}" if browser else None


def _named(kind: str, who: UUID) -> str:
    return f"{kind}:{who}"


async def _fingerprint(request: AnyRequest) -> bytes:
    """What was sent, so that a key used for something else is seen. Of a form its fields and the names of its files:
    a browser puts other marks between the parts each time."""
    if not request.headers.get("content-type", "").startswith(FORMS):
        return _print(await request.body())
    fields = [
        (name, value.filename if isinstance(value, UploadFile) else str(value))
        for name, value in (await request.form()).multi_items()
        if name not in _OURS
    ]
    return _print(msgspec.json.encode(sorted(fields)))


def _print(sent: bytes) -> bytes:
    """With a key of ours: passwords and PINs are among what is sent, and must not be guessed from a copy of it."""
    return hmac.digest(settings().secret_key.encode(), b"what was sent:" + sent, "sha256")
