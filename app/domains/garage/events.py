"""What happens to cars."""

from uuid import UUID

from app.core.events import Event


class VehicleAdded(Event):
    """A car came into a garage, or into a shop's books."""

    vehicle_id: UUID


class VehicleChanged(Event):
    """Facts of a car were corrected."""

    vehicle_id: UUID
    fields: list[str]


class VehicleArchived(Event):
    """The owner put a car away; its history stays."""

    vehicle_id: UUID


class VehicleReturned(Event):
    """The owner took an archived car back into the garage."""

    vehicle_id: UUID


class VehiclePhotographed(Event):
    """A car has a new photo."""

    vehicle_id: UUID


class OdometerRead(Event):
    """Somebody read how far a car has gone."""

    vehicle_id: UUID
    km: int
    source: str


class VehicleShared(Event):
    """A shop may see and service a car."""

    vehicle_id: UUID
    to_tenant_id: UUID
