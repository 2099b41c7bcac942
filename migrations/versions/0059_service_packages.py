"""Service packages: what a shop offers, what was sold for a car, what of it was used; and lines that a package covers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.add_column("job_lines", sa.Column("list_price_minor", sa.BigInteger(), nullable=True))
    op.create_table(
        "package_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("package_type", sa.Text(), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("covers", postgresql.JSONB(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("months BETWEEN 1 AND 60", name=op.f("ck_package_plans_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_plans")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_package_plans_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_package_plans_tenant_id_name")),
    )
    op.create_table(
        "service_packages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("package_type", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("covers", postgresql.JSONB(), nullable=False),
        sa.Column("renewal_reminder_sent", sa.Boolean(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_service_packages_term")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_service_packages_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_service_packages_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_service_packages_tenant_id_job_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_service_packages_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["package_plans.tenant_id", "package_plans.id"],
            name=op.f("fk_service_packages_tenant_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_service_packages_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_service_packages_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_packages")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_service_packages_tenant_id_id")),
    )
    op.create_index("ix_service_packages_ends_on", "service_packages", ["tenant_id", "ends_on"], unique=False)
    op.create_index("ix_service_packages_user_id", "service_packages", ["user_id"], unique=False)
    op.create_index(
        "ix_service_packages_vehicle", "service_packages", ["tenant_id", "vehicle_id"], unique=False
    )
    op.create_table(
        "package_uses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("canned_job_id", sa.Uuid(), nullable=False),
        sa.Column("worth_minor", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "canned_job_id"],
            ["canned_jobs.tenant_id", "canned_jobs.id"],
            name=op.f("fk_package_uses_tenant_id_canned_job_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_package_uses_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "package_id"],
            ["service_packages.tenant_id", "service_packages.id"],
            name=op.f("fk_package_uses_tenant_id_package_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_uses")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_package_uses_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "job_id", name=op.f("uq_package_uses_tenant_id_job_id")),
    )
    op.create_index("ix_package_uses_package", "package_uses", ["tenant_id", "package_id"], unique=False)
    rls.apply(op.execute, "package_plans", "tenant")
    rls.apply(op.execute, "service_packages", "shared")
    rls.apply(op.execute, "package_uses", "child", parent="service_packages", via="package_id")


def downgrade() -> None:
    op.drop_table("package_uses")
    op.drop_table("service_packages")
    op.drop_table("package_plans")
    op.drop_column("job_lines", "list_price_minor")
