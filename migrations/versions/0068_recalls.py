"""What makers call cars back for, and what the owners of cars said of it."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0068"
down_revision = "0067"

MINE = """vehicle_id IN (
    SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL)"""
DRIVEN = MINE.replace("o.until IS NULL", "o.until IS NULL AND o.role <> 'reader'")


def upgrade() -> None:
    op.create_table(
        "recalls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("make_key", sa.Text(), nullable=False),
        sa.Column("model_key", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("defect", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalls")),
        sa.UniqueConstraint(
            "campaign", "make_key", "model_key", "year", "component",
            name=op.f("uq_recalls_campaign_make_key_model_key_year_component"),
        ),
    )  # fmt: skip
    op.create_index("ix_recalls_cars", "recalls", ["make_key", "model_key", "year"], unique=False)
    op.create_index(
        "ix_recalls_untold", "recalls", ["id"], unique=False, postgresql_where=sa.text("told_at IS NULL")
    )
    op.create_table(
        "recall_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('done', 'not_mine')", name=op.f("ck_recall_answers_answer")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_recall_answers_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_answers")),
        sa.UniqueConstraint("vehicle_id", "campaign", name=op.f("uq_recall_answers_vehicle_id_campaign")),
    )
    rls.own_policies(op.execute, "recall_answers", reads=MINE, adds=DRIVEN, changes=DRIVEN)


def downgrade() -> None:
    op.drop_table("recall_answers")
    op.drop_table("recalls")
