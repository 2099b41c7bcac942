"""Who does not look at a conversation is told that something was written in it: a line in the list, and if that waits as
well, a mail. Neither says what was written: the two sides alone read that."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as
from app.core.events import Heard, record
from app.core.relay import Later
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains.customers.models import Customer
from app.domains.messaging import SPEAKS_FOR, Message, Thread
from app.domains.messaging.events import ChatLeftUnread, ChatMessageSent, ChatRead
from app.domains.network.models import ServiceCenter
from app.domains.notifications import recipients
from app.domains.notifications.events import NotificationsRead
from app.domains.notifications.mail_table import WaitingMessage
from app.domains.notifications.models import Notification
from app.domains.notifications.telling import Line, list_for, write_to_customer

A_MOMENT = timedelta(seconds=5)
"""Whoever has the conversation before them reads within this, and need not be told."""


async def tell_of_message(db: AsyncSession, heard: Heard[ChatMessageSent]) -> None:
    """A line for whoever is to read it, at the first message that waits for them."""
    event = heard.event
    thread = await db.scalar(select(Thread).where(Thread.id == event.thread_id))
    message = await db.scalar(
        select(Message).where(Message.thread_id == event.thread_id, Message.number == event.number)
    )
    if thread is None or message is None:  # taken away with whoever wrote it
        return
    if clock.now() - message.created_at < A_MOMENT:
        raise Later
    to_business = event.side == "other"
    read = thread.read_by("business" if to_business else "other")
    first = select(func.min(Message.number)).where(
        Message.thread_id == thread.id, Message.side == event.side, Message.number > read
    )
    if await db.scalar(first) != event.number:
        return
    if to_business:
        name, url, tenant = message.sender_name, thread.business_url, thread.tenant_id
    else:
        center = await db.get_one(ServiceCenter, thread.center_id)
        name, url, tenant = center.name, thread.other_url, thread.buyer_tenant_id or thread.tenant_id
    for user_id in await _readers(db, thread, to_business=to_business):
        to = await recipients.person(db, user_id, tenant_id=tenant)
        if to is None:
            continue
        with speaking(to.locale):
            title = _("%(name)s has written to you", name=name or _("The buyer"))
        line = Line("message", title, thread.title, f"{url}/messages", thread.id)
        await list_for(db, heard, user_id, line, tenant_id=tenant)


async def _readers(db: AsyncSession, thread: Thread, *, to_business: bool) -> Sequence[UUID]:
    """The accounts of those who read for a side."""
    for_business, for_buyer = SPEAKS_FOR[thread.subject_kind]
    if to_business:
        await act_as(db, tenant=thread.tenant_id)
        return await recipients.holding(
            db, for_business, tenant_id=thread.tenant_id, center_id=thread.center_id
        )
    if thread.buyer_tenant_id:
        await act_as(db, tenant=thread.buyer_tenant_id)
        return await recipients.holding(
            db, for_buyer, tenant_id=thread.buyer_tenant_id, center_id=thread.buyer_center_id
        )
    return [thread.user_id] if thread.user_id else []


async def put_lines_away(db: AsyncSession, heard: Heard[ChatRead]) -> None:
    """What was read in the conversation need not stand in the list as news."""
    thread = await db.scalar(select(Thread).where(Thread.id == heard.event.thread_id))
    if thread is None:
        return
    theirs = Notification.user_id.is_distinct_from(thread.user_id)
    if heard.event.side == "other" and thread.user_id:
        theirs = Notification.user_id == thread.user_id
    read = await db.scalars(
        update(Notification)
        .where(Notification.related_id == thread.id, Notification.is_read.is_(False), theirs)
        .values(is_read=True)
        .returning(Notification.user_id)
    )
    for user_id in sorted(set(read.all())):
        event = NotificationsRead(user_id=user_id)
        await record(db, event, by=Viewer.system(heard.tenant_id), person=user_id, subject=user_id)


async def mail_of_message(db: AsyncSession, heard: Heard[ChatLeftUnread]) -> None:
    """A mail to the driver, unless they have read it meanwhile."""
    thread = await db.scalar(select(Thread).where(Thread.id == heard.event.thread_id))
    if thread is None or thread.user_id is None or thread.other_read >= heard.event.number:
        return
    place = await recipients.place(db, thread.center_id)
    known = select(Customer.id).where(
        Customer.tenant_id == thread.tenant_id, Customer.user_id == thread.user_id
    )
    customer_id = await db.scalar(known)
    if customer_id is not None:
        to = await recipients.customer(db, customer_id, tenant_id=thread.tenant_id)
    else:
        to = await recipients.person(db, thread.user_id, tenant_id=thread.tenant_id)
    if to is not None:
        waiting = WaitingMessage(about=thread.title, url=f"{thread.other_url}/messages")
        await write_to_customer(db, heard, to, "message_waiting", waiting, place=place)
