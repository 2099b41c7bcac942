"""What happens in the workshop. Each event carries the ids that say who must hear of it."""

from datetime import date, datetime
from uuid import UUID

from app.core.events import Event


class OfOrder(Event, frozen=True, kw_only=True):
    """Something that happened to a repair order."""

    order_id: UUID
    center_id: UUID
    number: int


class OrderOpened(OfOrder, frozen=True, kw_only=True):
    customer_id: UUID
    vehicle_id: UUID
    technician_id: UUID | None = None
    price_only: bool = False
    """A price was asked; the car is not here."""


class OrderArrived(OfOrder, frozen=True, kw_only=True):
    """The car of a price asked before is here: its estimate is a repair order now."""

    technician_id: UUID | None = None


class OrderMoved(OfOrder, frozen=True, kw_only=True):
    was: str
    stage: str
    by_facts: bool
    """The stage followed the work by itself; nobody moved the card."""
    open_jobs: list[str] = []
    """Titles of what was not finished when a person moved the card all the same."""
    owed: str = ""
    """What was still owed then: invoice (none was written), payment."""
    reason: str = ""


class OrderPlanned(OfOrder, frozen=True, kw_only=True):
    """Promise, bay, technician, priority or key tag changed."""

    changed: list[str]
    technician_id: UUID | None = None
    previous_technician_id: UUID | None = None


class OrderReadingsTaken(OfOrder, frozen=True, kw_only=True):
    """Odometer or state of charge were added or corrected after check-in. What was not touched is empty."""

    mileage_km: int | None = None
    was_mileage_km: int | None = None
    charge_percent: int | None = None
    was_charge_percent: int | None = None
    unit: str = "km"
    """What the odometer shows: km or mi."""
    reason: str = ""


class NextServicePlanned(OfOrder, frozen=True, kw_only=True):
    """The shop said when the car is to come again. What was taken away is empty."""

    vehicle_id: UUID
    due_on: date | None = None
    due_km: int | None = None
    unit: str = "km"


class OrderPhotographed(OfOrder, frozen=True, kw_only=True):
    photo_id: UUID
    purpose: str
    is_shared: bool


class OrderVideoRemoved(OfOrder, frozen=True, kw_only=True):
    photo_id: UUID


class OrderInvoiced(OfOrder, frozen=True, kw_only=True):
    pass


class OrderClosed(OfOrder, frozen=True, kw_only=True):
    vehicle_id: UUID


class OrderOwedAgain(OfOrder, frozen=True, kw_only=True):
    """Money of its invoice went back: what was paid is owed again."""


class OrderReopened(OfOrder, frozen=True, kw_only=True):
    pass


class OrderArchived(OfOrder, frozen=True, kw_only=True):
    pass


class OrderVoided(OfOrder, frozen=True, kw_only=True):
    reason: str


class WorkCompleted(OfOrder, frozen=True, kw_only=True):
    """Every job the customer agreed to is done and checked."""

    customer_id: UUID


class OfJob(OfOrder, frozen=True, kw_only=True):
    """Something that happened to a job."""

    job_id: UUID
    title: str
    technician_id: UUID | None = None


class JobProposed(OfJob, frozen=True, kw_only=True):
    finding_id: UUID | None = None


class JobChanged(OfJob, frozen=True, kw_only=True):
    approval_lost: bool
    """The customer had agreed to the job as it was, and must be asked again."""


class JobWithdrawn(OfJob, frozen=True, kw_only=True):
    finding_id: UUID | None = None


class JobPresented(OfJob, frozen=True, kw_only=True):
    pass


class JobAuthorized(OfJob, frozen=True, kw_only=True):
    when_booked: bool = False
    """The customer agreed when they booked, before the car came."""


class JobSold(OfJob, frozen=True, kw_only=True):
    """Sold over the counter: nobody works on it."""


class JobDeclined(OfJob, frozen=True, kw_only=True):
    deferred_work_id: UUID
    reason: str = ""


class JobDeferred(OfJob, frozen=True, kw_only=True):
    deferred_work_id: UUID
    reason: str = ""


class JobRevived(OfJob, frozen=True, kw_only=True):
    """Declined or deferred work is on a repair order again, as a new job."""

    deferred_work_id: UUID


class JobAssigned(OfJob, frozen=True, kw_only=True):
    previous_technician_id: UUID | None = None


class JobPlanned(OfJob, frozen=True, kw_only=True):
    scheduled_start: datetime | None


class JobStarted(OfJob, frozen=True, kw_only=True):
    clock_id: UUID
    resumed: bool


class JobPaused(OfJob, frozen=True, kw_only=True):
    clock_id: UUID


class JobBlocked(OfJob, frozen=True, kw_only=True):
    reason: str


class JobFinished(OfJob, frozen=True, kw_only=True):
    """The technician is done; the quality check is next."""

    left_open: list[str] = []
    """Steps that were not done, by name, and why."""
    reason: str = ""


class JobReturned(OfJob, frozen=True, kw_only=True):
    """The quality check failed."""

    note: str


class JobCompleted(OfJob, frozen=True, kw_only=True):
    own_check: bool = False
    """Whoever worked on it checked it too: there was nobody else, or the center allows it."""


class StepMoved(OfJob, frozen=True, kw_only=True):
    step_id: UUID
    status: str


class CheckRuleChanged(Event, frozen=True, kw_only=True):
    center_id: UUID
    needs_second_person: bool


class DeferredWorkSuggested(Event, frozen=True, kw_only=True):
    """The car is back, and its kept work stands beside the new order."""

    deferred_work_id: UUID
    vehicle_id: UUID
    order_id: UUID
    title: str


class DeferredWorkRefused(Event, frozen=True, kw_only=True):
    deferred_work_id: UUID
    vehicle_id: UUID
    reason: str
