"""Customers of a shop."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("tax_exempt", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_customers_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_customers_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_customers_tenant_id_number")),
    )
    op.create_index(
        "ix_customers_tenant_id_email",
        "customers",
        ["tenant_id", sa.text("lower(email)")],
        unique=False,
    )
    op.create_index(
        "ix_customers_tenant_id_user_id",
        "customers",
        ["tenant_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_table(
        "customer_vehicles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_customer_vehicles_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_customer_vehicles_vehicle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_vehicles")),
        sa.UniqueConstraint(
            "tenant_id",
            "customer_id",
            "vehicle_id",
            name=op.f("uq_customer_vehicles_tenant_id_customer_id_vehicle_id"),
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_customer_vehicles_tenant_id_id")),
    )
    op.create_index(
        "ix_customer_vehicles_vehicle_id", "customer_vehicles", ["tenant_id", "vehicle_id"], unique=False
    )
    rls.apply(op.execute, "customers", "shared")
    rls.apply(op.execute, "customer_vehicles", "child", parent="customers", via="customer_id")
    # by hand
    # end by hand


def downgrade() -> None:
    op.drop_table("customer_vehicles")
    op.drop_table("customers")
