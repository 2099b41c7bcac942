"""Reading somebody's mails in a test, with the link whose token rests sealed."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from app.core.db import transaction
from app.domains.notifications import outbox
from app.domains.notifications.models import Mail


async def mails_to(address: str) -> Sequence[Mail]:
    """Newest first."""
    async with transaction() as db:
        await outbox._see_all(db)
        query = select(Mail).where(Mail.recipient == address).order_by(Mail.id.desc())
        return (await db.scalars(query)).all()


async def link_to(address: str, path: str) -> str:
    """The newest link below `path` that was mailed there, without the site."""
    for mail in await mails_to(address):
        text = outbox.opened(mail, mail.text)
        if found := re.search(rf"http://testserver({re.escape(path)}\S+)", text):
            return found[1]
    raise AssertionError(f"no mail to {address} leads to {path}")
