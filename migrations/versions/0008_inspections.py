"""Checklists and findings."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "inspection_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_templates")),
        sa.UniqueConstraint(
            "tenant_id", "code", "version", name=op.f("uq_inspection_templates_tenant_id_code_version")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_inspection_templates_tenant_id_id")),
    )
    op.create_table(
        "inspection_template_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("yellow_below", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("red_below", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("yellow_above", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("red_above", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("canned_job_code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_id"],
            ["inspection_templates.tenant_id", "inspection_templates.id"],
            name=op.f("fk_inspection_template_items_tenant_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_template_items")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_inspection_template_items_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "template_id",
            "position",
            name=op.f("uq_inspection_template_items_tenant_id_template_id_position"),
        ),
    )
    op.create_table(
        "inspections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("technician_user_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["technician_user_id"], ["users.id"], name=op.f("fk_inspections_technician_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_inspections_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_id"],
            ["inspection_templates.tenant_id", "inspection_templates.id"],
            name=op.f("fk_inspections_tenant_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_inspections_tenant_id_id")),
    )
    op.create_index("ix_inspections_order", "inspections", ["tenant_id", "order_id"], unique=False)
    op.create_table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("measure", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rated_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["rated_by_id"], ["users.id"], name=op.f("fk_findings_rated_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "inspection_id"],
            ["inspections.tenant_id", "inspections.id"],
            name=op.f("fk_findings_tenant_id_inspection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["inspection_template_items.tenant_id", "inspection_template_items.id"],
            name=op.f("fk_findings_tenant_id_item_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_findings_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "inspection_id", "item_id", name=op.f("uq_findings_tenant_id_inspection_id_item_id")
        ),
    )
    op.create_table(
        "finding_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_finding_photos_file_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "finding_id"],
            ["findings.tenant_id", "findings.id"],
            name=op.f("fk_finding_photos_tenant_id_finding_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_photos")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_finding_photos_tenant_id_id")),
    )
    op.create_index("ix_finding_photos_finding", "finding_photos", ["tenant_id", "finding_id"], unique=False)
    rls.apply(op.execute, "inspection_templates", "tenant")
    rls.apply(op.execute, "inspection_template_items", "tenant")
    rls.apply(op.execute, "inspections", "child", parent="repair_orders", via="order_id")
    rls.apply(op.execute, "findings", "child", parent="inspections", via="inspection_id")
    rls.apply(op.execute, "finding_photos", "child", parent="findings", via="finding_id")
    # by hand
    # end by hand


def downgrade() -> None:
    op.drop_table("finding_photos")
    op.drop_table("findings")
    op.drop_table("inspections")
    op.drop_table("inspection_template_items")
    op.drop_table("inspection_templates")
