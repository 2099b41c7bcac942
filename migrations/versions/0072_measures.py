"""What a person pays with, and how they count consumption.

Revision ID: 0072
Revises: 0071
"""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    for column in ("currency", "fuel_unit"):
        op.add_column("users", sa.Column(column, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for column in ("fuel_unit", "currency"):
        op.drop_column("users", column)
