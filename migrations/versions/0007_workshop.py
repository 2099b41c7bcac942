"""Repair orders, jobs, clocks, deferred work."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "order_numbers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_order_numbers")),
    )
    op.create_table(
        "repair_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bay_id", sa.Uuid(), nullable=True),
        sa.Column("technician_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("is_waiter", sa.Boolean(), nullable=False),
        sa.Column("concern", sa.Text(), nullable=False),
        sa.Column("warning_lights", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("mileage_in_km", sa.BigInteger(), nullable=True),
        sa.Column("charge_in_percent", sa.SmallInteger(), nullable=True),
        sa.Column("key_tag", sa.Text(), nullable=False),
        sa.Column("promise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_name", sa.Text(), nullable=False),
        sa.Column("signature", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["advisor_id"], ["users.id"], name=op.f("fk_repair_orders_advisor_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bay_id"],
            ["bays.tenant_id", "bays.id"],
            name=op.f("fk_repair_orders_tenant_id_bay_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_repair_orders_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_repair_orders_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_repair_orders_tenant_id_technician_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_repair_orders_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_repair_orders_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_orders")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_repair_orders_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_repair_orders_tenant_id_number")),
    )
    op.create_index(
        "ix_repair_orders_board", "repair_orders", ["tenant_id", "center_id", "status", "stage"], unique=False
    )
    op.create_index("ix_repair_orders_user_id", "repair_orders", ["user_id"], unique=False)
    op.create_index("ix_repair_orders_vehicle_id", "repair_orders", ["tenant_id", "vehicle_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("technician_id", sa.Uuid(), nullable=True),
        sa.Column("complaint", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("canned_job_id", sa.Uuid(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("deferred_work_id", sa.Uuid(), nullable=True),
        sa.Column("estimated_minutes", sa.BigInteger(), nullable=False),
        sa.Column("blocked_reason", sa.Text(), nullable=False),
        sa.Column("blocked_note", sa.Text(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by_id", sa.Uuid(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by_id", sa.Uuid(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_note", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["checked_by_id"], ["users.id"], name=op.f("fk_jobs_checked_by_id")),
        sa.ForeignKeyConstraint(["finished_by_id"], ["users.id"], name=op.f("fk_jobs_finished_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_jobs_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_jobs_tenant_id_technician_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_jobs_tenant_id_id")),
    )
    op.create_index("ix_jobs_bench", "jobs", ["tenant_id", "technician_id", "status"], unique=False)
    op.create_index("ix_jobs_order", "jobs", ["tenant_id", "order_id", "position"], unique=False)
    op.create_table(
        "order_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_order_photos_file_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_order_photos_tenant_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_photos")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_order_photos_tenant_id_id")),
    )
    op.create_index("ix_order_photos_order", "order_photos", ["tenant_id", "order_id"], unique=False)
    op.create_table(
        "deferred_work",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revived_job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_deferred_work_tenant_id_job_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_deferred_work_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_deferred_work_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferred_work")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_deferred_work_tenant_id_id")),
    )
    op.create_index(
        "ix_deferred_work_vehicle", "deferred_work", ["tenant_id", "vehicle_id", "status"], unique=False
    )
    op.create_table(
        "job_clocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("technician_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_job_clocks_tenant_id_job_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_job_clocks_tenant_id_technician_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_clocks")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_job_clocks_tenant_id_id")),
    )
    op.create_index(
        "ix_job_clocks_running",
        "job_clocks",
        ["tenant_id", "technician_id"],
        unique=True,
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
    op.create_table(
        "job_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], name=op.f("fk_job_lines_tenant_id_job_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_job_lines_tenant_id_id")),
    )
    op.create_index("ix_job_lines_job", "job_lines", ["tenant_id", "job_id", "position"], unique=False)
    op.create_table(
        "job_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_checkpoint", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], name=op.f("fk_job_steps_tenant_id_job_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_steps")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_job_steps_tenant_id_id")),
    )
    op.create_index("ix_job_steps_job", "job_steps", ["tenant_id", "job_id", "position"], unique=False)
    rls.apply(op.execute, "order_numbers", "tenant")
    rls.apply(op.execute, "repair_orders", "shared")
    rls.apply(op.execute, "jobs", "child", parent="repair_orders", via="order_id")
    rls.apply(op.execute, "order_photos", "child", parent="repair_orders", via="order_id")
    rls.apply(op.execute, "deferred_work", "shared")
    rls.apply(op.execute, "job_clocks", "tenant")
    rls.apply(op.execute, "job_lines", "child", parent="jobs", via="job_id")
    rls.apply(op.execute, "job_steps", "child", parent="jobs", via="job_id")
    # by hand
    # end by hand


def downgrade() -> None:
    op.drop_table("job_steps")
    op.drop_table("job_lines")
    op.drop_table("job_clocks")
    op.drop_table("deferred_work")
    op.drop_table("order_photos")
    op.drop_table("jobs")
    op.drop_table("repair_orders")
    op.drop_table("order_numbers")
