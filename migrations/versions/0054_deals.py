"""What was bought on the market is paid for, sent, and taken back; the books know purchases beside invoices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from app.core import rls

revision = "0054"
down_revision = "0053"

MOMENTS = ("confirm_by", "asked_at", "core_back_at")
WORDS = ("asked_reason", "answer", "handed_to")


def upgrade() -> None:
    for name in MOMENTS:
        op.add_column("purchases", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in WORDS:
        op.add_column("purchases", sa.Column(name, sa.Text(), nullable=False, server_default=""))
        op.alter_column("purchases", name, server_default=None)
    op.execute("""
        UPDATE purchases SET confirm_by = accepted_at + interval '1 day'
         WHERE status = 'accepted' AND payment_method = 'on_delivery'
    """)
    op.create_table(
        "purchase_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("provider_account", sa.Text(), nullable=False),
        sa.Column("transaction_ref", sa.Text(), nullable=False),
        sa.Column("checkout_url", sa.Text(), nullable=False),
        sa.Column("checkout_terms", JSONB(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.Column("lost_minor", sa.BigInteger(), nullable=False),
        sa.Column("dispute_stage", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("platform_fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("platform_fee_back_minor", sa.BigInteger(), nullable=False),
        sa.Column("payout_ref", sa.Text(), nullable=False),
        sa.Column("payout_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_with", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("gateway_response", JSONB(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("authorized_minor", sa.BigInteger(), nullable=False),
        sa.Column("authorized_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authorized_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capture_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("core_back_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_back_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_purchase_payments_amount")),
        sa.CheckConstraint(
            "captured_minor BETWEEN 0 AND amount_minor", name=op.f("ck_purchase_payments_captured")
        ),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND lost_minor >= 0 AND refunded_minor + lost_minor <= captured_minor",
            name=op.f("ck_purchase_payments_refunded"),
        ),
        sa.CheckConstraint(
            "returned_minor >= 0 AND credit_minor >= 0", name=op.f("ck_purchase_payments_returned")
        ),
        sa.CheckConstraint(
            "platform_fee_back_minor >= 0 AND platform_fee_back_minor <= platform_fee_minor"
            " AND platform_fee_minor <= amount_minor",
            name=op.f("ck_purchase_payments_platform_fee"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "purchase_id"],
            ["purchases.tenant_id", "purchases.id"],
            name=op.f("fk_purchase_payments_tenant_id_purchase_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_payments")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_purchase_payments_tenant_id_id")),
    )
    op.create_index(
        "ix_purchase_payments_one_live",
        "purchase_payments",
        ["tenant_id", "purchase_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('created', 'pending', 'requires_action', 'authorized')"),
    )
    op.create_index(
        "ix_purchase_payments_purchase", "purchase_payments", ["tenant_id", "purchase_id"], unique=False
    )
    op.create_index(
        "ix_purchase_payments_status", "purchase_payments", ["status", "created_at"], unique=False
    )
    op.create_index(
        "ix_purchase_payments_provider_ref",
        "purchase_payments",
        ["provider", "provider_ref"],
        unique=True,
        postgresql_where=sa.text("provider_ref <> ''"),
    )
    op.create_index(
        "ix_purchase_payments_transaction_ref",
        "purchase_payments",
        ["provider", "transaction_ref"],
        unique=False,
        postgresql_where=sa.text("transaction_ref <> ''"),
    )
    op.create_table(
        "purchase_refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("core_minor", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND core_minor BETWEEN 0 AND amount_minor",
            name=op.f("ck_purchase_refunds_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["purchase_payments.tenant_id", "purchase_payments.id"],
            name=op.f("fk_purchase_refunds_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "purchase_id"],
            ["purchases.tenant_id", "purchases.id"],
            name=op.f("fk_purchase_refunds_tenant_id_purchase_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_refunds")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_purchase_refunds_tenant_id_id")),
    )
    op.create_index(
        "ix_purchase_refunds_payment", "purchase_refunds", ["tenant_id", "payment_id"], unique=False
    )
    op.create_index(
        "ix_purchase_refunds_purchase", "purchase_refunds", ["tenant_id", "purchase_id"], unique=False
    )
    op.create_index(
        "ix_purchase_refunds_pending",
        "purchase_refunds",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.alter_column("ledger_entries", "invoice_id", nullable=True)
    op.add_column("ledger_entries", sa.Column("purchase_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("ck_ledger_entries_one_subject"),
        "ledger_entries",
        "(invoice_id IS NULL) <> (purchase_id IS NULL)",
    )
    op.create_index(
        "ix_ledger_entries_purchase",
        "ledger_entries",
        ["tenant_id", "purchase_id"],
        unique=False,
        postgresql_where=sa.text("purchase_id IS NOT NULL"),
    )
    for table in ("purchase_payments", "purchase_refunds"):
        rls.apply(op.execute, table, "child", parent="purchases", via="purchase_id")


def downgrade() -> None:
    op.drop_table("purchase_refunds")
    op.drop_table("purchase_payments")
    op.drop_index("ix_ledger_entries_purchase", "ledger_entries")
    op.drop_constraint(op.f("ck_ledger_entries_one_subject"), "ledger_entries")
    op.execute("ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_in_ink")
    op.execute("DELETE FROM ledger_entries WHERE purchase_id IS NOT NULL")
    op.execute("ALTER TABLE ledger_entries ENABLE TRIGGER ledger_entries_in_ink")
    op.drop_column("ledger_entries", "purchase_id")
    op.alter_column("ledger_entries", "invoice_id", nullable=False)
    for name in (*MOMENTS, *WORDS):
        op.drop_column("purchases", name)
