"""Photos kept as evidence, work agreed to when booking, who booked, and who may check the work."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table, column in (
        ("files", sa.Column("is_evidence", sa.Boolean(), nullable=False, server_default="false")),
        ("jobs", sa.Column("is_own_check", sa.Boolean(), nullable=False, server_default="false")),
        ("appointments", sa.Column("booked_by", sa.Text(), nullable=False, server_default="")),
    ):
        op.add_column(table, column)
        op.alter_column(table, column.name, server_default=None)
    op.add_column("appointments", sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("appointments", sa.Column("booked_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_appointments_booked_by_id"), "appointments", "users", ["booked_by_id"], ["id"]
    )
    op.alter_column("authorizations", "estimate_id", nullable=True)
    op.alter_column("authorizations", "shown_hash", nullable=True)
    op.create_table(
        "check_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("needs_second_person", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_check_rules_tenant_id_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_rules")),
        sa.UniqueConstraint("tenant_id", "center_id", name=op.f("uq_check_rules_tenant_id_center_id")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_check_rules_tenant_id_id")),
    )
    rls.apply(op.execute, "check_rules", "tenant")
    # by hand
    # What a booking authorises has no estimate: the row goes with its job now.
    for policy in ("reads", "adds", "changes", "removes", "owner"):
        op.execute(f"DROP POLICY authorizations_{policy} ON authorizations")
    rls.apply(op.execute, "authorizations", "child", parent="jobs", via="job_id")
    op.execute("""
        UPDATE files SET is_evidence = true WHERE id IN (
            SELECT (photo ->> 'file_id')::uuid
              FROM estimate_jobs j,
                   jsonb_path_query(j.evidence, '$.findings[*].photos[*]') AS photo)
    """)
    # Whoever has booked until now did so when the appointment was made.
    op.execute("UPDATE appointments SET booked_at = created_at WHERE status NOT IN ('held', 'expired')")
    # end by hand


def downgrade() -> None:
    raise NotImplementedError("restore a backup: what was booked, kept and checked would be lost")
