"""Credit notes over parts of an invoice, refunds that name theirs; and for which fuels a service is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column(
        "invoices", sa.Column("credited_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.alter_column("invoices", "credited_minor", server_default=None)
    op.execute("UPDATE invoices SET credited_minor = total_minor WHERE status = 'credited'")
    op.drop_constraint(op.f("ck_invoices_never_overpaid"), "invoices", type_="check")
    op.create_check_constraint(
        op.f("ck_invoices_never_overpaid"),
        "invoices",
        "paid_minor >= 0 AND credited_minor >= 0 AND paid_minor + credited_minor <= total_minor",
    )
    op.drop_constraint(op.f("uq_credit_notes_tenant_id_invoice_id"), "credit_notes", type_="unique")
    op.create_index("ix_credit_notes_invoice", "credit_notes", ["tenant_id", "invoice_id"], unique=False)
    op.add_column("refunds", sa.Column("credit_note_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_refunds_tenant_id_credit_note_id"),
        "refunds",
        "credit_notes",
        ["tenant_id", "credit_note_id"],
        ["tenant_id", "id"],
    )
    op.add_column(
        "services", sa.Column("fuels", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}")
    )
    op.alter_column("services", "fuels", server_default=None)
    # What the categories alone decided until now is written down where it was so.
    op.execute(
        "UPDATE services SET fuels = '{hybrid,plug_in_hybrid,electric,other}'"
        " WHERE category IN ('motor', 'charging', 'hv')"
    )
    op.execute(
        "UPDATE services SET fuels = '{gasoline,diesel,hybrid,plug_in_hybrid,other}'"
        " WHERE category IN ('oil', 'engine')"
    )


def downgrade() -> None:
    op.drop_column("services", "fuels")
    op.drop_constraint(op.f("fk_refunds_tenant_id_credit_note_id"), "refunds", type_="foreignkey")
    op.drop_column("refunds", "credit_note_id")
    op.drop_index("ix_credit_notes_invoice", "credit_notes")
    op.create_unique_constraint(
        op.f("uq_credit_notes_tenant_id_invoice_id"), "credit_notes", ["tenant_id", "invoice_id"]
    )
    op.drop_constraint(op.f("ck_invoices_never_overpaid"), "invoices", type_="check")
    op.create_check_constraint(
        op.f("ck_invoices_never_overpaid"), "invoices", "paid_minor >= 0 AND paid_minor <= total_minor"
    )
    op.drop_column("invoices", "credited_minor")
