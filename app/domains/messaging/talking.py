"""The two addresses every conversation has, whatever it is about: a domain says how its subject is found, and its routes
are a line each.

    @get("/appointments/{appointment_id:uuid}/messages", opt=needs("chat:appointment"))
    async def conversation(request, appointment_id, before=None, since=None):
        return await messaging.show(request, _of(appointment_id), before=before, since=since)

    @post("/appointments/{appointment_id:uuid}/messages", opt=needs("chat:appointment") | limited(messaging.MESSAGES))
    async def send(request, appointment_id):
        return await messaging.take(request, _of(appointment_id))
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import images
from app.core.errors import Invalid
from app.core.files import Kept, kept_or_gone, receive_document, receive_images
from app.core.forms import read, values_of
from app.core.render import lost_files, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, glance
from app.core.words import _
from app.domains.messaging.conversing import keeper_of, look, open_thread, write
from app.domains.messaging.live import thread_topic
from app.domains.messaging.sides import Subject, side_of
from app.domains.network.branding import brand_of

AnyRequest: TypeAlias = Request[Any, Any, Any]
Find: TypeAlias = Callable[[AsyncSession, Viewer], Awaitable[Subject]]
"""Finds what a conversation is about, for somebody who may see it. Raises NotFound."""

DOCUMENTS = (b"%PDF-", b"\xd0\xcf\x11\xe0", b"PK\x03\x04")
"""What PDF, DOC and DOCX begin with; `uploads` looks closer."""


class MessageForm(msgspec.Struct):
    """The fields of messaging/_thread.html."""

    text: str = ""
    attachment: UploadFile | None = None
    since: int | None = None


async def show(
    request: AnyRequest,
    find: Find,
    *,
    before: int | None = None,
    since: int | None = None,
    wrong: Invalid | None = None,
) -> Response[Any]:
    """A page of its own for the conversation; after a message that was refused, with what was typed."""
    async with begin(request) as (db, me):
        subject = await find(db, me)
        talk = await look(db, subject, by=me, before=before, since=since)
        return page(
            request,
            me,
            "messaging/conversation.html",
            status=422 if wrong else 200,
            talk=talk,
            typed=values_of(await request.form()) if wrong else {},
            errors=(await lost_files(request, "attachment") | wrong.errors) if wrong else {},
            topics=[thread_topic(talk.thread_id)],
            shop_brand=await brand_of(db, subject.tenant_id) if me.user_id == subject.user_id else None,
        )


async def take(request: AnyRequest, find: Find) -> Response[Any]:
    """Take a message from the form. Sent twice it is written once, as every form of the house."""
    try:
        form = read(MessageForm, await request.form())
        sender, tenant, kept = await _receive(request, find, form.attachment)
        async with kept_or_gone(kept, by=sender, tenant=tenant), begin(request) as (db, me):
            subject = await find(db, me)
            thread = await open_thread(db, subject, by=me)
            await write(db, thread, form.text, attachment=kept[0] if kept else None, by=me)
            here = subject.business_url if side_of(subject, me) == "business" else subject.other_url
            since = f"?since={form.since}" if form.since else ""
            return see_other(request, f"{here}/messages{since}")
    except Invalid as wrong:
        return await show(request, find, wrong=wrong)


async def _receive(
    request: AnyRequest, find: Find, sent: UploadFile | None
) -> tuple[Viewer, UUID | None, list[Kept]]:
    if sent is None:
        return Viewer(), None, []
    async with glance(request) as (db, me):
        subject = await find(db, me)
        tenant = keeper_of(subject, side_of(subject, me))
    return me, tenant, [await receive_attachment(sent, by=me, tenant=tenant)]


async def receive_attachment(sent: UploadFile, *, by: Viewer, tenant: UUID) -> Kept:
    """A photo or a document, by its content, in the storage. Raises Invalid for `attachment`."""
    head = await sent.read(16)
    await sent.seek(0)
    if images.recognise(head):
        return (await receive_images([sent], by=by, tenant=tenant, field="attachment"))[0]
    if head and not head.startswith(DOCUMENTS):
        name = sent.filename[:60]
        words = _("“%(name)s” is neither a photo (JPEG, PNG, WebP) nor a PDF, DOC or DOCX.", name=name)
        raise Invalid({"attachment": words})
    return await receive_document(sent, by=by, tenant=tenant, field="attachment")
