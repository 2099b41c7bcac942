"""What happens to a parts shop's lists."""

from uuid import UUID

from app.core.events import Event


class FitmentChanged(Event, frozen=True, kw_only=True):
    """A line of the fitment list was added, changed or removed."""

    fitment_id: UUID
    number: str


class SupersessionChanged(Event, frozen=True, kw_only=True):
    """A number was said to have taken another's place, or no longer to have."""

    supersession_id: UUID
    old_number: str
    new_number: str


class PartsListLoaded(Event, frozen=True, kw_only=True):
    """A whole list came in from a file."""

    list: str
    """fitments, supersessions."""
    name: str
    """Of the file."""
    added: int
    known: int
    refused: int
