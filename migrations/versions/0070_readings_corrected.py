"""Readings that people of the garage wrote can be corrected and taken out again.

Revision ID: 0070
Revises: 0067
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"

MEMBER = "vehicle_id IN (SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL{})"
DRIVES = MEMBER.format(" AND o.role <> 'reader'")
OWNS = MEMBER.format(" AND o.role = 'owner'")
# What a shop, a file or the car itself said stays as it was said.
WRITTEN = (
    "import_id IS NULL AND source IN ('owner', 'logbook') "
    f"AND ({OWNS} OR (actor_id = (SELECT app_user()) AND {DRIVES}))"
)
BROUGHT = "import_id IS NOT NULL AND EXISTS (SELECT 1 FROM history_files f WHERE f.id = odometer_readings.import_id)"


def _policies(changes: str, removes: str) -> None:
    op.execute("DROP POLICY odometer_readings_changes ON odometer_readings")
    op.execute("DROP POLICY odometer_readings_removes ON odometer_readings")
    op.execute(
        f"CREATE POLICY odometer_readings_changes ON odometer_readings FOR UPDATE USING ({changes}) WITH CHECK ({changes})"
    )
    op.execute(f"CREATE POLICY odometer_readings_removes ON odometer_readings FOR DELETE USING ({removes})")


def upgrade() -> None:
    op.add_column(
        "odometer_readings", sa.Column("version", sa.BigInteger(), nullable=False, server_default="1")
    )
    _policies(WRITTEN, f"({BROUGHT}) OR ({WRITTEN})")


def downgrade() -> None:
    _policies("false", BROUGHT)
    op.drop_column("odometer_readings", "version")
