"""A call that is sent twice gets its first answer; one key sent with something else is refused."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("content", sa.LargeBinary(), nullable=True))
    op.add_column("idempotency_keys", sa.Column("answer", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("idempotency_keys", "answer")
    op.drop_column("idempotency_keys", "content")
