"""What of a parts order is still asked for, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    op.add_column(
        "parts_order_lines", sa.Column("is_bought", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("parts_order_lines", "is_bought", server_default=None)
    op.add_column("parts_orders", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("parts_orders", "opened_at")
    op.drop_column("parts_order_lines", "is_bought")
