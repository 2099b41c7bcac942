"""What happens to packages."""

from datetime import date
from uuid import UUID

from app.core.events import Event


class PackagePlanChanged(Event, frozen=True, kw_only=True):
    """A package on offer was added, changed or withdrawn."""

    package_plan_id: UUID
    name: str
    price_minor: int
    is_active: bool


class PackageSold(Event, frozen=True, kw_only=True):
    package_id: UUID
    name: str
    vehicle_id: UUID
    order_id: UUID
    starts_on: date
    ends_on: date
    price_minor: int
    currency: str


class PackageCancelled(Event, frozen=True, kw_only=True):
    package_id: UUID
    name: str
    reason: str


class JobCovered(Event, frozen=True, kw_only=True):
    """A job costs nothing, for a package covers it."""

    package_id: UUID
    job_id: UUID
    title: str
    name: str


class CoverTakenOff(Event, frozen=True, kw_only=True):
    """The job costs what it costs, and the use is free again."""

    package_id: UUID
    job_id: UUID
    title: str
    name: str
