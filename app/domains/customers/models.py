"""A shop's own record of a person, linkable to an account, and of the cars they bring."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_fk, tenant_key
from app.core.sealing import sealed_for

KEY_SEAL = "customer key"


class Customer(TenantOwned, Base):
    """A customer of one tenant."""

    __tablename__ = "customers"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "number"),
        Index(
            "ix_customers_tenant_id_user_id",
            "tenant_id",
            "user_id",
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index(
            "ix_customers_without_account",
            text("lower(email)"),
            postgresql_where=text("user_id IS NULL AND email <> ''"),
        ),
        Index("ix_customers_tenant_id_email", "tenant_id", text("lower(email)")),
        Index(
            "ix_customers_to_erase",
            "tenant_id",
            "erase_asked_at",
            postgresql_where=text("erase_asked_at IS NOT NULL AND erased_at IS NULL"),
        ),
    )

    number: Mapped[int]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    locale: Mapped[str] = mapped_column(default="en")
    notes: Mapped[str] = mapped_column(default="")
    tax_exempt: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="active")
    erase_asked_at: Mapped[datetime | None]
    """Since when they are to be erased; it waits for what is not settled yet."""
    erased_at: Mapped[datetime | None]

    @property
    def shown_number(self) -> str:
        """As it is said and printed."""
        return f"C-{self.number}"


class CustomerVehicle(TenantOwned, Base):
    """A car that a customer brings to this shop."""

    __tablename__ = "customer_vehicles"
    __table_args__ = (
        tenant_key(),
        tenant_fk("customers", "customer_id"),
        UniqueConstraint("tenant_id", "customer_id", "vehicle_id"),
        Index("ix_customer_vehicles_vehicle_id", "tenant_id", "vehicle_id"),
    )

    customer_id: Mapped[UUID]
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    sold_at: Mapped[datetime | None]
    """Since when it is somebody else's: it is no longer listed with the customer, whose visits stay theirs."""


class CustomerKey(TenantOwned, Base):
    """What opens the words to one customer that stand in the log, where nothing can be taken away. Erasing the customer
    takes the key, and with it the words."""

    __tablename__ = "customer_keys"
    __table_args__ = (
        tenant_key(),
        tenant_fk("customers", "customer_id"),
        UniqueConstraint("tenant_id", "customer_id"),
    )

    customer_id: Mapped[UUID]
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for(KEY_SEAL))
