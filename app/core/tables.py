"""Tables of the house itself: the event log, deliveries, dead jobs, idempotency, audit, files."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, Identified


class EventRow(Identified, Base):
    """One thing that happened. Insert-only; `seq` and `rings` are stamped by the relay."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_seq", "seq", unique=True),
        Index("ix_events_unstamped", "id", postgresql_where=text("seq IS NULL")),
        Index("ix_events_tenant_at", "tenant_id", "created_at"),
        Index("ix_events_subject", "subject_id", "seq"),
        Index("ix_events_entity", "entity_id", "created_at"),
    )

    tenant_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    """The person whose own affair this is (the driver), who may read it beside the tenant."""
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    subject_id: Mapped[UUID | None]
    payload: Mapped[dict[str, Any]]
    seq: Mapped[int | None]
    rings: Mapped[dict[str, Any] | None]
    entity_type: Mapped[str] = mapped_column(default="")
    """What it happened to ("order"), as the audit trail is searched by."""
    entity_id: Mapped[str] = mapped_column(default="")
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str] = mapped_column(default="")


class Delivery(Base):
    """A reaction that one event is owed; closed by the reaction in its own transaction."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_open", "due_at", postgresql_where=text("done_at IS NULL AND dead_at IS NULL")),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    reaction: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None]
    due_at: Mapped[datetime]
    """When the relay hands it to the queue again, if it has not been closed by then."""
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class DeadJob(Identified, Base):
    """A job that failed for the last time, kept to be looked at and replayed."""

    __tablename__ = "dead_jobs"

    task: Mapped[str]
    kwargs: Mapped[dict[str, Any]]
    error: Mapped[str]
    attempts: Mapped[int] = mapped_column(SmallInteger)
    replayed_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """What a form's or a call's one-time key was answered with; a replay gets the same."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    """Who sent it: `user:<id>`, `token:<id>` or `visitor:<hash>`."""
    route: Mapped[str]
    content: Mapped[bytes | None]
    """A print of what was sent with it, made with SECRET_KEY."""
    status: Mapped[int | None] = mapped_column(SmallInteger)
    location: Mapped[str | None]
    answer: Mapped[bytes | None]
    """The JSON of a call, sealed: it may hold what is shown only once. It is gone within a week, so that it need not be
    made anew with a new key; one that does not open any more is answered as done."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class AuditLog(Identified, Base):
    """What no event tells: a refusal worth remembering (403, illegal moves), and who looked at something
    sensitive. Insert-only; `seq` is stamped by the relay, from the same sequence as that of events."""

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index("ix_audit_logs_tenant_at", "tenant_id", "created_at"),
        Index("ix_audit_logs_entity", "entity_id", "created_at"),
        Index("ix_audit_logs_at", "created_at"),
        Index("ix_audit_logs_seq", "seq", unique=True),
        Index("ix_audit_logs_unstamped", "id", postgresql_where=text("seq IS NULL")),
    )

    tenant_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(default="")
    action: Mapped[str]
    entity_type: Mapped[str] = mapped_column(default="")
    entity_id: Mapped[str] = mapped_column(default="")
    old_values: Mapped[dict[str, Any] | None]
    new_values: Mapped[dict[str, Any] | None]
    seq: Mapped[int | None]
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str] = mapped_column(default="")


class AuditValues(Base):
    """What an event's rows held before and after: {table: {id: {column: value}}}. Apart from the event, for a
    driver may read the events of their own affairs, but not the shop's notes; and it can be forgotten."""

    __tablename__ = "audit_values"

    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    """The event's id."""
    tenant_id: Mapped[UUID | None]
    salt: Mapped[UUID]
    """Without it the hash that outlives forgotten values could be guessed back to a phone number."""
    old_values: Mapped[dict[str, Any]]
    new_values: Mapped[dict[str, Any]]


class AuditLink(Base):
    """One link of a tenant's hash chain: the n-th row of its audit trail, an event or a log entry."""

    __tablename__ = "audit_chain"
    __table_args__ = (
        UniqueConstraint("tenant_id", "n", postgresql_nulls_not_distinct=True),
        UniqueConstraint("row_id"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[UUID | None]
    n: Mapped[int]
    kind: Mapped[str]
    """event or log"""
    row_id: Mapped[UUID]
    values_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    prev: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class File(Identified, Base):
    """A stored file. Its key is made by us; the name a person gave it is only a label."""

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_tenant_id_id", "tenant_id", "id", unique=True),)

    tenant_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(default="image")
    label: Mapped[str] = mapped_column(default="")
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(unique=True)
    thumbnail_key: Mapped[str | None]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int | None]
    height: Mapped[int | None]
    is_evidence: Mapped[bool] = mapped_column(default=False)
    """Shown in something that was signed or waits for a signature: its bytes are never erased."""
    state: Mapped[str] = mapped_column(default="ready")
    """ready; or preparing or refused, of a video: then its bytes are as they were sent, and shown to nobody."""
    refusal: Mapped[str] = mapped_column(default="")
    """Why a video was refused: a word of `clips.Reason`. Of one that is still preparing: `clips.GIVEN_UP`."""
    percent: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How far the preparing of a video has come."""
    seconds: Mapped[int | None] = mapped_column(SmallInteger)
    """How long a video is."""


class RateCount(Base):
    """How often something was tried while Valkey was away."""

    __tablename__ = "rate_counts"

    key: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    ends_at: Mapped[datetime]
