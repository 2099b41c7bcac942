"""What happens to histories from elsewhere."""

from uuid import UUID

from app.core.events import PersonalEvent


class HistoryTaken(PersonalEvent, frozen=True, kw_only=True):
    """A file's rows are in the logbook."""

    history_file_id: UUID
    vehicle_id: UUID
    program: str
    entries: int
    readings: int


class HistoryUndone(PersonalEvent, frozen=True, kw_only=True):
    """What a file had brought is out of the logbook again."""

    history_file_id: UUID
    vehicle_id: UUID
    entries: int
    readings: int
