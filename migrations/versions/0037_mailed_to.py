"""Where a customer's mail goes, without the address of an account that their shop does not know."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION mail_of_customer(customer uuid) RETURNS TABLE (email text, is_account boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT CASE WHEN goes.is_account AND lower(u.email) <> lower(c.email) THEN '' ELSE c.email END,
                   goes.is_account
              FROM customers c
              LEFT JOIN users u ON u.id = c.user_id AND u.is_active
             CROSS JOIN LATERAL (
                   SELECT u.id IS NOT NULL AND (u.email_verified_at IS NOT NULL OR c.email = '')
                   ) AS goes(is_account)
             WHERE c.id = customer AND c.tenant_id = app_tenant()
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION mail_of_customer(uuid)")
