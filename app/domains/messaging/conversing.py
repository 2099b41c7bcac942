"""Writing to the other side of a conversation, and reading what they wrote."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.files import Kept, keep
from app.core.legible import LARGEST
from app.core.limits import Limit
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.messaging.events import ChatMessageSent, ChatRead, ThreadEvent
from app.domains.messaging.models import Message, Side, Thread
from app.domains.messaging.sides import NAMELESS, Subject, side_of, visible_to

PAGE: Final = 30
MOST: Final = 300
"""Messages shown at once, however far back one has gone."""
LONGEST: Final = 4000
MESSAGES: Final = Limit("chat message", times=40, within=timedelta(minutes=10), per="person")

_SPACE = UUID("7d0c7f0e-52d5-4c58-9d0c-0a8a5d3b6f11")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as a page shows it."""

    message: Message
    file: File | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A stretch of a conversation as one side sees it; perhaps nothing has been said yet."""

    subject: Subject
    side: Side
    said: Sequence[Said] = ()
    """Oldest first."""
    seen: int = 0
    """The number of the last message that the other side has read."""
    is_past: bool = False
    """It ends before the last message."""

    @property
    def thread_id(self) -> UUID:
        return id_of(self.subject)

    @property
    def page(self) -> str:
        """The page of the subject."""
        return self.subject.business_url if self.side == "business" else self.subject.other_url

    @property
    def url(self) -> str:
        """Where it is read and written."""
        return f"{self.page}/messages"

    @property
    def other_party(self) -> str:
        return self.subject.other_name if self.side == "business" else self.subject.business_name

    @property
    def first(self) -> int:
        return self.said[0].message.number if self.said else 1

    @property
    def last(self) -> int:
        return self.said[-1].message.number if self.said else 0

    @property
    def last_seen_own(self) -> int:
        """The last of one's own messages that the other side has read, of those shown; 0 when there is none."""
        own = (one.message.number for one in self.said if one.message.side == self.side)
        return max((number for number in own if number <= self.seen), default=0)


def id_of(subject: Subject) -> UUID:
    """The conversation's id, also before it is begun: pages listen for its first message."""
    other = subject.user_id or subject.buyer_tenant_id
    return uuid5(_SPACE, f"{subject.kind}:{subject.id}:{subject.tenant_id}:{other}")


