"""What a business sets itself, and the history of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "system_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("updated_by_id", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_system_settings_tenant_id")),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["users.id"], name=op.f("fk_system_settings_updated_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_settings")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_system_settings_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_system_settings_tenant_id_key")),
    )
    op.create_table(
        "setting_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("old", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_setting_changes_tenant_id")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["users.id"], name=op.f("fk_setting_changes_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_changes")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_setting_changes_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "version", name=op.f("uq_setting_changes_tenant_id_version")),
    )
    # by hand
    rls.apply(op.execute, "system_settings", "published")
    rls.apply(op.execute, "setting_changes", "tenant")
    # In which currencies a business (or one center of it) has written prices on paper. The tables belong to domains
    # above the one that asks; the policies hold, for it runs as whoever calls it.
    op.execute("""
        CREATE FUNCTION currencies_on_paper(business uuid, center uuid) RETURNS SETOF text
        LANGUAGE sql STABLE AS $$
            SELECT i.currency FROM invoices i
             WHERE i.tenant_id = business AND (center IS NULL OR i.center_id = center)
            UNION
            SELECT e.currency FROM estimates e JOIN repair_orders o ON o.tenant_id = e.tenant_id AND o.id = e.order_id
             WHERE e.tenant_id = business AND (center IS NULL OR o.center_id = center)
            UNION
            SELECT c.currency FROM job_lines l JOIN jobs j ON j.tenant_id = l.tenant_id AND j.id = l.job_id
              JOIN repair_orders o ON o.tenant_id = j.tenant_id AND o.id = j.order_id
              JOIN service_centers c ON c.tenant_id = o.tenant_id AND c.id = o.center_id
             WHERE l.tenant_id = business AND (center IS NULL OR o.center_id = center)
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.execute("DROP FUNCTION currencies_on_paper(uuid, uuid)")
    op.drop_table("setting_changes")
    op.drop_table("system_settings")
