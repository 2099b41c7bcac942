"""What happens to cars."""

from datetime import date
from uuid import UUID

from app.core.events import PersonalEvent


class VehicleAdded(PersonalEvent, frozen=True):
    """A car came into a garage, or into a shop's books."""

    vehicle_id: UUID


class VehicleTakenOver(PersonalEvent, frozen=True):
    """A car that a shop had written down is in its driver's garage."""

    vehicle_id: UUID
    written_as: UUID
    """The shop's own row of it: the same, or gone into the one the driver had already."""


class VehicleChanged(PersonalEvent, frozen=True):
    """Facts of a car were corrected."""

    vehicle_id: UUID
    fields: list[str]


class VehicleArchived(PersonalEvent, frozen=True):
    """The owner put a car away; its history stays."""

    vehicle_id: UUID


class VehicleReturned(PersonalEvent, frozen=True):
    """The owner took an archived car back into the garage."""

    vehicle_id: UUID


class VehiclePhotographed(PersonalEvent, frozen=True):
    """A car has a new photo."""

    vehicle_id: UUID


class OdometerRead(PersonalEvent, frozen=True):
    """Somebody read how far a car has gone."""

    vehicle_id: UUID
    km: int
    source: str


class OdometerCorrected(PersonalEvent, frozen=True):
    """A reading was not what the odometer showed, or not on that day."""

    vehicle_id: UUID
    reading_id: UUID
    km: int
    was_km: int


class OdometerReadingRemoved(PersonalEvent, frozen=True):
    """A reading was taken out of a car's history."""

    vehicle_id: UUID
    reading_id: UUID
    km: int


class VehicleShared(PersonalEvent, frozen=True):
    """A shop may see and service a car."""

    vehicle_id: UUID
    to_tenant_id: UUID


class VehicleSold(PersonalEvent, frozen=True, kw_only=True):
    """It is somebody else's now: it stands in no garage of those who had it, and its owners keep its history."""

    vehicle_id: UUID
    day: date


class SharedVehicleSold(PersonalEvent, frozen=True, kw_only=True):
    """A car somebody shared is sold, and no longer in their garage. They may read it no more: it is named here."""

    vehicle_id: UUID
    car: str


class MemberInvited(PersonalEvent, frozen=True):
    """Somebody is to be mailed the link to cars that are to be shared; it is made when the mail is written."""

    invitation_id: UUID


class CarInvitationWithdrawn(PersonalEvent, frozen=True):
    """The link to shared cars no longer works."""

    invitation_id: UUID


class MemberJoined(PersonalEvent, frozen=True):
    """A car is shared with somebody."""

    vehicle_id: UUID
    role: str


class MemberRoleChanged(PersonalEvent, frozen=True):
    """Somebody may do something else with a shared car from now on."""

    vehicle_id: UUID
    member_id: UUID
    role: str


class MemberLeft(PersonalEvent, frozen=True):
    """A car is not shared with somebody any more: they left, or an owner ended it."""

    vehicle_id: UUID
    member_id: UUID
