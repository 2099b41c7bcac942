"""Who hears of an inspection: those who have it open, the order's pages, and the driver once it is finished."""

from collections.abc import Iterable
from uuid import UUID

from app.core.live import Ring
from app.domains.inspections.events import (
    FindingPhotosChanged,
    FindingProposed,
    InspectionCompleted,
    InspectionReopened,
    InspectionStarted,
    ItemRated,
)
from app.domains.inspections.models import Finding
from app.domains.workshop import customer_topic, staff_topic
from app.domains.workshop.models import RepairOrder


def sheet_topic(inspection_id: UUID) -> str:
    """Everybody of the shop who has the inspection open."""
    return f"inspection:{inspection_id}"


def ring_sheet(event: ItemRated | FindingPhotosChanged | FindingProposed) -> Iterable[Ring]:
    """The item on every other tablet that shows this inspection, and its progress."""
    topic = sheet_topic(event.inspection_id)
    yield Ring(topic=topic, signal=f"finding-{event.finding_id}")
    yield Ring(topic=topic, signal="progress")


def shown_where(finding: Finding, order: RepairOrder) -> Iterable[Ring]:
    """The pages that show a finding's photos and videos."""
    yield Ring(sheet_topic(finding.inspection_id), f"finding-{finding.id}")
    yield Ring(customer_topic(order.id), "inspections")


def ring_order(
    event: InspectionStarted | ItemRated | FindingPhotosChanged | InspectionCompleted | InspectionReopened,
) -> Iterable[Ring]:
    """The order's pages of the shop: which inspections there are and how far they have come."""
    yield Ring(topic=staff_topic(event.order_id), signal="inspections")


def ring_customer(event: InspectionCompleted | InspectionReopened | FindingPhotosChanged) -> Iterable[Ring]:
    """The pages of the driver, who sees finished inspections only."""
    yield Ring(topic=customer_topic(event.order_id), signal="inspections")


def ring_state(event: InspectionCompleted | InspectionReopened) -> Iterable[Ring]:
    """Finished or opened again: the whole sheet changes."""
    yield Ring(topic=sheet_topic(event.inspection_id), signal="inspection")
