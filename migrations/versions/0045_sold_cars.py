"""Since when a car belongs to somebody else than the customer who brought it."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.add_column("customer_vehicles", sa.Column("sold_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("customer_vehicles", "sold_at")
