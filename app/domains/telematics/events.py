"""What happens when cars report."""

from uuid import UUID

from app.core.events import Event


class TroubleCodeFound(Event, frozen=True, kw_only=True):
    """A car shows a trouble code that it did not show before."""

    trouble_code_id: UUID
    vehicle_id: UUID
    code: str


class TroubleCodeCleared(Event, frozen=True, kw_only=True):
    """The car does not show it any more."""

    trouble_code_id: UUID
    vehicle_id: UUID
    code: str


class TelematicsReceived(Event, frozen=True, kw_only=True):
    """A report has come in: what is shown of the car is out of date."""

    report_id: UUID
    vehicle_id: UUID
    user_id: UUID
