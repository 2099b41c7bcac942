"""What a driver keeps of a car beside its facts: battery, purchase, service, telematics. And whoever's account a
customer has is written to there, whatever the shop's own record says: a shop that tries addresses learns nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

MAIL = """
    CREATE OR REPLACE FUNCTION mail_of_customer(customer uuid) RETURNS TABLE (email text, is_account boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT CASE WHEN goes.is_account {unless} THEN '' ELSE c.email END,
               goes.is_account
          FROM customers c
          LEFT JOIN users u ON u.id = c.user_id AND u.is_active
         CROSS JOIN LATERAL (
               SELECT u.id IS NOT NULL AND (u.email_verified_at IS NOT NULL OR c.email = '')
               ) AS goes(is_account)
         WHERE c.id = customer AND c.tenant_id = app_tenant()
    $$
"""


def upgrade() -> None:
    op.add_column("vehicles", sa.Column("battery_type", sa.Text(), nullable=False, server_default=""))
    op.alter_column("vehicles", "battery_type", server_default=None)
    op.add_column("vehicles", sa.Column("purchase_date", sa.Date(), nullable=True))
    op.add_column("vehicles", sa.Column("last_maintenance_date", sa.Date(), nullable=True))
    op.add_column("vehicles", sa.Column("next_maintenance_due", sa.Date(), nullable=True))
    op.add_column("vehicles", sa.Column("next_maintenance_km", sa.BigInteger(), nullable=True))
    op.add_column("vehicles", sa.Column("telematics_id", sa.Text(), nullable=False, server_default=""))
    op.alter_column("vehicles", "telematics_id", server_default=None)
    op.execute(MAIL.format(unless=""))


def downgrade() -> None:
    op.execute(MAIL.format(unless="AND lower(u.email) <> lower(c.email)"))
    for name in (
        "telematics_id", "next_maintenance_km", "next_maintenance_due", "last_maintenance_date", "purchase_date",
        "battery_type",
    ):  # fmt: skip
        op.drop_column("vehicles", name)
