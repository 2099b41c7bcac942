"""What people are told, in the app and by mail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified


class Notification(Identified, Base):
    """A message in a person's list."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_user_id", "user_id", "is_read", "created_at"),
        UniqueConstraint("user_id", "event_id", "type"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    tenant_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    type: Mapped[str]
    """appointment, estimate, payment, work, system."""
    title: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    related_id: Mapped[UUID | None]
    is_read: Mapped[bool] = mapped_column(default=False)


class Mail(Identified, Base):
    """A mail, written in the transaction that causes it and sent afterwards."""

    __tablename__ = "mails"
    __table_args__ = (UniqueConstraint("event_id", "template", "recipient"),)

    tenant_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    template: Mapped[str]
    recipient: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
