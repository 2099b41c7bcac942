"""Conversations as JSON. One is begun where its subject is found; here are those that were."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from app.core.errors import Invalid
from app.core.files import file_url, kept_or_gone
from app.core.limits import limited
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.messaging import conversing
from app.domains.messaging.conversing import MESSAGES, PAGE, Said
from app.domains.messaging.models import Side, Thread
from app.domains.messaging.sides import side_of
from app.domains.messaging.talking import receive_attachment

AnyRequest = Request[Any, Any, Any]
READS = needs("chat:appointment")
WRITES = READS | limited(MESSAGES)


class ThreadOut(msgspec.Struct):
    id: UUID
    subject_kind: str
    subject_id: UUID
    title: str
    service_center_id: UUID
    side: Side
    """Which side the caller is on."""
    last_message_at: datetime | None
    last_number: int
    seen: int
    """The number up to which the other side has read."""
    unread: int
    """How many messages wait for the caller's side."""


class MessageOut(msgspec.Struct):
    id: UUID
    number: int
    side: str
    sender_name: str
    message_type: Literal["text", "image", "file"]
    message: str
    file_url: str
    """Good for some twenty minutes."""
    is_read: bool
    sent_at: datetime


class MessageIn(msgspec.Struct, forbid_unknown_fields=True):
    message: Annotated[str, Meta(min_length=1, max_length=conversing.LONGEST)]


class ReadIn(msgspec.Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=1)]
    """Of the last message that was read."""


def out(thread: Thread, me: Viewer, unread: int) -> ThreadOut:
    """A conversation as its caller sees it."""
    side = side_of(thread, me)
    return ThreadOut(
        id=thread.id,
        subject_kind=thread.subject_kind,
        subject_id=thread.subject_id,
        title=thread.title,
        service_center_id=thread.center_id,
        side=side,
        last_message_at=thread.last_message_at,
        last_number=thread.last_number,
        seen=thread.read_by("other" if side == "business" else "business"),
        unread=unread,
    )


def _message(said: Said, thread: Thread) -> MessageOut:
    message = said.message
    kind: Any = message.kind
    return MessageOut(
        id=message.id,
        number=message.number,
        side=message.side,
        sender_name=message.sender_name,
        message_type=kind,
        message=message.text,
        file_url=file_url(said.file) if said.file else "",
        is_read=message.number <= thread.read_by("other" if message.side == "business" else "business"),
        sent_at=message.created_at,
    )


@get("/chat/threads", opt=READS)
async def threads(
    request: AnyRequest, limit: Annotated[int, QueryParameter(ge=1, le=100)] = PAGE
) -> list[ThreadOut]:
    """Those the caller takes part in, the last one first."""
    async with begin(request) as (db, me):
        unread = await conversing.unread_for(db, me)
        return [out(one, me, unread.get(one.id, 0)) for one in await conversing.mine(db, me, limit=limit)]


@get("/chat/threads/{thread_id:uuid}/messages", opt=READS)
async def messages(
    request: AnyRequest,
    thread_id: FromPath[UUID],
    before: FromQuery[int | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = PAGE,
) -> list[MessageOut]:
    """The last ones, oldest first; `before` is the number of the first one already known. Reading is said with
    `PUT …/read`."""
    async with begin(request) as (db, me):
        thread = await conversing.find(db, me, thread_id)
        found = await conversing.messages_of(db, thread, before=before, limit=limit)
        return [_message(one, thread) for one in found]


@post("/chat/threads/{thread_id:uuid}/messages", opt=WRITES, status_code=201)
async def write(request: AnyRequest, thread_id: FromPath[UUID], data: JSONBody[MessageIn]) -> MessageOut:
    async with begin(request) as (db, me):
        thread = await conversing.find(db, me, thread_id)
        message = await conversing.write(db, thread, data.message, by=me)
        return _message(Said(message, None), thread)


@post("/chat/threads/{thread_id:uuid}/attachments", opt=WRITES, status_code=201)
async def attach(request: AnyRequest, thread_id: FromPath[UUID]) -> MessageOut:
    """Multipart: `attachment`, a photo or a document, and `message`, which may be left out."""
    form = await request.form()
    sent = form.get("attachment")
    async with glance(request) as (db, me):
        thread = await conversing.find(db, me, thread_id)
        tenant = conversing.keeper_of(thread, side_of(thread, me))
    kept = [await receive_attachment(sent, by=me, tenant=tenant)] if isinstance(sent, UploadFile) else []
    async with kept_or_gone(kept, by=me, tenant=tenant), begin(request) as (db, me):
        if not kept:
            raise Invalid({"attachment": _("Choose or take a photo first.")})
        thread = await conversing.find(db, me, thread_id)
        words = str(form.get("message", "")).replace("\x00", "")
        message = await conversing.write(db, thread, words, attachment=kept[0], by=me)
        [said] = await conversing.messages_of(db, thread, since=message.number)
        return _message(said, thread)


@put("/chat/threads/{thread_id:uuid}/read", opt=READS)
async def read(request: AnyRequest, thread_id: FromPath[UUID], data: JSONBody[ReadIn]) -> ThreadOut:
    """Everything up to this message was read by the caller's side."""
    async with begin(request) as (db, me):
        thread = await conversing.find(db, me, thread_id)
        await conversing.read_up_to(db, thread, data.number, by=me)
        return out(thread, me, (await conversing.unread_for(db, me)).get(thread.id, 0))


router = Router("/", route_handlers=[threads, messages, write, attach, read], tags=["chat"])
