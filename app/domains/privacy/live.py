"""Only the person themself hears of their copy."""

from collections.abc import Iterable

from app.core.live import Ring
from app.domains.privacy.events import ExportEvent


def ring_own(event: ExportEvent) -> Iterable[Ring]:
    """The page that shows how far it is."""
    yield Ring(topic=f"user:{event.user_id}", signal="export")