async def open_thread(db: AsyncSession, subject: Subject, *, by: Viewer) -> Thread:
    """The conversation about a subject, begun if there is none. Raises NotFound for whoever is on neither side, and
    ModuleOff where the business writes no messages."""
    side_of(subject, by)
    await modules.require(db, subject.tenant_id, "messages")
    await db.execute(
        insert(Thread)
        .values(
            id=id_of(subject), tenant_id=subject.tenant_id, center_id=subject.center_id, user_id=subject.user_id,
            buyer_tenant_id=subject.buyer_tenant_id, buyer_center_id=subject.buyer_center_id,
            subject_kind=subject.kind, subject_id=subject.id,
            title=subject.title, business_url=subject.business_url, other_url=subject.other_url,
            business_last=0, other_last=0, business_read=0, other_read=0, other_told=0, created_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    return await db.get_one(Thread, id_of(subject))


async def find(db: AsyncSession, me: Viewer, thread_id: UUID) -> Thread:
    """A conversation the viewer takes part in. Raises NotFound, and ModuleOff."""
    thread = await db.scalar(select(Thread).where(Thread.id == thread_id, visible_to(me)))
    if thread is None:
        raise NotFound
    await modules.require(db, thread.tenant_id, "messages")
    return thread


async def mine(db: AsyncSession, me: Viewer, *, limit: int = PAGE) -> Sequence[Thread]:
    """The conversations the viewer takes part in, the last one first."""
    begun = Thread.last_message_at.is_not(None)
    query = select(Thread).where(visible_to(me), begun).order_by(Thread.last_message_at.desc(), Thread.id)
    return (await db.scalars(query.limit(limit))).all()


async def unread_for(db: AsyncSession, me: Viewer) -> dict[UUID, int]:
    """How many messages wait for the viewer, by conversation. At a business one reads for all."""
    mine = Thread.user_id == me.user_id if me.user_id else Thread.buyer_tenant_id == me.tenant_id
    others = or_(mine, Thread.buyer_tenant_id == me.tenant_id) if me.tenant_id else mine
    waits: ColumnElement[bool] = or_(
        and_(others, Message.side == "business", Message.number > Thread.other_read),
        and_(~func.coalesce(others, False), Message.side == "other", Message.number > Thread.business_read),
    )
    found = await db.execute(
        select(Thread.id, func.count())
        .join(Message, (Message.tenant_id == Thread.tenant_id) & (Message.thread_id == Thread.id))
        .where(visible_to(me), waits)
        .group_by(Thread.id)
    )
    return {row[0]: row[1] for row in found}


async def write(
    db: AsyncSession, thread: Thread, text: str, *, attachment: Kept | None = None, by: Viewer
) -> Message:
    """Write to the other side. Raises Invalid for `text`, and NotFound for whoever is on neither side."""
    side = side_of(thread, by)
    text = legible(text)
    if not text and attachment is None:
        raise Invalid({"text": _("Write something, or choose a photo.")})
    if len(text) > LONGEST:
        raise Invalid({"text": _("Please keep this under %(count)s characters.", count=LONGEST + 1)})
    # One at a time: numbers follow one another, and nobody reads past a message that is still being written.
    await db.refresh(thread, with_for_update=True)
    number = thread.last_number + 1
    file = None
    if attachment is not None:
        keeper = keeper_of(thread, side)
        file = await keep(db, attachment, by=by, tenant=keeper, owner=thread.user_id)
    message = Message(
        tenant_id=thread.tenant_id, thread_id=thread.id, number=number, side=side, sender_id=by.user_id,
        sender_name=_signed(thread, side, by), kind=_kind_of(file), text=text, file_id=file.id if file else None,
    )  # fmt: skip
    db.add(message)
    thread.last_message_at = clock.now()
    if side == "business":
        thread.business_last = number
    else:
        thread.other_last = number
    await db.flush()
    await _tell(db, ChatMessageSent, thread, side, number, by=by)
    return message


def _signed(thread: Thread, side: Side, by: Viewer) -> str:
    return "" if side == "other" and thread.subject_kind in NAMELESS else by.name


def legible(text: str) -> str:
    """Without what nobody can read: control characters, blank ends, long runs of empty lines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    plain = "".join(one for one in plain if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs"))
    while "\n\n\n\n" in plain:
        plain = plain.replace("\n\n\n\n", "\n\n\n")
    return plain.strip()


def _kind_of(file: File | None) -> str:
    return "text" if file is None else "image" if file.kind == "image" else "file"


def keeper_of(between: Subject | Thread, side: Side) -> UUID:
    """Whose a file becomes that a side sends: the business's, and its driver's too; between two businesses the sender's,
    and the other one sees it with the message."""
    return (between.buyer_tenant_id if side == "other" else None) or between.tenant_id


async def read_up_to(db: AsyncSession, thread: Thread, number: int, *, by: Viewer) -> None:
    """Note that the viewer's side has read up to a message. What was read stays read. Raises NotFound."""
    side = side_of(thread, by)
    mark = Thread.business_read if side == "business" else Thread.other_read
    number = min(number, thread.last_number)
    waited = thread.waits_for(side)
    moved = await db.scalar(
        update(Thread)
        .where(Thread.id == thread.id, mark < number)
        .values({mark: number})
        .returning(Thread.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        return
    await db.refresh(thread)
    if waited:  # one's own last message read is no news to anybody
        await _tell(db, ChatRead, thread, side, number, by=by)


async def look(
    db: AsyncSession,
    subject: Subject,
    *,
    by: Viewer,
    before: int | None = None,
    since: int | None = None,
) -> Conversation:
    """The last messages about a subject, those from `since` on, or those before `before`; what is shown at the end of
    it counts as read. Raises NotFound for whoever is on neither side, and ModuleOff."""
    side = side_of(subject, by)
    await modules.require(db, subject.tenant_id, "messages")
    thread = await db.get(Thread, id_of(subject))
    if thread is None:
        return Conversation(subject, side)
    said = await messages_of(db, thread, before=before, since=since)
    seen = thread.read_by("other" if side == "business" else "business")
    shown = Conversation(subject, side, said, seen, is_past=before is not None)
    if not shown.is_past:
        await read_up_to(db, thread, shown.last, by=by)
    return shown


async def beside(db: AsyncSession, subject: Subject, *, by: Viewer) -> Conversation | None:
    """As `look`, for a page that shows it beside other things; None where the business writes no messages."""
    return await look(db, subject, by=by) if await modules.is_on(db, subject.tenant_id, "messages") else None


async def messages_of(
    db: AsyncSession,
    thread: Thread,
    *,
    before: int | None = None,
    since: int | None = None,
    limit: int = PAGE,
) -> Sequence[Said]:
    """Messages with their files, oldest first: the last `limit`, of those before a number if one is given; with `since`
    all from that one on, up to `MOST`."""
    query = (
        select(Message, File)
        .outerjoin(File, File.id == Message.file_id)
        .where(Message.tenant_id == thread.tenant_id, Message.thread_id == thread.id)
        .order_by(Message.number.desc())
    )
    if before is not None:
        query = query.where(Message.number < min(before, LARGEST))
    elif since is not None:
        query, limit = query.where(Message.number >= min(since, LARGEST)), MOST
    rows = (await db.execute(query.limit(limit))).all()
    return [Said(message, file) for message, file in reversed(rows)]


async def _tell(
    db: AsyncSession, kind: type[ThreadEvent], thread: Thread, side: Side, number: int, *, by: Viewer
) -> None:
    """Into the log of the side that did it: of two businesses neither writes into the other's."""
    event = kind(thread_id=thread.id, tenant_id=thread.tenant_id, side=side, number=number)
    if thread.user_id and not _signed(thread, side, by):
        by = replace(by, name="", user_id=None, ip="", user_agent="")
    await record(
        db,
        event,
        by=by,
        tenant=keeper_of(thread, side),
        person=thread.user_id,
        subject=thread.subject_id,
    )
