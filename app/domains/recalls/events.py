"""What happens with recalls."""

from uuid import UUID

from app.core.events import PersonalEvent


class RecallsFound(PersonalEvent, frozen=True, kw_only=True):
    """New recalls name the make, model and year of a car in a garage."""

    vehicle_id: UUID
    campaigns: list[str]


class RecallAnswered(PersonalEvent, frozen=True, kw_only=True):
    """Its owner said that a campaign was seen to, or does not concern the car; nothing takes that back."""

    vehicle_id: UUID
    campaign: str
    answer: str
    user_id: UUID
