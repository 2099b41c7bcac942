"""A person's notifications as JSON."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from app.core.limits import limited
from app.core.visit import begin, needs
from app.domains import customers
from app.domains.notifications import reading, writing_to
from app.domains.notifications.models import Notification
from app.domains.notifications.writing_to import MESSAGES, Message

AnyRequest = Request[Any, Any, Any]
READS = needs("read:own_profile")
MARKS = needs("update:own_profile")
SENDS = needs("update:customers", "messages") | limited(MESSAGES)


class NotificationOut(msgspec.Struct):
    id: UUID
    type: str
    title: str
    message: str
    url: str
    data: dict[str, Any]
    related_id: UUID | None
    is_read: bool
    sent_at: datetime


class ListOut(msgspec.Struct):
    unread: int
    notifications: list[NotificationOut]


def _out(one: Notification) -> NotificationOut:
    return NotificationOut(
        id=one.id,
        type=one.type,
        title=one.title,
        message=one.message,
        url=one.url,
        data=one.data,
        related_id=one.related_id,
        is_read=one.is_read,
        sent_at=one.created_at,
    )


@get("/notifications", opt=READS)
async def list_notifications(
    request: AnyRequest,
    before: FromQuery[UUID | None] = None,
    unread: FromQuery[bool] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = reading.PAGE,
) -> ListOut:
    """Newest first; `before` is the id of the last one already seen."""
    async with begin(request) as (db, me):
        found = await reading.mine(db, me, before=before, unread_only=unread, limit=limit)
        return ListOut(await reading.unread(db, me), [_out(one) for one in found])


@put("/notifications/{notification_id:uuid}/read", opt=MARKS)
async def mark_read(request: AnyRequest, notification_id: FromPath[UUID]) -> NotificationOut:
    async with begin(request) as (db, me):
        found = await reading.find(db, me, notification_id)
        return _out(await reading.mark_read(db, found, by=me))


@put("/notifications/read", opt=MARKS, status_code=204)
async def mark_all_read(request: AnyRequest) -> None:
    async with begin(request) as (db, me):
        await reading.mark_all_read(db, by=me)


class MessageIn(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to tell a customer of the shop."""

    customer_id: UUID


class MessageOut(msgspec.Struct):
    id: UUID


@post("/notifications/send", opt=SENDS, status_code=202)
async def send(request: AnyRequest, data: JSONBody[MessageIn]) -> MessageOut:
    """A line in the customer's list and a mail, in a moment."""
    async with begin(request) as (db, me):
        customer = await customers.find(db, me, data.customer_id)
        return MessageOut(await writing_to.write_to(db, customer, data, by=me))


router = Router(
    "/", tags=["Notifications"], route_handlers=[list_notifications, mark_read, mark_all_read, send]
)
