"""Conversations between a business and somebody else, and what was written in them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_fk, tenant_key

Side = Literal["business", "other"]


class Thread(TenantOwned, Base):
    """What a business and one other side, a driver or another business, write to each other about one subject. Its id
    follows from what it is about and between whom it is (`conversing.id_of`), so that it is known before it is begun.

    Messages are counted; how far a side has come is said as the number of a message."""

    __tablename__ = "threads"
    __table_args__ = (
        tenant_key(),
        tenant_fk("service_centers", "center_id"),
        ForeignKeyConstraint(
            ["buyer_tenant_id", "buyer_center_id"], ["service_centers.tenant_id", "service_centers.id"]
        ),
        CheckConstraint("(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name="one_other_side"),
        UniqueConstraint(
            "tenant_id",
            "subject_kind",
            "subject_id",
            "user_id",
            "buyer_tenant_id",
            name="uq_threads_subject",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_threads_center", "tenant_id", "center_id", "last_message_at"),
        Index("ix_threads_user", "user_id", "last_message_at"),
        Index("ix_threads_buyer", "buyer_tenant_id", "last_message_at"),
        Index("ix_threads_last_message_at", "last_message_at"),
    )

    center_id: Mapped[UUID]
    """The business's place: whose people speak for it, and on whose clock."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    buyer_tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    buyer_center_id: Mapped[UUID | None]
    """The buying business's place: whose people speak for it."""
    subject_kind: Mapped[str]
    """A key of `sides.SPEAKS_FOR`."""
    subject_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(default="")
    """What it is about, as both sides may read it."""
    business_url: Mapped[str] = mapped_column(default="")
    """Where the business reads it."""
    other_url: Mapped[str] = mapped_column(default="")
    last_message_at: Mapped[datetime | None]
    business_last: Mapped[int] = mapped_column(default=0)
    """The number of the last message from there; 0: none."""
    other_last: Mapped[int] = mapped_column(default=0)
    business_read: Mapped[int] = mapped_column(default=0)
    """The number up to which that side has read."""
    other_read: Mapped[int] = mapped_column(default=0)
    other_told: Mapped[int] = mapped_column(default=0)
    """The number up to which they were mailed that something waits."""

    @property
    def last_number(self) -> int:
        return max(self.business_last, self.other_last)

    def read_by(self, side: Side) -> int:
        """The number up to which a side has read."""
        return self.business_read if side == "business" else self.other_read

    def waits_for(self, side: Side) -> bool:
        """Whether something the other side wrote is still to be read."""
        last = self.other_last if side == "business" else self.business_last
        return last > self.read_by(side)


class Message(TenantOwned, Base):
    """What somebody wrote, a photo or a document; it stays as it was sent."""

    __tablename__ = "messages"
    __table_args__ = (
        tenant_key(),
        tenant_fk("threads", "thread_id"),
        UniqueConstraint("tenant_id", "thread_id", "number"),
        Index("ix_messages_file_id", "file_id"),
    )

    thread_id: Mapped[UUID]
    number: Mapped[int]
    side: Mapped[str]
    """business or other."""
    sender_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Empty when a program wrote it."""
    sender_name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="text")
    """text, image or file; beside the last two there may be words."""
    text: Mapped[str] = mapped_column(default="")
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
