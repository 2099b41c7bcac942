"""The network's role belongs to no business, and no business may give it."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_user_roles_network"), "user_roles", "(role = 'network_admin') = (tenant_id IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_user_roles_network"), "user_roles")
