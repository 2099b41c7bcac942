"""Every mail there is, whoever it is to: for the demo's /dev/mail alone, where nobody's mail is real."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.domains.notifications.models import Mail
from app.domains.notifications.sending import opened

__all__ = ["find", "newest", "opened"]


async def newest(db: AsyncSession, *, before: UUID | None = None, limit: int = 50) -> Sequence[Mail]:
    """The mails of everybody, newest first."""
    await _see_all(db)
    query = select(Mail).order_by(Mail.id.desc()).limit(limit)
    return (await db.scalars(query.where(Mail.id < before) if before else query)).all()


async def find(db: AsyncSession, mail_id: UUID) -> Mail:
    """One mail of anybody. Raises NotFound."""
    await _see_all(db)
    mail = await db.get(Mail, mail_id)
    if mail is None:
        raise NotFound
    return mail


async def _see_all(db: AsyncSession) -> None:
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
