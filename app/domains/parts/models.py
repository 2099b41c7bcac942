"""What a parts shop says of its numbers: which cars they fit, and which number has taken another's place."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_key


class Fitment(TenantOwned, Base):
    """One line of the shop's fitment list: a number, and cars it fits, or does not."""

    __tablename__ = "fitments"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "sameness"),
        Index("ix_fitments_tenant_id_number_key", "tenant_id", "number_key"),
        Index("ix_fitments_make_key", "make_key"),
    )

    number: Mapped[str]
    """As the shop writes it."""
    number_key: Mapped[str]
    """As numbers are compared: upper case, letters and digits only."""
    kind: Mapped[str] = mapped_column(default="oem")
    """oem, aftermarket."""
    brand: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    """What the part is, "Cabin air filter"; empty where the list does not say."""
    make: Mapped[str]
    make_key: Mapped[str]
    """As makes are compared."""
    model: Mapped[str] = mapped_column(default="")
    """Empty is every model of the make."""
    year_from: Mapped[int | None] = mapped_column(SmallInteger)
    year_to: Mapped[int | None] = mapped_column(SmallInteger)
    engine: Mapped[str] = mapped_column(default="")
    """In the shop's words, "2.0 TDI"; empty is any."""
    note: Mapped[str] = mapped_column(default="")
    """What else must be so, "from 08/2016": nobody but people can check it."""
    excludes: Mapped[bool] = mapped_column(default=False)
    """The line says that it does not fit."""
    sameness: Mapped[str]
    """A print of what the line says, so that a list sent twice stands here once."""


class Supersession(TenantOwned, Base):
    """A maker's number that another has taken the place of."""

    __tablename__ = "supersessions"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "make_key", "old_key", "new_key"),
        Index("ix_supersessions_tenant_id_old_key", "tenant_id", "old_key"),
        Index("ix_supersessions_tenant_id_new_key", "tenant_id", "new_key"),
    )

    make: Mapped[str]
    make_key: Mapped[str]
    old_number: Mapped[str]
    old_key: Mapped[str]
    new_number: Mapped[str]
    new_key: Mapped[str]
    both_ways: Mapped[bool] = mapped_column(default=False)
    """The old one may stand in for the new one too, which nobody may assume."""
    source: Mapped[str] = mapped_column(default="")
    """Where the shop has it from, "BMW ETK 2026-03"."""


class ListUpload(TenantOwned, Base):
    """A file with a whole list, as it was sent: looked through, and not in the list before somebody says so. A shop has
    one at a time."""

    __tablename__ = "list_uploads"
    __table_args__ = (tenant_key(),)

    list: Mapped[str]
    """fitments, supersessions."""
    name: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    loaded_at: Mapped[datetime | None]
    added: Mapped[int] = mapped_column(default=0)
    """Lines that were new when it was loaded."""
