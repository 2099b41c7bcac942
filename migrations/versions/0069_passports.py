"""Passports of cars, and the links that show them."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.create_table(
        "passports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passports_user_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_passports_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passports")),
    )
    op.create_index("ix_passports_user_id", "passports", ["user_id"], unique=False)
    op.create_index("ix_passports_vehicle_id", "passports", ["vehicle_id"], unique=False)
    op.create_index("ix_passports_token_hash", "passports", ["token_hash"], unique=True)
    rls.apply(op.execute, "passports", "person")
    op.execute("""
        CREATE FUNCTION passport_by_hash(hash bytea) RETURNS TABLE (passport_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT p.id, p.user_id FROM passports p WHERE p.token_hash = hash
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION passport_by_hash(bytea)")
    op.drop_table("passports")
