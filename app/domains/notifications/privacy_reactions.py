"""A person is told when the copy of their data can be fetched or could not be made, and when their account will go."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import render
from app.core.events import Heard
from app.core.words import _, speaking
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for, write_mail
from app.domains.privacy.events import ErasureAsked, ExportFailed, ExportReady

PAGE = "/settings/your-data"


async def tell_copy(db: AsyncSession, heard: Heard[ExportReady] | Heard[ExportFailed]) -> None:
    """A line and a mail. The mail leads to the page and holds no link to the copy: that asks who is there."""
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None or to.user_id is None:
        return
    is_ready = isinstance(heard.event, ExportReady)
    with speaking(to.locale):
        title = (
            _("The copy of your data is ready") if is_ready else _("The copy of your data could not be made")
        )
    line = Line("system", title, url=PAGE, related_id=heard.event.export_id)
    await list_for(db, heard, to.user_id, line, tenant_id=None)
    await write_mail(db, heard, to, "copy_of_data", is_ready=is_ready, page=PAGE)


async def tell_erasure(db: AsyncSession, heard: Heard[ErasureAsked]) -> None:
    """By mail at once: it may be somebody else who sits at their device."""
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None:
        return
    with speaking(to.locale):
        what = _(
            "Your account will be erased on %(day)s. Until then you can keep it: sign in, and you are asked.",
            day=render.day(heard.event.erase_at, "UTC"),
        )
    await write_mail(db, heard, to, "account_changed", what=what)
