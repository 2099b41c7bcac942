"""A car's driver is reminded of its next service, once for each day it is due on."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.add_column("vehicles", sa.Column("reminded_of", sa.Date(), nullable=True))
    op.create_index(
        "ix_vehicles_next_maintenance_due",
        "vehicles",
        ["next_maintenance_due"],
        unique=False,
        postgresql_where=sa.text("next_maintenance_due IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_vehicles_next_maintenance_due",
        table_name="vehicles",
        postgresql_where=sa.text("next_maintenance_due IS NOT NULL"),
    )
    op.drop_column("vehicles", "reminded_of")
