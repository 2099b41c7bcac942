"""Tax rates finer than a hundredth of a percent: New York charges 8.875."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

TABLES = ("service_centers", "job_lines", "estimate_lines", "invoice_lines")


def upgrade() -> None:
    for table in TABLES:
        op.alter_column(table, "tax_rate", type_=sa.Numeric(12, 6))


def downgrade() -> None:
    for table in TABLES:
        op.alter_column(table, "tax_rate", type_=sa.Numeric(12, 4))
