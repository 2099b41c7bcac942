"""Free times are looked for among what is still to come, not among all that ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column(
        "occupations",
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            sa.Computed("upper(during)", persisted=True),
            nullable=False,
        ),
    )
    op.drop_index("ix_occupations_resource", "occupations")
    op.create_index(
        "ix_occupations_end", "occupations", ["tenant_id", "ends_at"], postgresql_where=sa.text("is_active")
    )


def downgrade() -> None:
    op.drop_index("ix_occupations_end", "occupations")
    op.create_index("ix_occupations_resource", "occupations", ["tenant_id", "resource_id"])
    op.drop_column("occupations", "ends_at")
