"""Refunds as rows of their own, disputes that end, and credit notes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for column in ("lost_minor", "dispute_stage"):
        op.add_column("payments", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
        op.alter_column("payments", column, server_default=None)
    op.drop_constraint(op.f("ck_payments_refunded"), "payments", type_="check")
    op.create_check_constraint(
        op.f("ck_payments_refunded"),
        "payments",
        "refunded_minor >= 0 AND lost_minor >= 0 AND refunded_minor + lost_minor <= amount_minor",
    )
    op.create_index(
        "ix_payments_transaction_ref",
        "payments",
        ["provider", "transaction_ref"],
        unique=False,
        postgresql_where=sa.text("transaction_ref <> ''"),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_refunds_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_refunds_tenant_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_refunds_tenant_id_id")),
    )
    op.create_index("ix_refunds_payment", "refunds", ["tenant_id", "payment_id"], unique=False)
    op.create_index(
        "ix_refunds_pending",
        "refunds",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_credit_notes_created_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_credit_notes_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_credit_notes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_credit_notes_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "invoice_id", name=op.f("uq_credit_notes_tenant_id_invoice_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_credit_notes_tenant_id_number")),
    )
    op.create_index("ix_credit_notes_user_id", "credit_notes", ["user_id"], unique=False)
    rls.apply(op.execute, "refunds", "child", parent="payments", via="payment_id")
    rls.apply(op.execute, "credit_notes", "shared")
    op.execute("""
        CREATE TRIGGER credit_notes_in_ink BEFORE UPDATE OR DELETE ON credit_notes
        FOR EACH ROW EXECUTE FUNCTION written_in_ink()
    """)
    # News of a dispute carry neither our reference nor the checkout, only the charge.
    op.execute("DROP FUNCTION payment_home(text, text, text, uuid)")
    op.execute("""
        CREATE FUNCTION payment_home(which text, account text, ref text, reference uuid, transaction text)
        RETURNS TABLE (payment_id uuid, tenant_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id, user_id FROM payments
             WHERE provider = which AND provider_account = account
               AND (id = reference OR (provider_ref <> '' AND provider_ref = ref)
                    OR (transaction_ref <> '' AND transaction_ref = transaction))
        $$
    """)
    op.execute("""
        CREATE FUNCTION undecided_refunds(begun_before timestamptz)
        RETURNS TABLE (refund_id uuid, payment_id uuid, tenant_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT r.id, p.id, p.tenant_id, p.user_id
              FROM refunds r JOIN payments p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
             WHERE r.status = 'pending' AND r.created_at < begun_before ORDER BY r.created_at LIMIT 200
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION undecided_refunds(timestamptz)")
    op.execute("DROP FUNCTION payment_home(text, text, text, uuid, text)")
    op.execute("""
        CREATE FUNCTION payment_home(which text, account text, ref text, reference uuid)
        RETURNS TABLE (payment_id uuid, tenant_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id, user_id FROM payments
             WHERE provider = which AND provider_account = account
               AND (id = reference OR (provider_ref <> '' AND provider_ref = ref))
        $$
    """)
    op.drop_table("credit_notes")
    op.drop_table("refunds")
    op.drop_index("ix_payments_transaction_ref", "payments")
    op.drop_constraint(op.f("ck_payments_refunded"), "payments", type_="check")
    op.create_check_constraint(
        op.f("ck_payments_refunded"), "payments", "refunded_minor >= 0 AND refunded_minor <= amount_minor"
    )
    for column in ("lost_minor", "dispute_stage"):
        op.drop_column("payments", column)
