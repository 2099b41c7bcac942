"""What a business and somebody else write to each other about one thing: a visit, say.

A *thread* hangs on a *subject*, which the domain that owns it describes; this one knows no domain above it. A thread has
two *sides*, the business and the other one: a driver, or another business. A *message* is text, a photo or a document.
A side has *read* up to a message; at a business one reads for all. Nobody but the two sides reads what was written.
"""

from app.domains.messaging.conversing import (
    MESSAGES,
    Conversation,
    beside,
    id_of,
    look,
    open_thread,
    read_up_to,
    unread_for,
    write,
)
from app.domains.messaging.live import thread_topic
from app.domains.messaging.models import Message, Thread
from app.domains.messaging.sides import SPEAKS_FOR, Subject
from app.domains.messaging.talking import Find, show, take

__all__ = [
    "MESSAGES",
    "SPEAKS_FOR",
    "Conversation",
    "Find",
    "Message",
    "Subject",
    "Thread",
    "beside",
    "id_of",
    "look",
    "open_thread",
    "read_up_to",
    "show",
    "take",
    "thread_topic",
    "unread_for",
    "write",
]
