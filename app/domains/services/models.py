"""What a shop sells: services to book, and canned jobs to put on a repair order."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_fk, tenant_key


class Service(TenantOwned, Base):
    """A service a customer can book."""

    __tablename__ = "services"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "code"))

    code: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="general")
    """general, oil, brakes, tires, engine, diagnostics, battery, motor, charging, hv."""
    duration_minutes: Mapped[int] = mapped_column(SmallInteger)
    buffer_before_minutes: Mapped[int] = mapped_column(SmallInteger, default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(SmallInteger, default=0)
    price_minor: Mapped[int]
    currency: Mapped[str]
    skill: Mapped[str] = mapped_column(default="general")
    bay_capability: Mapped[str] = mapped_column(default="")
    canned_job_code: Mapped[str] = mapped_column(default="")
    fuels: Mapped[list[str]] = mapped_column(default=list)
    """Which cars it is for, by what they run on; empty is every car."""
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    is_active: Mapped[bool] = mapped_column(default=True)

    def suits(self, fuel: str) -> bool:
        """Whether it is for a car that runs on this. Of a car nobody knows that of (""), nothing is ruled out."""
        return not fuel or not self.fuels or fuel in self.fuels


class CannedJob(TenantOwned, Base):
    """A prebuilt job with its labour and parts."""

    __tablename__ = "canned_jobs"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "code"))

    code: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    skill: Mapped[str] = mapped_column(default="general")
    is_active: Mapped[bool] = mapped_column(default=True)


class CannedLine(TenantOwned, Base):
    """One line of a canned job."""

    __tablename__ = "canned_lines"
    __table_args__ = (tenant_key(), tenant_fk("canned_jobs", "canned_job_id"))

    canned_job_id: Mapped[UUID]
    kind: Mapped[str]
    """labor, part, fee, sublet."""
    description: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Decimal] = mapped_column(default=Decimal(1))
    """Hours for labour, pieces or litres for parts."""
    unit_price_minor: Mapped[int]
    """For labour 0 means: the center's hourly rate."""
    unit_cost_minor: Mapped[int] = mapped_column(default=0)
    taxable: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
