"""The log of what people agreed to."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.events import Heard
from app.core.viewer import Viewer
from app.domains.accounts.events import SignedUp
from app.domains.privacy.models import Consent

PRIVACY_NOTICE = "privacy_notice"


async def note_agreement(db: AsyncSession, heard: Heard[SignedUp]) -> None:
    """Reaction: whoever made an account agreed to the notice their page named. An event notes it once."""
    if not heard.event.notice:
        return
    await db.execute(
        insert(Consent)
        .values(
            id=new_id(), created_at=clock.now(), user_id=heard.event.user_id, event_id=heard.id,
            kind=PRIVACY_NOTICE, version=heard.event.notice, is_given=True,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


async def of_person(db: AsyncSession, me: Viewer) -> Sequence[Consent]:
    """Everything the viewer agreed to or took back, the newest first."""
    query = select(Consent).where(Consent.user_id == me.user_id).order_by(Consent.id.desc())
    return (await db.scalars(query)).all()
