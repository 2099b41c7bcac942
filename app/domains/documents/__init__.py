"""Papers of a car and of its driver: registration, insurance, inspection, receipts, the licence.

A *document* has files, and may *expire*. One that is renewed keeps the older one as its history. A *link* shows one document
to somebody without an account, until it expires or is revoked.
"""

from app.domains.documents.models import Document, DocumentFile, DocumentLink
from app.domains.documents.said import document_title

__all__ = ["Document", "DocumentFile", "DocumentLink", "document_title"]
