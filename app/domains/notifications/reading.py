"""A person's list: newest first, read one by one or all at once."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.notifications.events import NotificationsRead
from app.domains.notifications.models import Notification

PAGE = 30


async def mine(
    db: AsyncSession, me: Viewer, *, before: UUID | None = None, unread_only: bool = False, limit: int = PAGE
) -> Sequence[Notification]:
    """The viewer's notifications, newest first, from the one after `before` on."""
    query = select(Notification).where(Notification.user_id == me.user_id)
    if before:
        query = query.where(Notification.id < before)
    if unread_only:
        query = query.where(Notification.is_read.is_(False))
    return (await db.scalars(query.order_by(Notification.id.desc()).limit(limit))).all()


async def unread(db: AsyncSession, me: Viewer) -> int:
    """How many the viewer has not read."""
    count = (
        select(func.count())
        .select_from(Notification)
        .where(Notification.user_id == me.user_id, Notification.is_read.is_(False))
    )
    return await db.scalar(count) or 0


async def find(db: AsyncSession, me: Viewer, notification_id: UUID) -> Notification:
    """One of the viewer's own. Raises NotFound."""
    found = await db.scalar(
        select(Notification).where(Notification.id == notification_id, Notification.user_id == me.user_id)
    )
    if found is None:
        raise NotFound
    return found


async def mark_read(db: AsyncSession, notification: Notification, *, by: Viewer) -> Notification:
    """Read one; reading again changes nothing."""
    if not notification.is_read:
        notification.is_read = True
        await db.flush()
        await _tell(db, by)
    return notification


async def mark_all_read(db: AsyncSession, *, by: Viewer) -> None:
    """Read everything there is."""
    changed = await db.scalars(
        update(Notification)
        .where(Notification.user_id == by.user_id, Notification.is_read.is_(False))
        .values(is_read=True)
        .returning(Notification.id)
    )
    if changed.all():
        await _tell(db, by)


async def _tell(db: AsyncSession, by: Viewer) -> None:
    if by.user_id:
        event = NotificationsRead(user_id=by.user_id)
        await record(db, event, by=by, person=by.user_id, subject=by.user_id)
