"""What happens as a car changes hands."""

from uuid import UUID

from app.core.events import PersonalEvent


class HandoverOffered(PersonalEvent, frozen=True, kw_only=True):
    """An owner offers a car's history to its next owner; the mail with the link follows."""

    handover_id: UUID
    vehicle_id: UUID


class HandoverWithdrawn(PersonalEvent, frozen=True, kw_only=True):
    """The link opens nothing any more."""

    handover_id: UUID
    vehicle_id: UUID


class HandoverTaken(PersonalEvent, frozen=True, kw_only=True):
    """The next owner has the history: the seller is told."""

    handover_id: UUID
    vehicle_id: UUID
