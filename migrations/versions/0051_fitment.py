"""Which cars a parts shop's numbers fit, and which number has taken another's place."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_table(
        "fitments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("year_from", sa.SmallInteger(), nullable=True),
        sa.Column("year_to", sa.SmallInteger(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("excludes", sa.Boolean(), nullable=False),
        sa.Column("sameness", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fitments")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_fitments_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "sameness", name=op.f("uq_fitments_tenant_id_sameness")),
    )
    op.create_index("ix_fitments_tenant_id_number_key", "fitments", ["tenant_id", "number_key"], unique=False)
    op.create_table(
        "supersessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("make_key", sa.Text(), nullable=False),
        sa.Column("old_number", sa.Text(), nullable=False),
        sa.Column("old_key", sa.Text(), nullable=False),
        sa.Column("new_number", sa.Text(), nullable=False),
        sa.Column("new_key", sa.Text(), nullable=False),
        sa.Column("both_ways", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supersessions")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_supersessions_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "make_key",
            "old_key",
            "new_key",
            name=op.f("uq_supersessions_tenant_id_make_key_old_key_new_key"),
        ),
    )
    op.create_index(
        "ix_supersessions_tenant_id_old_key", "supersessions", ["tenant_id", "old_key"], unique=False
    )
    op.create_index(
        "ix_supersessions_tenant_id_new_key", "supersessions", ["tenant_id", "new_key"], unique=False
    )
    op.create_table(
        "list_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_uploads")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_list_uploads_tenant_id_id")),
    )
    rls.apply(op.execute, "list_uploads", "tenant")
    rls.apply(op.execute, "fitments", "tenant")
    rls.apply(op.execute, "supersessions", "tenant")


def downgrade() -> None:
    op.drop_table("list_uploads")
    op.drop_table("supersessions")
    op.drop_table("fitments")
