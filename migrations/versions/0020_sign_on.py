"""Identities that other sites vouch for, and sign-ins by them that are under way."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0020"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identities_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"], unique=False)
    op.create_table(
        "sign_ons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ons")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ons_token_hash")),
    )
    op.create_index("ix_sign_ons_expires_at", "sign_ons", ["expires_at"], unique=False)
    rls.apply(op.execute, "identities", "person")
    # by hand
    op.execute("""
        CREATE FUNCTION user_by_identity(of_issuer text, of_subject text) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT user_id FROM identities WHERE issuer = of_issuer AND subject = of_subject
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.execute("DROP FUNCTION user_by_identity(text, text)")
    op.drop_table("sign_ons")
    op.drop_table("identities")
