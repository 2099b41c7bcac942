"""Services and canned jobs."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "canned_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_jobs")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_canned_jobs_tenant_id_code")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_canned_jobs_tenant_id_id")),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("duration_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("buffer_before_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("buffer_after_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("bay_capability", sa.Text(), nullable=False),
        sa.Column("canned_job_code", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_services_tenant_id_code")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_services_tenant_id_id")),
    )
    op.create_table(
        "canned_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("canned_job_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("taxable", sa.Boolean(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "canned_job_id"],
            ["canned_jobs.tenant_id", "canned_jobs.id"],
            name=op.f("fk_canned_lines_tenant_id_canned_job_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_canned_lines_tenant_id_id")),
    )
    rls.apply(op.execute, "canned_jobs", "tenant")
    rls.apply(op.execute, "services", "published")
    rls.apply(op.execute, "canned_lines", "tenant")
    # by hand
    # end by hand


def downgrade() -> None:
    op.drop_table("canned_lines")
    op.drop_table("services")
    op.drop_table("canned_jobs")
