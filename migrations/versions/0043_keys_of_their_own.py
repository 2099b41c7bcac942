"""A key for each customer, for words that the log keeps for ever, and one for each copy of a person's data."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "customer_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_customer_keys_tenant_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_keys")),
        sa.UniqueConstraint("tenant_id", "customer_id", name=op.f("uq_customer_keys_tenant_id_customer_id")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_customer_keys_tenant_id_id")),
    )
    rls.apply(op.execute, "customer_keys", "tenant")
    op.add_column("exports", sa.Column("sealing_key", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("exports", "sealing_key")
    op.drop_table("customer_keys")
