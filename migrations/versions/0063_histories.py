"""Files with the history of a car, as they were sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.create_table(
        "history_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("conventions", postgresql.JSONB(), nullable=False),
        sa.Column("car", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_history_files_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_history_files_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_files")),
    )
    op.create_index("ix_history_files_user_id", "history_files", ["user_id"], unique=False)
    op.create_index("ix_history_files_vehicle_id", "history_files", ["vehicle_id"], unique=False)
    rls.apply(op.execute, "history_files", "person")


def downgrade() -> None:
    op.drop_table("history_files")
