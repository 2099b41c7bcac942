"""Documents, their files, and the links that show one to somebody else."""

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified

Urgency = Literal["", "valid", "soon", "expired"]
SOON, LAST = timedelta(days=30), timedelta(days=7)
"""From when on it presses, and is told of; and is told of once more."""


class Document(Identified, Base):
    """A paper of a car; or of a person, where it names no car."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("expires_on >= valid_from", name="days"),
        Index("ix_documents_vehicle_id", "vehicle_id"),
        Index("ix_documents_user_id", "user_id"),
        Index("ix_documents_replaced_by_id", "replaced_by_id"),
        Index(
            "ix_documents_expires_on",
            "expires_on",
            postgresql_where=text("removed_at IS NULL AND replaced_by_id IS NULL"),
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """Who put it here."""
    vehicle_id: Mapped[UUID | None] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """One of `facts.KINDS`."""
    title: Mapped[str] = mapped_column(default="")
    number: Mapped[str] = mapped_column(default="")
    issuer: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date | None]
    expires_on: Mapped[date | None]
    """The last day on which it is valid."""
    note: Mapped[str] = mapped_column(default="")
    replaced_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    """The newer one that took its place."""
    removed_at: Mapped[datetime | None]
    told: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How much of this expiry has been said: 0 nothing, 1 that thirty days are left, 2 that a week is."""
    version: Mapped[int] = mapped_column(default=1)

    def to_tell(self, today: date) -> int:
        """How much of its expiry is to be said by `today`, as `told` counts it; nothing once it has expired."""
        if self.expires_on is None or self.removed_at is not None or self.replaced_by_id is not None:
            return 0
        left = self.expires_on - today
        return 0 if not timedelta() <= left <= SOON else 2 if left <= LAST else 1

    def urgency(self, today: date) -> Urgency:
        """How pressing its expiry is; nothing for one that does not expire or was replaced."""
        if self.expires_on is None or self.replaced_by_id is not None:
            return ""
        if self.expires_on < today:
            return "expired"
        return "soon" if self.expires_on - today <= SOON else "valid"


class DocumentFile(Identified, Base):
    """A photo or paper of a document."""

    __tablename__ = "document_files"
    __table_args__ = (
        Index("ix_document_files_document_id", "document_id"),
        Index("ix_document_files_file_id", "file_id"),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))


class DocumentLink(Identified, Base):
    """Shows one document to whoever holds the address, for a while."""

    __tablename__ = "document_links"
    __table_args__ = (
        Index("ix_document_links_document_id", "document_id"),
        Index("ix_document_links_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """Who made it: whoever follows it sees what they would."""
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    uses: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at
