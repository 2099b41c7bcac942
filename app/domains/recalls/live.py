"""The pages of whoever's car it is."""

from collections.abc import Iterable

from app.core.live import Ring
from app.domains.recalls.events import RecallAnswered


def ring_owner(event: RecallAnswered) -> Iterable[Ring]:
    yield Ring(f"user:{event.user_id}", "recalls")
