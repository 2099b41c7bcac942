"""What happens to suggestions. The subject of each event is the car."""

from uuid import UUID

from app.core.events import PersonalEvent


class RecommendationAnswered(PersonalEvent, frozen=True, kw_only=True):
    """One of its people said what becomes of a suggestion; nothing takes back what was said."""

    vehicle_id: UUID
    about: str
    """A task, or a trouble code."""
    answer: str
