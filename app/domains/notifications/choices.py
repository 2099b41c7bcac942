"""What a person wants to be told of, on their devices and by mail. Their list holds all of it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.notifications.models import Mute
from app.domains.notifications.push_topics import MAIL_TOPICS, TOPICS

CHANNELS = {"push": frozenset(TOPICS), "mail": frozenset(MAIL_TOPICS)}


async def muted(db: AsyncSession, user_id: UUID | None, channel: str) -> set[str]:
    """The topics a person is not told of in this way."""
    return set(await db.scalars(select(Mute.topic).where(Mute.user_id == user_id, Mute.channel == channel)))


async def choose(db: AsyncSession, channel: str, wanted: Collection[str], *, by: Viewer) -> None:
    """Tell the viewer of these topics and no others in this way. Raises Refused for one there is not."""
    topics = CHANNELS[channel]
    if not topics.issuperset(wanted) or by.user_id is None:
        raise Refused(_("Please choose one of the options."), status=422)
    mine = (Mute.user_id == by.user_id, Mute.channel == channel)
    await db.execute(delete(Mute).where(*mine, Mute.topic.in_(wanted)))
    for topic in sorted(topics - set(wanted)):
        values = {
            "id": new_id(),
            "created_at": clock.now(),
            "user_id": by.user_id,
            "channel": channel,
            "topic": topic,
        }
        await db.execute(insert(Mute).values(**values).on_conflict_do_nothing())
