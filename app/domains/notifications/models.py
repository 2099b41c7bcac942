"""What people are told, in the app and by mail."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified, TenantOwned, tenant_key
from app.core.sealing import sealed_for

LINK_SEAL = "mail link"
PUSH_SEAL = "push subscription"
BLANK = "-the-link-is-sealed-"
"""Stands for a link's token in the stored parts of a mail."""


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
    """appointment, estimate, payment, work, maintenance, order, message, system."""
    title: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    related_id: Mapped[UUID | None]
    is_read: Mapped[bool] = mapped_column(default=False)
    is_urgent: Mapped[bool] = mapped_column(default=False)
    """A device is woken for it."""
    useful_until: Mapped[datetime | None]
    """From then on it is no use telling of it on a device."""


class PushSubscription(Identified, Base):
    """A browser that told us where its push service is. It ends with the session it was made in."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index("ix_push_subscriptions_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    endpoint_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for(PUSH_SEAL))
    """Address and keys: whoever has them can write to that device."""
    user_agent: Mapped[str] = mapped_column(default="")
    last_sent_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """How many messages its service has refused since it last took one."""
    not_before: Mapped[datetime | None]
    """When its service wants to be asked again."""


class Mute(Identified, Base):
    """Something a person does not want to be told in one way; it stands in their list all the same."""

    __tablename__ = "mutes"
    __table_args__ = (UniqueConstraint("user_id", "channel", "topic"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    channel: Mapped[str]
    """push or mail."""
    topic: Mapped[str]
    """One of `push_topics.TOPICS`."""


class QuietHours(Identified, Base):
    """When a person is left alone, every day, on the clock of their own time zone; the end may be the next morning."""

    __tablename__ = "quiet_hours"
    __table_args__ = (UniqueConstraint("user_id"), CheckConstraint("starts <> ends", name="length"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    starts: Mapped[time]
    ends: Mapped[time]


class Mail(Identified, Base):
    """A mail, written in the transaction that causes it and sent afterwards."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("event_id", "template", "recipient"),
        Index(
            "ix_mails_waiting",
            "created_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    tenant_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    template: Mapped[str]
    sender_name: Mapped[str] = mapped_column(default="")
    """The shop's name; the address is always the site's own."""
    reply_to: Mapped[str] = mapped_column(default="")
    recipient: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_for(LINK_SEAL))
    """The token of a link in it, sealed; the parts hold a blank in its place. Gone once the mail is sent."""
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")


class MailWords(TenantOwned, Base):
    """How a shop words one mail in one language, in ink: the newest row holds. One without words is a return to ours."""

    __tablename__ = "mail_words"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "mail", "language", "version"))

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), sort_order=-9)
    mail: Mapped[str]
    """One of `mail_table.MAILS`."""
    language: Mapped[str]
    version: Mapped[int]
    """Counts the changes of this mail in this language."""
    subject: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    changed_by: Mapped[str] = mapped_column(default="")

    @property
    def is_ours(self) -> bool:
        """Whether the product's own words hold from here on."""
        return not self.subject
