"""A file that is taken out leaves the mileage to the readings that are left.

Revision ID: 0063
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.drop_column("history_files", "mileage_before_at")
    op.drop_column("history_files", "mileage_before_km")


def downgrade() -> None:
    op.add_column("history_files", sa.Column("mileage_before_km", sa.BigInteger(), nullable=True))
    op.add_column("history_files", sa.Column("mileage_before_at", sa.DateTime(timezone=True), nullable=True))
