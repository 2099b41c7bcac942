"""Appointments and what they occupy."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bay_id", sa.Uuid(), nullable=True),
        sa.Column("technician_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bay_id"],
            ["bays.tenant_id", "bays.id"],
            name=op.f("fk_appointments_tenant_id_bay_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_appointments_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_appointments_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_appointments_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_appointments_tenant_id_technician_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_appointments_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_appointments_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_appointments_tenant_id_id")),
    )
    op.create_index(
        "ix_appointments_center", "appointments", ["tenant_id", "center_id", "starts_at"], unique=False
    )
    op.create_index("ix_appointments_customer", "appointments", ["customer_id", "starts_at"], unique=False)
    op.create_index("ix_appointments_status", "appointments", ["status"], unique=False)
    op.create_index("ix_appointments_user_id", "appointments", ["user_id", "starts_at"], unique=False)
    op.create_table(
        "appointment_services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("duration_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appointment_id"],
            ["appointments.tenant_id", "appointments.id"],
            name=op.f("fk_appointment_services_tenant_id_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "service_id"],
            ["services.tenant_id", "services.id"],
            name=op.f("fk_appointment_services_tenant_id_service_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_services")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_appointment_services_tenant_id_id")),
    )
    op.create_table(
        "occupations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("resource_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("is_active"),
            using="gist",
            name="ex_occupations_no_overlap",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appointment_id"],
            ["appointments.tenant_id", "appointments.id"],
            name=op.f("fk_occupations_tenant_id_appointment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupations")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_occupations_tenant_id_id")),
    )
    op.create_index("ix_occupations_resource", "occupations", ["tenant_id", "resource_id"], unique=False)
    op.create_index(
        "ix_occupations_appointment", "occupations", ["tenant_id", "appointment_id"], unique=False
    )
    op.create_index(
        "ix_occupations_held",
        "occupations",
        ["held_until"],
        unique=False,
        postgresql_where=sa.text("is_active AND held_until IS NOT NULL"),
    )
    rls.apply(op.execute, "appointments", "shared")
    rls.apply(op.execute, "appointment_services", "child", parent="appointments", via="appointment_id")
    rls.apply(op.execute, "occupations", "tenant")
    # by hand
    # end by hand


def downgrade() -> None:
    op.drop_table("occupations")
    op.drop_table("appointment_services")
    op.drop_table("appointments")
