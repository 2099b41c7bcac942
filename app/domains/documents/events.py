"""What happens to documents. The subject of each event is the document."""

from datetime import date
from uuid import UUID

from app.core.events import PersonalEvent


class OfDocument(PersonalEvent, frozen=True, kw_only=True):
    """A document, as it stands or stood."""

    document_id: UUID
    vehicle_id: UUID | None = None
    kind: str


class DocumentAdded(OfDocument, frozen=True, kw_only=True):
    """A document was put in; or taken back in after it was removed."""


class DocumentChanged(OfDocument, frozen=True, kw_only=True):
    """What is said of it, or its files, changed."""


class DocumentRemoved(OfDocument, frozen=True, kw_only=True):
    """It was taken out."""


class DocumentExpiring(OfDocument, frozen=True, kw_only=True):
    """Its last day is near: its person is to be told."""

    expires_on: date


class DocumentShared(OfDocument, frozen=True, kw_only=True):
    """Its owner made a link to it."""

    link_id: UUID


class DocumentUnshared(OfDocument, frozen=True, kw_only=True):
    """A link to it was revoked."""

    link_id: UUID
