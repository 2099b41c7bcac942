"""Only the person themself hears of their notifications: the badge in every open page, and the list."""

from collections.abc import Iterable

from app.core.live import Ring
from app.domains.notifications.events import NotificationSent, NotificationsRead


def ring_reader(event: NotificationSent | NotificationsRead) -> Iterable[Ring]:
    """The bell of every page the person has open."""
    signal = "notification:received" if isinstance(event, NotificationSent) else "notification:read"
    yield Ring(topic=f"user:{event.user_id}", signal=signal)
