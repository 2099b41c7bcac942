"""Copies of everything about a person."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0030"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_exports_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_user_id", "exports", ["user_id"])
    op.create_index(
        "ix_exports_in_the_making",
        "exports",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    rls.apply(op.execute, "exports", "person")
    op.execute("""
        CREATE FUNCTION exports_to_look_after(now_is timestamptz, silent_since timestamptz)
        RETURNS TABLE(id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT e.id, e.user_id FROM exports e
             WHERE (e.status IN ('waiting', 'running') AND coalesce(e.worked_at, e.created_at) < silent_since)
                OR e.expires_at <= now_is
             ORDER BY e.created_at LIMIT 500
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION exports_to_look_after(timestamptz, timestamptz)")
    op.drop_table("exports")
