"""What happens to the catalogue."""

from uuid import UUID

from app.core.events import Event


class ServiceChanged(Event, frozen=True, kw_only=True):
    """A service was added, changed or withdrawn."""

    service_id: UUID
    code: str
    price_minor: int
    is_active: bool


class CannedJobChanged(Event, frozen=True, kw_only=True):
    """A canned job was added, changed or withdrawn."""

    canned_job_id: UUID
    code: str
    is_active: bool
