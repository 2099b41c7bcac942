"""What happens to an inspection."""

from uuid import UUID

from app.core.events import Event


class InspectionStarted(Event, frozen=True, kw_only=True):
    """A checklist was begun for a repair order."""

    inspection_id: UUID
    order_id: UUID
    center_id: UUID
    template_code: str
    template_version: int


class ItemRated(Event, frozen=True, kw_only=True):
    """An item was rated, measured or noted (again)."""

    inspection_id: UUID
    order_id: UUID
    finding_id: UUID
    rating: str


class FindingPhotosChanged(Event, frozen=True, kw_only=True):
    """Photos of a finding were added, taken away, shown to the customer or hidden."""

    inspection_id: UUID
    order_id: UUID
    finding_id: UUID


class FindingProposed(Event, frozen=True, kw_only=True):
    """A finding became a proposed job on the order."""

    inspection_id: UUID
    order_id: UUID
    finding_id: UUID
    job_id: UUID


class InspectionCompleted(Event, frozen=True, kw_only=True):
    """Every item is rated and the technician said so."""

    inspection_id: UUID
    order_id: UUID
    center_id: UUID
    green: int
    yellow: int
    red: int


class InspectionReopened(Event, frozen=True, kw_only=True):
    """A finished inspection is being changed again."""

    inspection_id: UUID
    order_id: UUID
    center_id: UUID
