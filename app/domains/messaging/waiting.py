"""What a driver has not read when it has been quiet for a while: noted once, so that a mail can say so."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.events import record
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.messaging.events import ChatLeftUnread
from app.domains.messaging.models import Thread

QUIET = timedelta(minutes=30)
GIVE_UP = timedelta(days=3)
"""What lay unread longer, because no worker ran, is no news any more."""


@cron("*/5 * * * *")
async def look_for_unread() -> None:
    """Find the conversations in which nothing was written for half an hour and something waits for the driver."""
    now = clock.now()
    async with transaction() as db:
        found = await db.execute(
            text("SELECT thread_id, tenant_id FROM threads_left_unread(:since, :until)"),
            {"since": now - GIVE_UP, "until": now - QUIET},
        )
        waiting = found.all()
    await for_each(waiting, lambda one: leave_unread(one.thread_id, tenant=one.tenant_id))


async def leave_unread(thread_id: UUID, *, tenant: UUID) -> bool:
    """Note that something waits, if it does and this was not noted; True when this call did it. The mark and the event
    stand in one transaction: a worker that dies leaves both or neither."""
    async with transaction(tenant=tenant) as db:
        # Two workers at once: the second finds the row locked, or the mark set.
        thread = await db.scalar(
            select(Thread).where(Thread.id == thread_id).with_for_update(skip_locked=True)
        )
        if (
            thread is None
            or thread.last_message_at is None
            or thread.last_message_at > clock.now() - QUIET
            or thread.business_last <= max(thread.other_read, thread.other_told)
        ):
            return False
        thread.other_told = thread.business_last
        event = ChatLeftUnread(
            thread_id=thread.id, tenant_id=tenant, side="business", number=thread.business_last
        )
        by = Viewer.system(tenant)
        await record(db, event, by=by, person=thread.user_id, subject=thread.subject_id)
        return True
