"""Who is rung when something happens in the workshop. An audience re-reads its own fragment."""

from collections.abc import Iterable
from uuid import UUID

from app.core.live import Ring
from app.core.viewer import Viewer
from app.domains.workshop.events import JobAssigned, OfJob, OfOrder, OrderPlanned
from app.domains.workshop.models import Job, RepairOrder


def board_topic(center_id: UUID) -> str:
    return f"center:{center_id}:board"


def staff_topic(order_id: UUID) -> str:
    return f"order:{order_id}:staff"


def customer_topic(order_id: UUID) -> str:
    return f"order:{order_id}:customer"


def parts_topic(job_id: UUID) -> str:
    """Where the parts stand that shops are asked for, or were ordered of, for a job."""
    return f"job:{job_id}:parts"


def parts_topics(me: Viewer, jobs: Iterable[Job]) -> list[str]:
    """For whoever may read of them: a stream that was refused for these would tell of nothing else either."""
    return [parts_topic(job.id) for job in jobs] if me.can("request:parts") else []


def bench_topic(technician_id: UUID) -> str:
    return f"technician:{technician_id}:bench"


def ring_board(event: OfOrder) -> Iterable[Ring]:
    """Every open board of the center."""
    yield Ring(board_topic(event.center_id), "board")


def ring_order(event: OfOrder) -> Iterable[Ring]:
    """The order's page in the shop."""
    yield Ring(staff_topic(event.order_id), "service:progress_updated")


def ring_customer(event: OfOrder) -> Iterable[Ring]:
    """The driver's tracking page."""
    yield Ring(customer_topic(event.order_id), "service:progress_updated")


def shown_where(order: RepairOrder, job: Job | None) -> Iterable[Ring]:
    """The pages that show an order's photos and videos, taken of a `job` or not."""
    yield Ring(staff_topic(order.id), "service:progress_updated")
    yield Ring(customer_topic(order.id), "service:progress_updated")
    for technician_id in {order.technician_id, job and job.technician_id} - {None}:
        yield Ring(bench_topic(technician_id), "bench")  # type: ignore[arg-type]


def ring_bench(event: OfJob) -> Iterable[Ring]:
    """The technician the job belongs to, and the one it was taken from."""
    previous = event.previous_technician_id if isinstance(event, JobAssigned) else None
    for technician_id in {event.technician_id, previous} - {None}:
        yield Ring(bench_topic(technician_id), "bench")  # type: ignore[arg-type]


def ring_planned_benches(event: OrderPlanned) -> Iterable[Ring]:
    """The technicians an order came to or went from."""
    for technician_id in {event.technician_id, event.previous_technician_id} - {None}:
        yield Ring(bench_topic(technician_id), "bench")  # type: ignore[arg-type]
