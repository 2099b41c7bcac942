"""Of a driver: the date of birth and the workshop they prefer. Of who works at one: certificates."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("users", sa.Column("date_of_birth", sa.Date(), nullable=True))
    op.add_column("users", sa.Column("preferred_center_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_users_preferred_center_id"), "users", "service_centers", ["preferred_center_id"], ["id"]
    )
    op.create_table(
        "staff_certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_staff_certificates_tenant_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_certificates")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_staff_certificates_tenant_id_id")),
    )
    rls.apply(op.execute, "staff_certificates", "tenant")


def downgrade() -> None:
    op.drop_table("staff_certificates")
    op.drop_constraint(op.f("fk_users_preferred_center_id"), "users")
    op.drop_column("users", "preferred_center_id")
    op.drop_column("users", "date_of_birth")
