"""Who is rung when an appointment changes. An audience re-reads its own fragment."""

from collections.abc import Iterable
from uuid import UUID

from app.core.live import Ring
from app.domains.booking.events import AppointmentEvent
from app.domains.network.setup_events import BayChanged, CenterChanged, HoursExceptionChanged, StaffChanged
from app.domains.workshop import board_topic
from app.domains.workshop.events import OfOrder

SetUp = BayChanged | CenterChanged | HoursExceptionChanged | StaffChanged


def slots_topic(center_id: UUID) -> str:
    """Everybody who is choosing a time at a center."""
    return f"center:{center_id}:slots"


def day_topic(center_id: UUID) -> str:
    """The desk's list of appointments."""
    return f"center:{center_id}:appointments"


def appointment_topic(appointment_id: UUID) -> str:
    """The page of one appointment."""
    return f"appointment:{appointment_id}"


def ring_slots(event: AppointmentEvent) -> Iterable[Ring]:
    yield Ring(slots_topic(event.center_id), "slots")


def ring_day(event: AppointmentEvent | OfOrder) -> Iterable[Ring]:
    """Who comes and who is here: an order of the shop shows beside the appointment it belongs to."""
    yield Ring(day_topic(event.center_id), "appointment:status_updated")


def ring_own(event: AppointmentEvent) -> Iterable[Ring]:
    """Every page the driver has open."""
    if event.user_id is not None:
        yield Ring(f"user:{event.user_id}", "appointment:status_updated")


def ring_appointment(event: AppointmentEvent) -> Iterable[Ring]:
    yield Ring(appointment_topic(event.appointment_id), "appointment:status_updated")


def ring_requests(event: AppointmentEvent) -> Iterable[Ring]:
    """The board says above the cars how many requests wait for the shop's word."""
    yield Ring(board_topic(event.center_id), "requests")


def ring_slots_of_center(event: SetUp) -> Iterable[Ring]:
    """Hours, bays and shifts decide what is free."""
    yield Ring(slots_topic(event.center_id), "slots")
