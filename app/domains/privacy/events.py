"""What happens to the copies of people's data."""

from datetime import datetime
from uuid import UUID

from app.core.events import Event


class ExportEvent(Event, frozen=True, kw_only=True):
    """Something about one person's copy."""

    export_id: UUID
    user_id: UUID


class ExportAsked(ExportEvent, frozen=True, kw_only=True):
    """A person wants a copy of everything about them."""


class ExportMoved(ExportEvent, frozen=True, kw_only=True):
    """The copy has come further."""

    done: int
    total: int


class ExportReady(ExportEvent, frozen=True, kw_only=True):
    """The copy can be fetched."""


class ExportFailed(ExportEvent, frozen=True, kw_only=True):
    """The copy could not be made, however often it was tried."""


class ExportFetched(ExportEvent, frozen=True, kw_only=True):
    """Its person fetched the copy."""


class ExportEnded(ExportEvent, frozen=True, kw_only=True):
    """The copy's week is over, and it is gone."""


class ErasureAsked(Event, frozen=True, kw_only=True):
    """A person wants their account erased; there are days left to keep it."""

    user_id: UUID
    erase_at: datetime


class AccountKept(Event, frozen=True, kw_only=True):
    """A person keeps their account after all, or works for a business again."""

    user_id: UUID


class AccountErased(Event, frozen=True, kw_only=True):
    """Nothing tells any more whose the account was."""

    user_id: UUID
