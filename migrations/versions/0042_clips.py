"""Videos: whether one is prepared, how far that has come, and how long it is."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    for column in (
        sa.Column("state", sa.Text(), nullable=False, server_default="ready"),
        sa.Column("refusal", sa.Text(), nullable=False, server_default=""),
        sa.Column("percent", sa.SmallInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("files", column)
        op.alter_column("files", column.name, server_default=None)
    op.add_column("files", sa.Column("seconds", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    for name in ("seconds", "percent", "refusal", "state"):
        op.drop_column("files", name)
