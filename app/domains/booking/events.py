"""What happens to an appointment. `center_id` tells whose slots and whose day it changes."""

from datetime import datetime
from uuid import UUID

from app.core.events import Event


class AppointmentEvent(Event, frozen=True, kw_only=True):
    appointment_id: UUID
    center_id: UUID
    starts_at: datetime
    user_id: UUID | None = None
    """The driver's account, if there is one."""


class AppointmentHeld(AppointmentEvent, frozen=True, kw_only=True):
    """A slot is kept for somebody for ten minutes."""


class AppointmentExpired(AppointmentEvent, frozen=True, kw_only=True):
    """The hold ran out, or was given back."""


class AppointmentRequested(AppointmentEvent, frozen=True, kw_only=True):
    """Booked at a shop that looks at each booking before it stands."""


class AppointmentConfirmed(AppointmentEvent, frozen=True, kw_only=True):
    """It stands."""


class AppointmentRescheduled(AppointmentEvent, frozen=True, kw_only=True):
    """It was moved to `starts_at`."""

    from_starts_at: datetime
    is_request: bool = False
    """It still waits for the shop's word."""


class AppointmentReassigned(AppointmentEvent, frozen=True, kw_only=True):
    """Another bay or technician takes it."""

    bay_id: UUID | None
    technician_id: UUID | None


class AppointmentCancelled(AppointmentEvent, frozen=True, kw_only=True):
    by_customer: bool
    is_request: bool = False
    """The shop had not confirmed it."""


class AppointmentToldAhead(AppointmentEvent, frozen=True, kw_only=True):
    """The driver has said before coming how the car is."""


class AppointmentNoted(AppointmentEvent, frozen=True, kw_only=True):
    """What the driver asks for was written anew."""


class AppointmentMissed(AppointmentEvent, frozen=True, kw_only=True):
    """The customer did not come."""


class AppointmentArrived(AppointmentEvent, frozen=True, kw_only=True):
    """The car is here; its repair order is open."""

    order_id: UUID


class AppointmentExpectedAgain(AppointmentEvent, frozen=True, kw_only=True):
    """Its repair order was opened by mistake and is void: the car is still to come."""

    order_id: UUID


class AppointmentStarted(AppointmentEvent, frozen=True, kw_only=True):
    """Somebody works on the car."""


class AppointmentReady(AppointmentEvent, frozen=True, kw_only=True):
    """The work is done; the car waits to be collected."""


class AppointmentCompleted(AppointmentEvent, frozen=True, kw_only=True):
    """The car is back with its driver."""
