"""A paper's person is told before it expires: thirty days before and seven, each once. Not at night, and not in their quiet
hours."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.events import Heard, record
from app.core.queue import cron, for_each
from app.core.render import day
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains import documents
from app.domains.accounts.models import User
from app.domains.documents import Document
from app.domains.documents.events import DocumentExpiring
from app.domains.garage.models import Vehicle
from app.domains.notifications import recipients
from app.domains.notifications.car_reminding import may_be_told_now, standing_there
from app.domains.notifications.telling import Line, list_for, write_mail


@cron("*/15 * * * *")
async def remind_of_papers() -> None:
    """Find the papers that are near their last day, of everybody."""
    async with transaction() as db:
        # A day to both sides, for somewhere it is tomorrow; each is looked at again on its person's own clock.
        rows = await db.execute(
            text("SELECT document_id, user_id FROM documents_expiring(:today)"), {"today": clock.now().date()}
        )
        found = rows.all()
    await for_each(found, lambda one: raise_expiry(one.document_id, person=one.user_id))


async def raise_expiry(document_id: UUID, *, person: UUID) -> bool:
    """Record that a paper expires soon, if it does and was not said; True when this call did it. The mark and the event
    stand in one transaction: a worker that dies leaves both or neither."""
    async with transaction(user=person) as db:
        document = await db.scalar(select(Document).where(Document.id == document_id))
        zone = await db.scalar(select(User.zone).where(User.id == person)) or "UTC"
        if document is None or not await may_be_told_now(db, person, zone):
            return False
        if document.vehicle_id and await standing_there(db, document.vehicle_id, person) is None:
            return False
        level, expires_on = document.to_tell(clock.today(zone)), document.expires_on
        if level <= document.told or expires_on is None:
            return False
        marked = await db.scalar(
            text("SELECT mark_document_told(:document, :said, CAST(:level AS smallint))"),
            {"document": document_id, "said": expires_on, "level": level},
        )
        if not marked:  # another worker was quicker, or it has just been changed
            return False
        event = DocumentExpiring(
            document_id=document_id, vehicle_id=document.vehicle_id, kind=document.kind, expires_on=expires_on
        )
        await record(db, event, by=Viewer.system(None), person=person, subject=document_id)
        return True


async def tell_document(db: AsyncSession, heard: Heard[DocumentExpiring]) -> None:
    """Reaction: its person is told, unless it was renewed, removed or corrected meanwhile."""
    event = heard.event
    if heard.user_id is None:
        return
    to = await recipients.person(db, heard.user_id, tenant_id=None)
    document = await db.get(Document, event.document_id)
    if to is None or document is None or document.expires_on != event.expires_on:
        return
    if document.removed_at is not None or document.replaced_by_id is not None:
        return
    car = await db.get(Vehicle, document.vehicle_id) if document.vehicle_id else None
    zone = ZoneInfo(await db.scalar(select(User.zone).where(User.id == heard.user_id)) or "UTC")
    over = datetime.combine(event.expires_on + timedelta(days=1), time(), zone)
    url = f"/documents/{document.id}"
    with speaking(to.locale):
        what, last = documents.document_title(document), day(event.expires_on)
        title = _("%(what)s expires on %(day)s", what=what, day=last)
        line = Line("maintenance", title, car.name if car else "", url, document.id, useful_until=over)
    await list_for(db, heard, heard.user_id, line, tenant_id=None)
    await write_mail(
        db, heard, to, "document_expires", what=what, title=title, car=car.name if car else "", last=last,
        issuer=document.issuer, url=url,
    )  # fmt: skip
