"""How a shop words the mails to its customers, every change in ink."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "mail_words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mail", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_mail_words_tenant_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["users.id"], name=op.f("fk_mail_words_changed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_words")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_mail_words_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "mail",
            "language",
            "version",
            name=op.f("uq_mail_words_tenant_id_mail_language_version"),
        ),
    )
    # by hand
    rls.apply(op.execute, "mail_words", "tenant")
    # end by hand


def downgrade() -> None:
    op.drop_table("mail_words")
