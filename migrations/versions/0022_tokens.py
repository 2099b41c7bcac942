"""Tokens of programs, and what is counted while Valkey is away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0022"
down_revision = "0021"

OWN = f"({rls.PERSON} AND tenant_id IS NULL) OR {rls.TENANT}"


def upgrade() -> None:
    op.create_table(
        "rate_counts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_counts")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("center_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_by_name", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_api_tokens_made_by_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_api_tokens_tenant_id_center_id"),
        ),
        sa.CheckConstraint("(user_id IS NULL) <> (tenant_id IS NULL)", name=op.f("ck_api_tokens_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"], unique=False)
    op.create_index("ix_api_tokens_tenant_id", "api_tokens", ["tenant_id"], unique=False)
    # by hand
    rls.own_policies(op.execute, "api_tokens", reads=OWN, adds=OWN, changes=OWN)
    # Who is asking with a token, in one round trip, like enter_person. A shop's token works for its center.
    op.execute("""
        CREATE FUNCTION enter_token(hash bytea, at timestamptz)
        RETURNS TABLE (token_id uuid, name text, scopes text[], last_used_at timestamptz, user_id uuid,
                       tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        DECLARE
            known api_tokens;
        BEGIN
            SELECT * INTO known FROM api_tokens t
             WHERE t.token_hash = hash AND t.revoked_at IS NULL AND t.expires_at > at;
            IF known.id IS NULL THEN RETURN; END IF;
            IF known.user_id IS NOT NULL THEN
                RETURN QUERY SELECT known.id, known.name, known.scopes, known.last_used_at,
                                    p.user_id, p.tenant_id, p.center_id, p.facts, p.roles
                               FROM enter_person(known.user_id, known.center_id) p;
                RETURN;
            END IF;
            IF NOT EXISTS (SELECT 1 FROM tenants t WHERE t.id = known.tenant_id AND t.is_active) THEN
                RETURN;
            END IF;
            PERFORM set_config('app.user', '', true), set_config('app.network', '', true),
                    set_config('app.tenant', known.tenant_id::text, true);
            RETURN QUERY SELECT known.id, known.name, known.scopes, known.last_used_at, NULL::uuid,
                                known.tenant_id, known.center_id, NULL::jsonb, NULL::jsonb;
        END $$
    """)
    # A row is its owner's to write, but who asks may be somebody else by now: only the stamp is set here.
    op.execute("""
        CREATE FUNCTION token_used(token uuid, at timestamptz) RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            UPDATE api_tokens SET last_used_at = at WHERE id = token
        $$
    """)
    # The addresses of a shop's own people, for those who look after them.
    op.execute("""
        CREATE FUNCTION staff_addresses() RETURNS TABLE (user_id uuid, email text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT u.id, u.email FROM users u JOIN staff_profiles p ON p.user_id = u.id
             WHERE p.tenant_id = app_tenant()
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.drop_table("api_tokens")
    op.drop_table("rate_counts")
