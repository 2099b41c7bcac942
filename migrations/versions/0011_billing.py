"""Invoices, payments, ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "number_series",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "series", name=op.f("pk_number_series")),
    )
    op.create_table(
        "payment_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account_ref", sa.Text(), nullable=False),
        sa.Column("is_ready", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_accounts")),
        sa.UniqueConstraint("provider", "account_ref", name=op.f("uq_payment_accounts_provider_account_ref")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payment_accounts_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "provider", name=op.f("uq_payment_accounts_tenant_id_provider")),
    )
    op.create_table(
        "webhook_events",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_webhook_events")),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "paid_minor >= 0 AND paid_minor <= total_minor", name=op.f("ck_invoices_never_overpaid")
        ),
        sa.CheckConstraint("total_minor = subtotal_minor + tax_minor", name=op.f("ck_invoices_adds_up")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_invoices_created_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_invoices_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_invoices_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_invoices_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_invoices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invoices_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "series", "number", name=op.f("uq_invoices_tenant_id_series_number")
        ),
    )
    op.create_index("ix_invoices_center", "invoices", ["tenant_id", "center_id", "issued_at"], unique=False)
    op.create_index(
        "ix_invoices_one_per_order",
        "invoices",
        ["tenant_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('cancelled', 'credited')"),
    )
    op.create_index("ix_invoices_status", "invoices", ["tenant_id", "status"], unique=False)
    op.create_index("ix_invoices_user_id", "invoices", ["user_id"], unique=False)
    op.create_table(
        "invoice_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_lines_tenant_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invoice_lines_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "position", name=op.f("uq_invoice_lines_tenant_id_invoice_id_position")
        ),
    )
    op.create_table(
        "pay_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_pay_links_tenant_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_links")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_pay_links_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pay_links_token_hash")),
    )
    op.create_index("ix_pay_links_invoice", "pay_links", ["tenant_id", "invoice_id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("provider_account", sa.Text(), nullable=False),
        sa.Column("transaction_ref", sa.Text(), nullable=False),
        sa.Column("checkout_url", sa.Text(), nullable=False),
        sa.Column("checkout_terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("tendered_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_with", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("gateway_response", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint(
            "credit_minor >= 0 AND credit_minor <= amount_minor", name=op.f("ck_payments_credit")
        ),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refunded_minor <= amount_minor", name=op.f("ck_payments_refunded")
        ),
        sa.ForeignKeyConstraint(["taken_by_id"], ["users.id"], name=op.f("fk_payments_taken_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payments_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payments_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payments_tenant_id_id")),
    )
    op.create_index("ix_payments_invoice", "payments", ["tenant_id", "invoice_id"], unique=False)
    op.create_index(
        "ix_payments_live",
        "payments",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("processed_at IS NULL"),
    )
    op.create_index(
        "ix_payments_provider_ref",
        "payments",
        ["provider", "provider_ref"],
        unique=True,
        postgresql_where=sa.text("provider_ref <> ''"),
    )
    op.create_index("ix_payments_user_id", "payments", ["user_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entries_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_ledger_entries_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_ledger_entries_tenant_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_ledger_entries_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "transaction_id",
            "account",
            "currency",
            name=op.f("uq_ledger_entries_tenant_id_transaction_id_account_currency"),
        ),
    )
    op.create_index("ix_ledger_entries_account", "ledger_entries", ["tenant_id", "account"], unique=False)
    op.create_index("ix_ledger_entries_invoice", "ledger_entries", ["tenant_id", "invoice_id"], unique=False)
    rls.apply(op.execute, "ledger_entries", "tenant")
    rls.apply(op.execute, "number_series", "tenant")
    rls.apply(op.execute, "payment_accounts", "tenant")
    rls.apply(op.execute, "invoices", "shared")
    rls.apply(op.execute, "invoice_lines", "child", parent="invoices", via="invoice_id")
    rls.apply(op.execute, "pay_links", "tenant")
    rls.apply(op.execute, "payments", "shared")
    # by hand
    # The owner's eyes: whoever books, the whole transaction is summed, not what a policy lets them see.
    op.execute("""
        CREATE FUNCTION ledger_balances() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM ledger_entries
                        WHERE tenant_id = NEW.tenant_id AND transaction_id = NEW.transaction_id
                        GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
                RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances()
    """)
    # What is booked or printed is corrected by another row, never in place.
    op.execute("""
        CREATE FUNCTION written_in_ink() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is written once and never changed', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in ("ledger_entries", "invoice_lines"):
        op.execute(f"""
            CREATE TRIGGER {table}_in_ink BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION written_in_ink()
        """)
    op.execute("""
        CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices
        FOR EACH ROW EXECUTE FUNCTION written_in_ink()
    """)
    op.execute("""
        CREATE TRIGGER invoices_in_ink BEFORE UPDATE ON invoices FOR EACH ROW
        WHEN ((OLD.tenant_id, OLD.center_id, OLD.order_id, OLD.customer_id, OLD.series, OLD.number, OLD.currency,
               OLD.subtotal_minor, OLD.tax_minor, OLD.total_minor, OLD.issued_at, OLD.due_at, OLD.content,
               OLD.content_hash)
              IS DISTINCT FROM
              (NEW.tenant_id, NEW.center_id, NEW.order_id, NEW.customer_id, NEW.series, NEW.number, NEW.currency,
               NEW.subtotal_minor, NEW.tax_minor, NEW.total_minor, NEW.issued_at, NEW.due_at, NEW.content,
               NEW.content_hash))
        EXECUTE FUNCTION written_in_ink()
    """)
    # Look-ups before anybody is known; they return ids only.
    op.execute("""
        CREATE FUNCTION pay_link_by_hash(hash bytea) RETURNS TABLE (link_id uuid, tenant_id uuid, invoice_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id, invoice_id FROM pay_links WHERE token_hash = hash
        $$
    """)
    op.execute("""
        CREATE FUNCTION payment_home(which text, account text, ref text, reference uuid)
        RETURNS TABLE (payment_id uuid, tenant_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id, user_id FROM payments
             WHERE provider = which AND provider_account = account
               AND (id = reference OR (provider_ref <> '' AND provider_ref = ref))
        $$
    """)
    op.execute("""
        CREATE FUNCTION payment_account_home(which text, account text) RETURNS TABLE (account_id uuid, tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id FROM payment_accounts WHERE provider = which AND account_ref = account
        $$
    """)
    op.execute("""
        CREATE FUNCTION tenants_with_overdue_invoices(at timestamptz) RETURNS TABLE (tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT DISTINCT tenant_id FROM invoices
             WHERE status IN ('issued', 'partially_paid') AND due_at < at
        $$
    """)
    op.execute("""
        CREATE FUNCTION undecided_payments(begun_before timestamptz)
        RETURNS TABLE (payment_id uuid, tenant_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id, user_id FROM payments
             WHERE processed_at IS NULL AND created_at < begun_before ORDER BY created_at LIMIT 200
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.drop_table("ledger_entries")
    op.drop_table("payments")
    op.drop_table("pay_links")
    op.drop_table("invoice_lines")
    op.drop_table("invoices")
    op.drop_table("webhook_events")
    op.drop_table("payment_accounts")
    op.drop_table("number_series")
    for function in (
        "written_in_ink()",
        "ledger_balances()",
        "pay_link_by_hash(bytea)",
        "payment_home(text, text, text, uuid)",
        "payment_account_home(text, text)",
        "tenants_with_overdue_invoices(timestamptz)",
        "undecided_payments(timestamptz)",
    ):
        op.execute(f"DROP FUNCTION {function}")
