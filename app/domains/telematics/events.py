"""What happens when cars report."""

from uuid import UUID

from app.core.events import PersonalEvent


class TroubleCodeFound(PersonalEvent, frozen=True, kw_only=True):
    """A car shows a trouble code that it did not show before."""

    trouble_code_id: UUID
    vehicle_id: UUID
    code: str


class TroubleCodeCleared(PersonalEvent, frozen=True, kw_only=True):
    """The car does not show it any more."""

    trouble_code_id: UUID
    vehicle_id: UUID
    code: str


class TelematicsReceived(PersonalEvent, frozen=True, kw_only=True):
    """A report has come in: what is shown of the car is out of date."""

    report_id: UUID
    vehicle_id: UUID
    user_id: UUID
