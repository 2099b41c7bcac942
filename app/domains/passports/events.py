"""What happens with passports."""

from uuid import UUID

from app.core.events import PersonalEvent


class PassportMade(PersonalEvent, frozen=True, kw_only=True):
    """A car's owner has made a passport."""

    passport_id: UUID
    vehicle_id: UUID


class PassportRevoked(PersonalEvent, frozen=True, kw_only=True):
    """Its link opens nothing any more."""

    passport_id: UUID
    vehicle_id: UUID
