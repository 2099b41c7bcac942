"""Copies of a person's data, and what they agreed to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified
from app.core.sealing import sealed_for

COPY_SEAL = "copy"
IN_THE_MAKING = ("waiting", "running")


class Export(Identified, Base):
    """A copy of everything about one person: asked for, being made, ready to be fetched."""

    __tablename__ = "exports"
    __table_args__ = (
        Index(
            "ix_exports_in_the_making",
            "user_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
        Index("ix_exports_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(default="waiting")
    """waiting, running, ready, failed."""
    key: Mapped[str]
    """Where its zip goes, whichever worker finishes it: a second try replaces the first and never adds another."""
    sealing_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for(COPY_SEAL))
    """What opens the zip, sealed itself: without this row nobody reads what a storage may still keep of it. None: it was
    made before copies were sealed."""
    run: Mapped[UUID | None]
    """Who is making it. A worker that finds another run here has been given up on, and stops."""
    tries: Mapped[int] = mapped_column(default=0)
    worked_at: Mapped[datetime | None]
    """The last sign of life of the run."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    """Kinds of records and files that are in it, of how many."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes of the finished zip."""
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    @property
    def is_in_the_making(self) -> bool:
        """Whether there is something to wait for."""
        return self.status in IN_THE_MAKING


class Consent(Identified, Base):
    """What a person agreed to or took back, in which version, and when. Never changed: the newest counts."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_user_id", "user_id", "kind", "created_at"),
        UniqueConstraint("user_id", "event_id", "kind"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    event_id: Mapped[UUID]
    """What made us write it down."""
    kind: Mapped[str]
    """privacy_notice."""
    version: Mapped[str]
    is_given: Mapped[bool]
