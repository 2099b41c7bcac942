"""What happens to a car's logbook. The subject of each event is the car."""

from datetime import date
from uuid import UUID

from app.core.events import PersonalEvent


class OfEntry(PersonalEvent, frozen=True, kw_only=True):
    """An entry of a car's logbook, as it stands or stood."""

    entry_id: UUID
    vehicle_id: UUID
    kind: str
    day: date
    km: int | None = None
    tasks: list[str] = []
    is_verified: bool = False


class EntryLogged(OfEntry, frozen=True, kw_only=True):
    """Something was written down; or taken back in after it was removed."""


class EntryChanged(OfEntry, frozen=True, kw_only=True):
    """An entry was corrected."""


class EntryRemoved(OfEntry, frozen=True, kw_only=True):
    """An entry does not count any more."""


class EntriesImported(PersonalEvent, frozen=True, kw_only=True):
    """Many entries came in at once, from another program's file."""

    vehicle_id: UUID
    import_id: UUID
    count: int
