"""What a person wants to be told in which way, and when they are left alone.

Revision ID: 0064
Revises: 0063
"""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.create_table(
        "mutes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mutes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
        sa.UniqueConstraint("user_id", "channel", "topic", name=op.f("uq_mutes_user_id_channel_topic")),
    )
    op.create_table(
        "quiet_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts <> ends", name=op.f("ck_quiet_hours_length")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_quiet_hours_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_hours")),
        sa.UniqueConstraint("user_id", name=op.f("uq_quiet_hours_user_id")),
    )
    for table in ("mutes", "quiet_hours"):
        rls.apply(op.execute, table, "person")
    op.execute("""
        INSERT INTO mutes (id, user_id, channel, topic, created_at)
        SELECT id, user_id, 'push', topic, created_at FROM push_mutes
    """)
    op.drop_table("push_mutes")


def downgrade() -> None:
    op.create_table(
        "push_mutes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_push_mutes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_mutes")),
        sa.UniqueConstraint("user_id", "topic", name=op.f("uq_push_mutes_user_id_topic")),
    )
    rls.apply(op.execute, "push_mutes", "person")
    op.execute("""
        INSERT INTO push_mutes (id, user_id, topic, created_at)
        SELECT id, user_id, topic, created_at FROM mutes WHERE channel = 'push'
    """)
    op.drop_table("quiet_hours")
    op.drop_table("mutes")
