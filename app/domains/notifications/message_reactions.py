"""What the shop wrote, brought to its customer."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for, write_mail
from app.domains.notifications.writing_to import MessageWritten, read_again


async def tell_message(db: AsyncSession, heard: Heard[MessageWritten]) -> None:
    event = heard.event
    place = await recipients.place(db, event.center_id)
    to = await recipients.customer(db, event.customer_id, tenant_id=place.tenant_id)
    written = await read_again(db, event, tenant_id=place.tenant_id)
    if to is None or written is None:
        return
    if to.user_id:
        words = f"{place.center.name}: {written.message}"[:400]
        line = Line("message", written.title, words, related_id=event.customer_id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    await write_mail(
        db,
        heard,
        to,
        "message",
        place=place,
        title=written.title,
        message=written.message,
        who=heard.actor_name,
    )
