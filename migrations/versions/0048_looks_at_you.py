"""A person's copy says when a shop's staff opened their customer card or an invoice of theirs."""

from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    # The trail is the shop's and whoever looked's; of who looked the person learns only the shop.
    op.execute("""
        CREATE FUNCTION looks_at_me() RETURNS TABLE (at timestamptz, what text, shop text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT l.created_at, l.action::text, t.name::text
              FROM (SELECT c.id, c.tenant_id FROM customers c WHERE c.user_id = app_user()
                    UNION ALL
                    SELECT i.id, i.tenant_id FROM invoices i WHERE i.user_id = app_user()) mine
              JOIN audit_logs l ON l.entity_id = mine.id::text AND l.tenant_id = mine.tenant_id
              JOIN tenants t ON t.id = l.tenant_id
             WHERE l.action IN ('read.customer', 'read.invoice_pdf') AND l.user_id <> app_user()
             ORDER BY l.id
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION looks_at_me()")
