"""Who is rung when something is written or read: the pages that show the conversation, of both sides."""

from collections.abc import Iterable
from uuid import UUID

from app.core.live import Ring
from app.domains.messaging.events import ChatMessageSent, ChatRead


def thread_topic(thread_id: UUID) -> str:
    """The two sides of one conversation."""
    return f"thread:{thread_id}"


def ring_thread(event: ChatMessageSent | ChatRead) -> Iterable[Ring]:
    signal = "chat:message_received" if isinstance(event, ChatMessageSent) else "chat:message_read"
    yield Ring(thread_topic(event.thread_id), signal)
