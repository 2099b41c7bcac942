"""Repair orders, their jobs and lines, the steps and clocks of the floor, and deferred work."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, TaxRate, TenantOwned, tenant_fk, tenant_key

STAGES = (
    "received",
    "diagnosing",
    "awaiting_approval",
    "awaiting_parts",
    "in_progress",
    "sublet",
    "qc",
    "ready",
    "delivered",
)

AUTHORIZED = ("authorized", "pending", "in_progress", "blocked", "qc", "completed")
OPEN_WORK = ("authorized", "pending", "in_progress", "blocked")
BLOCKED_REASONS = ("parts", "approval", "sublet", "bay", "other")
LINE_KINDS = ("labor", "part", "fee", "sublet")
COUNTER = "counter"
"""The department of what is sold over the counter: nobody works on it."""


class OrderNumber(Base):
    """The counter behind a tenant's repair order numbers."""

    __tablename__ = "order_numbers"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=1000)


class RepairOrder(TenantOwned, Base):
    """Authorised work on one vehicle visit: the card on the board."""

    __tablename__ = "repair_orders"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "number"),
        tenant_fk("service_centers", "center_id"),
        tenant_fk("customers", "customer_id"),
        tenant_fk("bays", "bay_id"),
        tenant_fk("staff_profiles", "technician_id"),
        Index("ix_repair_orders_board", "tenant_id", "center_id", "status", "stage"),
        Index("ix_repair_orders_user_id", "user_id"),
        Index("ix_repair_orders_vehicle_id", "tenant_id", "vehicle_id"),
    )

    center_id: Mapped[UUID]
    number: Mapped[int]
    """Shown as RO-1042."""
    customer_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """The customer's account, if there is one: it may read the order beside the tenant."""
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    status: Mapped[str] = mapped_column(default="repair_order")
    """Document: estimate, repair_order, invoiced, closed, archived, void."""
    stage: Mapped[str] = mapped_column(default="received")
    stage_since: Mapped[datetime] = mapped_column(default=clock.now)
    bay_id: Mapped[UUID | None]
    technician_id: Mapped[UUID | None]
    advisor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    priority: Mapped[int] = mapped_column(SmallInteger, default=0)
    """0 normal, 1 high (waiter), 2 urgent."""
    is_waiter: Mapped[bool] = mapped_column(default=False)
    concern: Mapped[str] = mapped_column(default="")
    warning_lights: Mapped[list[str]] = mapped_column(default=list)
    mileage_in_km: Mapped[int | None]
    charge_in_percent: Mapped[int | None] = mapped_column(SmallInteger)
    key_tag: Mapped[str] = mapped_column(default="")
    promise_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    ready_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    signed_name: Mapped[str] = mapped_column(default="")
    signature: Mapped[dict[str, Any] | None]
    """{"svg": …} or null when the name was typed."""
    version: Mapped[int] = mapped_column(default=1)

    @property
    def label(self) -> str:
        """The number as people say and write it."""
        return f"RO-{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether jobs may still be added and changed."""
        return self.status in ("estimate", "repair_order")

    @property
    def may_plan_next(self) -> bool:
        """Whether it is time to say when the car is to come again: the work is done."""
        return self.stage in ("ready", "delivered") and self.status in ("repair_order", "invoiced", "closed")

    def is_late(self, now: datetime) -> bool:
        """Promised for a moment that has passed, and not ready."""
        return self.promise_at is not None and self.promise_at < now and self.ready_at is None


class Job(TenantOwned, Base):
    """A sellable group of lines that answers one concern."""

    __tablename__ = "jobs"
    __table_args__ = (
        tenant_key(),
        tenant_fk("repair_orders", "order_id"),
        tenant_fk("staff_profiles", "technician_id"),
        tenant_fk("services", "service_id"),
        Index("ix_jobs_order", "tenant_id", "order_id", "position"),
        Index("ix_jobs_canned_job", "tenant_id", "canned_job_id"),
        Index("ix_jobs_service", "tenant_id", "service_id"),
        Index("ix_jobs_bench", "tenant_id", "technician_id", "status"),
    )

    order_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default="proposed")
    """proposed, presented, authorized, declined, deferred, revived, pending, in_progress, blocked, qc,
    completed. What may follow what stands in `moves`."""
    skill: Mapped[str] = mapped_column(default="general")
    department: Mapped[str] = mapped_column(default="mechanical")
    technician_id: Mapped[UUID | None]
    complaint: Mapped[str] = mapped_column(default="")
    cause: Mapped[str] = mapped_column(default="")
    correction: Mapped[str] = mapped_column(default="")
    canned_job_id: Mapped[UUID | None]
    service_id: Mapped[UUID | None]
    """The service it was booked as."""
    finding_id: Mapped[UUID | None]
    """The inspection finding it came from (no foreign key: inspections stand above)."""
    deferred_work_id: Mapped[UUID | None]
    """The deferred work it revives."""
    estimated_minutes: Mapped[int] = mapped_column(default=0)
    scheduled_start: Mapped[datetime | None]
    """When it is to begin: as the diary has it, or as somebody planned. When it will end is not stored, for that
    moves by the minute (see `foreseen`)."""
    blocked_reason: Mapped[str] = mapped_column(default="")
    """parts, approval, sublet, bay, other."""
    blocked_note: Mapped[str] = mapped_column(default="")
    blocked_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    finished_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """Who handed it over for the quality check; somebody else makes the check."""
    completed_at: Mapped[datetime | None]
    checked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    checked_at: Mapped[datetime | None]
    check_note: Mapped[str] = mapped_column(default="")
    is_own_check: Mapped[bool] = mapped_column(default=False)
    """Checked by somebody who worked on it: the shop had nobody else."""
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_authorized(self) -> bool:
        """Whether the customer has agreed to it, however far the work is."""
        return self.status in AUTHORIZED

    @property
    def is_locked(self) -> bool:
        """Whether the technician must not touch it yet."""
        return self.status in ("proposed", "presented")


