"""What is still open of card payments is asked about, which payout holds each, and a fee for one business."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.add_column("payments", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payments", sa.Column("payout_ref", sa.Text(), nullable=False, server_default=""))
    op.alter_column("payments", "payout_ref", server_default=None)
    op.add_column("payments", sa.Column("payout_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_payments_taken_by_card",
        "payments",
        ["processed_at"],
        unique=False,
        postgresql_where=sa.text(
            "provider <> 'cash'"
            " AND status IN ('completed', 'partially_refunded', 'disputed', 'refunded', 'lost')"
        ),
    )
    op.create_index(
        "ix_payments_payout",
        "payments",
        ["tenant_id", "payout_ref"],
        unique=False,
        postgresql_where=sa.text("payout_ref <> ''"),
    )
    op.create_index(
        "ix_refunds_done",
        "refunds",
        ["decided_at"],
        unique=False,
        postgresql_where=sa.text("status = 'done' AND provider_ref <> ''"),
    )
    op.create_table(
        "business_fees",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_general", sa.Boolean(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("fixed_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "basis_points >= 0 AND basis_points <= 3000 AND fixed_minor >= 0",
            name=op.f("ck_business_fees_bounds"),
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["users.id"], name=op.f("fk_business_fees_set_by_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_business_fees_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_fees")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_business_fees_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "currency", "version", name=op.f("uq_business_fees_tenant_id_currency_version")
        ),
    )
    # by hand
    # A business reads what it pays; only the network sets it, and what was set stays in the history.
    rls.own_policies(
        op.execute, "business_fees", reads=f"{rls.TENANT} OR {rls.NETWORK}", adds=rls.NETWORK, changes="false"
    )
    op.execute("""
        CREATE TRIGGER business_fees_in_ink BEFORE UPDATE OR DELETE ON business_fees
        FOR EACH ROW EXECUTE FUNCTION written_in_ink()
    """)
    # Whose fee nobody knows yet: every half hour for a week. What may come back or is disputed: every day. All
    # others: every week, for as long as a payer may dispute. What was claimed is not handed out twice.
    op.execute("""
        CREATE FUNCTION payments_to_ask_about(at timestamptz)
        RETURNS TABLE (payment_id uuid, tenant_id uuid, user_id uuid)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
            WITH taken AS (
                SELECT id, asked_at, coalesce(asked_at, processed_at) AS heard_at, processed_at, fee_minor, status
                  FROM payments
                 WHERE provider <> 'cash'
                   AND status IN ('completed', 'partially_refunded', 'disputed', 'refunded', 'lost')
            ), due AS (
                SELECT id FROM taken
                 WHERE fee_minor = 0 AND processed_at > at - interval '7 days'
                   AND heard_at < at - interval '30 minutes'
                UNION SELECT id FROM taken WHERE status = 'disputed' AND heard_at < at - interval '1 day'
                UNION SELECT id FROM taken
                 WHERE processed_at > at - interval '120 days' AND heard_at < at - interval '7 days'
                UNION SELECT p.id FROM refunds r JOIN payments p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
                 WHERE r.status = 'done' AND r.provider_ref <> '' AND r.decided_at > at - interval '30 days'
                   AND greatest(p.asked_at, r.decided_at) < at - interval '1 day'
            ), chosen AS (
                SELECT p.id FROM payments p JOIN due ON due.id = p.id
                 ORDER BY p.asked_at NULLS FIRST, p.id LIMIT 200 FOR UPDATE OF p SKIP LOCKED
            )
            UPDATE payments p SET asked_at = at FROM chosen WHERE p.id = chosen.id
            RETURNING p.id, p.tenant_id, p.user_id
        $$
    """)
    op.execute("""
        CREATE FUNCTION accounts_with_payouts() RETURNS TABLE (tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT tenant_id FROM payment_accounts WHERE is_ready
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.execute("DROP FUNCTION accounts_with_payouts()")
    op.execute("DROP FUNCTION payments_to_ask_about(timestamptz)")
    op.drop_table("business_fees")
    op.drop_index("ix_refunds_done", "refunds")
    op.drop_index("ix_payments_payout", "payments")
    op.drop_index("ix_payments_taken_by_card", "payments")
    for column in ("payout_at", "payout_ref", "asked_at"):
        op.drop_column("payments", column)
