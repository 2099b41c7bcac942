"""The platform's fee on card payments, and refunds that a payer's bank sends back."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0040"
down_revision = "0039"

COLUMNS = ("returned_minor", "platform_fee_minor", "platform_fee_back_minor")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("payments", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
        op.alter_column("payments", column, server_default=None)
    op.create_check_constraint(op.f("ck_payments_returned"), "payments", "returned_minor >= 0")
    op.create_check_constraint(
        op.f("ck_payments_platform_fee"),
        "payments",
        "platform_fee_back_minor >= 0 AND platform_fee_back_minor <= platform_fee_minor"
        " AND platform_fee_minor <= amount_minor",
    )
    op.create_index(
        "ix_ledger_entries_platform_fees",
        "ledger_entries",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("account = 'platform_fees'"),
    )
    op.create_table(
        "platform_fees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("fixed_minor", sa.BigInteger(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "basis_points >= 0 AND basis_points <= 3000 AND fixed_minor >= 0",
            name=op.f("ck_platform_fees_bounds"),
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["users.id"], name=op.f("fk_platform_fees_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_fees")),
        sa.UniqueConstraint("currency", "version", name=op.f("uq_platform_fees_currency_version")),
    )
    # by hand
    # A shop reads what it pays; only the network sets it, and what was set stays in the history.
    rls.own_policies(op.execute, "platform_fees", reads="true", adds=rls.NETWORK, changes="false")
    op.execute("""
        CREATE TRIGGER platform_fees_in_ink BEFORE UPDATE OR DELETE ON platform_fees
        FOR EACH ROW EXECUTE FUNCTION written_in_ink()
    """)
    # end by hand


def downgrade() -> None:
    op.drop_table("platform_fees")
    op.drop_index("ix_ledger_entries_platform_fees", "ledger_entries")
    op.drop_constraint(op.f("ck_payments_platform_fee"), "payments", type_="check")
    op.drop_constraint(op.f("ck_payments_returned"), "payments", type_="check")
    for column in COLUMNS:
        op.drop_column("payments", column)