class JobLine(TenantOwned, Base):
    """Labour, a part, a fee or a sublet on a job."""

    __tablename__ = "job_lines"
    __table_args__ = (
        tenant_key(),
        tenant_fk("jobs", "job_id"),
        Index("ix_job_lines_job", "tenant_id", "job_id", "position"),
    )

    job_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    kind: Mapped[str]
    """labor, part, fee, sublet."""
    description: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Decimal] = mapped_column(default=Decimal(1))
    """Hours for labour, pieces or litres for parts."""
    unit_price_minor: Mapped[int]
    unit_cost_minor: Mapped[int] = mapped_column(default=0)
    tax_rate: Mapped[Decimal] = mapped_column(TaxRate, default=Decimal(0))
    before_bought: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What it said before a bought part gave it its number, brand and cost, for the case that the part never comes."""
    list_price_minor: Mapped[int | None]
    """What it is sold at by itself, while something paid for already covers it and its price is 0. On the line that
    says so it is 0."""


class JobStep(TenantOwned, Base):
    """One step of a job (service progress); a checkpoint must be completed before the job is."""

    __tablename__ = "job_steps"
    __table_args__ = (
        tenant_key(),
        tenant_fk("jobs", "job_id"),
        Index("ix_job_steps_job", "tenant_id", "job_id", "position"),
    )

    job_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="pending")
    is_checkpoint: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    notes: Mapped[str] = mapped_column(default="")


class JobClock(TenantOwned, Base):
    """A stretch of time a technician was clocked on a job; open while `stopped_at` is empty."""

    __tablename__ = "job_clocks"
    __table_args__ = (
        tenant_key(),
        tenant_fk("jobs", "job_id"),
        tenant_fk("staff_profiles", "technician_id"),
        Index(
            "ix_job_clocks_running",
            "tenant_id",
            "technician_id",
            unique=True,
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )

    job_id: Mapped[UUID]
    technician_id: Mapped[UUID]
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    stopped_at: Mapped[datetime | None]


class OrderPhoto(TenantOwned, Base):
    """A photo on a repair order: walk-around at check-in, inspection, progress."""

    __tablename__ = "order_photos"
    __table_args__ = (
        tenant_key(),
        tenant_fk("repair_orders", "order_id"),
        tenant_fk("jobs", "job_id"),
        Index("ix_order_photos_order", "tenant_id", "order_id"),
    )

    order_id: Mapped[UUID]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    job_id: Mapped[UUID | None]
    purpose: Mapped[str]
    """walk_around, finding, progress."""
    caption: Mapped[str] = mapped_column(default="")
    is_shared: Mapped[bool] = mapped_column(default=False)
    """Whether the customer sees it."""


class DeferredWork(TenantOwned, Base):
    """Work the customer declined or put off; stays with the car and is offered again."""

    __tablename__ = "deferred_work"
    __table_args__ = (
        tenant_key(),
        tenant_fk("jobs", "job_id"),
        Index("ix_deferred_work_vehicle", "tenant_id", "vehicle_id", "status"),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    job_id: Mapped[UUID]
    title: Mapped[str]
    decision: Mapped[str]
    """declined or deferred."""
    reason: Mapped[str] = mapped_column(default="")
    total_minor: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    """open, suggested, revived, refused, obsolete."""
    revived_job_id: Mapped[UUID | None]


class Authorization(TenantOwned, Base):
    """Who decided what about which job, when, how, from where, and over exactly which content. Never changed."""

    __tablename__ = "authorizations"
    __table_args__ = (
        tenant_key(),
        tenant_fk("estimates", "estimate_id"),
        tenant_fk("jobs", "job_id"),
        UniqueConstraint("tenant_id", "estimate_id", "job_id"),
    )

    estimate_id: Mapped[UUID | None]
    """The version that was answered; empty for work agreed to when it was booked."""
    job_id: Mapped[UUID]
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    """The customer's reason."""
    amount_minor: Mapped[int]
    """The job's price: what this decision was about."""
    revised_total_minor: Mapped[int]
    """Total authorised on the order after this decision."""
    method: Mapped[str]
    """link, account, phone, in_person, booking."""
    contact: Mapped[str] = mapped_column(default="")
    """The address or number used."""
    signed_name: Mapped[str]
    signature: Mapped[dict[str, Any] | None]
    """Strokes as drawn; empty when the name was only typed."""
    decided_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    recorded_by: Mapped[str] = mapped_column(default="")
    """The member of staff who took a decision by phone or at the counter."""
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    shown_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class CheckRule(TenantOwned, Base):
    """How a center makes its quality check. Without a row a second person makes it."""

    __tablename__ = "check_rules"
    __table_args__ = (
        tenant_key(),
        tenant_fk("service_centers", "center_id"),
        UniqueConstraint("tenant_id", "center_id"),
    )

    center_id: Mapped[UUID]
    needs_second_person: Mapped[bool] = mapped_column(default=True)
