"""What somebody and a business wrote to each other is in their copy; it goes when they do. Of a business's people only
that the business wrote it."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.db import act_as, enter_tenant, transaction
from app.core.personal import AtShop, Declared, Emptied, Paper, Records
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.messaging.models import Message, Thread
from app.domains.network.models import ServiceCenter


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "messages", _("What you and a business wrote to each other."), ("threads", "messages"),
            {
                "with": (ServiceCenter.name, _("which business")),
                "about": (Thread.title, _("what it was about")),
                "sent_at": (Message.created_at, _("when it was sent")),
                "side": (Message.side, _("business: it wrote to you; other: you wrote to it")),
                "text": (Message.text, _("what it said")),
                "file_id": (Message.file_id, _("which file in photos/messages was with it")),
            },
            lambda rows: rows.select_from(Message)
            .join(Thread, (Thread.tenant_id == Message.tenant_id) & (Thread.id == Message.thread_id))
            .join(ServiceCenter, ServiceCenter.id == Thread.center_id)
            .where(Thread.user_id == person)
            .order_by(Message.created_at, Message.id),
        ),
    ]  # fmt: skip


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """Photos and documents of both sides."""
    async with transaction(user=person) as db:
        found = await db.execute(
            select(File.id, File.key)
            .join(Message, Message.file_id == File.id)
            .join(Thread, (Thread.tenant_id == Message.tenant_id) & (Thread.id == Message.thread_id))
            .where(Thread.user_id == person)
            .order_by(Message.id)
        )
        rows = found.all()
    for row in rows:
        yield Paper(f"photos/messages/{row.id}.{row.key.rpartition('.')[2]}", key=row.key)


async def erase(db: AsyncSession, person: UUID) -> None:
    """Every conversation of theirs, whoever it was with."""
    tenants = await db.scalars(select(Thread.tenant_id).where(Thread.user_id == person).distinct())
    for tenant in tenants.all():
        await enter_tenant(db, tenant)  # the files are the business's as well, and their bytes go by its log
        await _take_away(db, tenant, Thread.user_id == person)
    await act_as(db, user=person)


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """What the two wrote to each other; the trail holds nothing of it."""
    if who.user_id is not None:
        await _take_away(db, who.tenant_id, Thread.user_id == who.user_id)
    return {}


async def _take_away(db: AsyncSession, tenant: UUID, *which: ColumnElement[bool]) -> None:
    threads = (await db.scalars(select(Thread.id).where(Thread.tenant_id == tenant, *which))).all()
    theirs = (Message.tenant_id == tenant, Message.thread_id.in_(threads))
    sent = await db.scalars(select(File).join(Message, Message.file_id == File.id).where(*theirs))
    attached = sent.all()
    await db.execute(delete(Message).where(*theirs))
    for file in attached:
        await files.forget(db, file, by=Viewer.system(tenant))
    await db.execute(delete(Thread).where(Thread.tenant_id == tenant, Thread.id.in_(threads)))


DECLARED = Declared(records, papers=papers, erase=erase, leave=leave)
