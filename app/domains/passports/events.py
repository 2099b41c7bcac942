"""What happens with passports."""

from uuid import UUID

from app.core.events import Event


class PassportMade(Event, frozen=True, kw_only=True):
    """A car's owner has made a passport."""

    passport_id: UUID
    vehicle_id: UUID


class PassportRevoked(Event, frozen=True, kw_only=True):
    """Its link opens nothing any more."""

    passport_id: UUID
    vehicle_id: UUID
