"""Files with the history of a car, as they were sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified


class HistoryFile(Identified, Base):
    """A file of another program: nothing of it is in the logbook before its owner says so."""

    __tablename__ = "history_files"
    __table_args__ = (
        Index("ix_history_files_user_id", "user_id"),
        Index("ix_history_files_vehicle_id", "vehicle_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    name: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    program: Mapped[str] = mapped_column(default="")
    """Which one wrote it, as it was recognised; empty for any other table."""
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Its tables: `programs.Part`, as recognised or as its owner corrected them."""
    conventions: Mapped[dict[str, Any]]
    car: Mapped[str] = mapped_column(default="")
    """Which of the cars in the file this one is."""
    taken_at: Mapped[datetime | None]
    entries: Mapped[int] = mapped_column(default=0)
    """That were new, when it was taken into the logbook."""
    readings: Mapped[int] = mapped_column(default=0)
    undone_at: Mapped[datetime | None]
