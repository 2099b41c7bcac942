"""Changes to a shop's set-up; kept as its audit trail, and heard by open booking pages."""

from datetime import date
from uuid import UUID

from app.core.events import Event


class CenterChanged(Event, frozen=True, kw_only=True):
    """A service center was opened, changed, or closed to bookings."""

    center_id: UUID
    is_active: bool


class HoursExceptionChanged(Event, frozen=True, kw_only=True):
    center_id: UUID
    day: date


class BayChanged(Event, frozen=True, kw_only=True):
    center_id: UUID
    bay_id: UUID
    is_active: bool


class StaffChanged(Event, frozen=True, kw_only=True):
    """Skills, shifts or absences of a member of staff are different now."""

    center_id: UUID
    staff_id: UUID


class RolesChanged(Event, frozen=True, kw_only=True):
    """A member of staff may do more or less than before."""

    center_id: UUID
    staff_id: UUID
    before: list[str]
    after: list[str]


class CertificateAdded(Event, frozen=True, kw_only=True):
    """A certificate of a member of staff was written down."""

    certificate_id: UUID
    staff_id: UUID


class CertificateRemoved(Event, frozen=True, kw_only=True):
    """A certificate of a member of staff is kept no longer."""

    certificate_id: UUID
    staff_id: UUID


class KioskSetUp(Event, frozen=True, kw_only=True):
    """A tablet became a center's."""

    kiosk_id: UUID
    center_id: UUID


class KioskEnded(Event, frozen=True, kw_only=True):
    """A tablet is the center's no longer."""

    kiosk_id: UUID
    center_id: UUID


class KioskEntered(Event, frozen=True, kw_only=True):
    """A technician changed in at a tablet by PIN."""

    user_id: UUID
    kiosk_id: UUID


class KioskLeft(Event, frozen=True, kw_only=True):
    """A technician changed out, or was for not having touched the tablet."""

    user_id: UUID
    kiosk_id: UUID


class AddressesChanged(Event, frozen=True, kw_only=True):
    """Owners are let in from other addresses than before; from everywhere when there are none."""

    before: list[str]
    after: list[str]
