"""Money that could not be given back is tried again; a capture that was refused, too; a bought part can leave its job."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0057"
down_revision = "0056"

ADDED = (
    (
        "purchase_payments",
        sa.Column("capture_refusals", sa.SmallInteger(), nullable=False, server_default="0"),
    ),
    ("purchase_refunds", sa.Column("refusals", sa.SmallInteger(), nullable=False, server_default="0")),
    ("purchase_refunds", sa.Column("elsewhere_minor", sa.BigInteger(), nullable=False, server_default="0")),
    ("job_lines", sa.Column("before_bought", JSONB(), nullable=False, server_default="{}")),
)
MOMENTS = (("purchases", "owed_since"), ("purchase_refunds", "try_at"))


def upgrade() -> None:
    for table, column in ADDED:
        op.add_column(table, column)
        op.alter_column(table, column.name, server_default=None)
    for table, name in MOMENTS:
        op.add_column(table, sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.drop_column("parts_orders", "payment_method")


def downgrade() -> None:
    op.add_column("parts_orders", sa.Column("payment_method", sa.Text(), nullable=False, server_default=""))
    op.alter_column("parts_orders", "payment_method", server_default=None)
    for table, name in MOMENTS:
        op.drop_column(table, name)
    for table, column in ADDED:
        op.drop_column(table, column.name)
