"""Vehicles, ownership, odometer."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "vehicles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vin", sa.Text(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("trim", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fuel", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("battery_kwh", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("max_charge_kw", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("mileage_km", sa.BigInteger(), nullable=True),
        sa.Column("mileage_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["files.id"], name=op.f("fk_vehicles_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicles")),
    )
    op.create_index(
        "ix_vehicles_vin", "vehicles", ["vin"], unique=True, postgresql_where=sa.text("vin <> ''")
    )
    op.create_table(
        "odometer_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("km", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_odometer_readings_vehicle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_odometer_readings")),
    )
    op.create_index(
        "ix_odometer_readings_vehicle_id_at", "odometer_readings", ["vehicle_id", "at"], unique=False
    )
    op.create_table(
        "ownerships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ownerships_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_ownerships_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownerships")),
    )
    op.create_index(
        "ix_ownerships_current",
        "ownerships",
        ["vehicle_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_ownerships_user_id", "ownerships", ["user_id"], unique=False)
    op.create_table(
        "vehicle_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vehicle_grants_tenant_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_vehicle_grants_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_grants")),
        sa.UniqueConstraint("tenant_id", "vehicle_id", name=op.f("uq_vehicle_grants_tenant_id_vehicle_id")),
    )
    op.create_index(op.f("ix_vehicle_grants_vehicle_id"), "vehicle_grants", ["vehicle_id"], unique=False)
    rls.apply(op.execute, "ownerships", "person")
    # by hand
    owns = (
        "EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = {id} "
        "AND o.user_id = (SELECT app_user()) AND o.until IS NULL)"
    )
    granted = (
        "EXISTS (SELECT 1 FROM vehicle_grants g WHERE g.vehicle_id = {id} "
        "AND g.tenant_id = (SELECT app_tenant()))"
    )
    sees = f"{owns} OR {granted}"
    somebody = "(SELECT app_user()) IS NOT NULL OR (SELECT app_tenant()) IS NOT NULL"
    rls.own_policies(
        op.execute,
        "vehicles",
        reads=sees.format(id="vehicles.id"),
        adds=somebody,
        changes=sees.format(id="vehicles.id"),
    )
    rls.own_policies(
        op.execute,
        "vehicle_grants",
        reads=f"{rls.TENANT} OR {owns.format(id='vehicle_grants.vehicle_id')}",
        adds=f"{rls.TENANT} OR {owns.format(id='vehicle_grants.vehicle_id')}",
        changes=f"{rls.TENANT} OR {owns.format(id='vehicle_grants.vehicle_id')}",
    )
    rls.own_policies(
        op.execute,
        "odometer_readings",
        reads=sees.format(id="odometer_readings.vehicle_id"),
        adds=sees.format(id="odometer_readings.vehicle_id"),
        changes="false",
    )
    # end by hand


def downgrade() -> None:
    op.drop_table("vehicle_grants")
    op.drop_table("ownerships")
    op.drop_table("odometer_readings")
    op.drop_table("vehicles")
