"""What happens in a conversation. Events name it and hold nothing of what was written: the log is kept for ever, and is
read by more people than the two sides."""

from uuid import UUID

from app.core.events import Event


class ThreadEvent(Event, frozen=True, kw_only=True):
    thread_id: UUID
    tenant_id: UUID
    """The business it is with."""
    side: str
    """Which side did it: business or other."""
    number: int
    """Of the message it is about."""


class ChatMessageSent(ThreadEvent, frozen=True, kw_only=True):
    """Somebody wrote to the other side."""


class ChatRead(ThreadEvent, frozen=True, kw_only=True):
    """A side has read up to a message."""


class ChatLeftUnread(ThreadEvent, frozen=True, kw_only=True):
    """It was quiet for a while, and what `side` wrote was not read."""
