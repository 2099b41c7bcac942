"""What is written in a car's logbook."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified, tenant_fk


class Entry(Identified, Base):
    """Something that was done to a car, or paid for it: written by its owner, or by the shop that did it."""

    __tablename__ = "logbook_entries"
    __table_args__ = (
        tenant_fk("service_centers", "center_id"),
        tenant_fk("repair_orders", "order_id"),
        CheckConstraint("km >= 0", name="km"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("cost_minor IS NULL OR currency <> ''", name="cost"),
        Index(
            "ix_logbook_entries_vehicle",
            "vehicle_id",
            "day",
            "id",
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_logbook_entries_user_id", "user_id"),
        Index("ix_logbook_entries_import_id", "import_id", postgresql_where=text("import_id IS NOT NULL")),
        Index("ix_logbook_entries_order", "tenant_id", "order_id", unique=True),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    kind: Mapped[str]
    """One of `facts.KINDS`."""
    day: Mapped[date]
    km: Mapped[int | None]
    title: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    cost_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    tasks: Mapped[list[str]] = mapped_column(default=list)
    """Codes of the maintenance tasks that were done."""
    amount: Mapped[Decimal | None]
    """Litres of fuel, or kWh charged."""
    is_full: Mapped[bool] = mapped_column(default=False)
    """Filled or charged up: what went in since the last full one is what was used."""
    is_missed: Mapped[bool] = mapped_column(default=False)
    """One before this was not written down: nothing can be reckoned across it."""
    next_on: Mapped[date | None]
    next_km: Mapped[int | None]
    """When the shop said the next service is due, by the calendar and by the odometer."""
    tenant_id: Mapped[UUID | None]
    center_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    """Set when a shop's work wrote itself in: the shop vouches for it, and the owner cannot change it."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who wrote it; nobody for a shop's."""
    import_id: Mapped[UUID | None]
    is_inherited: Mapped[bool] = mapped_column(default=False)
    """It came with the car, from whoever owned it before. A shop's keeps the shop's word, and has no visit behind it."""
    removed_at: Mapped[datetime | None]
    reading_at: Mapped[datetime | None]
    """The moment of the reading that was taken out with it, and comes back with it."""
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_verified(self) -> bool:
        """Whether a shop vouches for it."""
        return self.tenant_id is not None

    @property
    def is_fixed(self) -> bool:
        """Whether its words are somebody else's: a shop's, or a previous owner's."""
        return self.is_verified or self.is_inherited


class EntryFile(Identified, Base):
    """A photo or PDF beside an entry."""

    __tablename__ = "logbook_files"
    __table_args__ = (
        Index("ix_logbook_files_entry_id", "entry_id"),
        Index("ix_logbook_files_file_id", "file_id"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("logbook_entries.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
