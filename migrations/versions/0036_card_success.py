"""How many card payments went through, over every shop or at one, without anything else about them."""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION card_payments_since(since timestamptz)
        RETURNS TABLE (went_through bigint, declined bigint, failed bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT count(*) FILTER (WHERE status <> 'failed'),
                   count(*) FILTER (WHERE status = 'failed' AND provider_ref <> ''),
                   count(*) FILTER (WHERE status = 'failed' AND provider_ref = '')
              FROM payments
             WHERE method = 'card' AND processed_at >= since AND status NOT IN ('cancelled', 'expired')
               AND (app_network() OR tenant_id = app_tenant())
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION card_payments_since(timestamptz)")
