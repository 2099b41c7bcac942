"""Proved addresses, invitations, and what ends when somebody stops working for a shop."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("users", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "email_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_email_proofs_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_proofs")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_proofs_token_hash")),
    )
    op.create_index(op.f("ix_email_proofs_user_id"), "email_proofs", ["user_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("invited_by_name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_invitations_tenant_id_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invitations_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    rls.apply(op.execute, "email_proofs", "person")
    rls.apply(op.execute, "invitations", "tenant")
    # by hand
    op.execute("""
        CREATE FUNCTION user_by_proof(hash bytea) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT user_id FROM email_proofs WHERE token_hash = hash
        $$
    """)
    op.execute("""
        CREATE FUNCTION invitation_by_token(hash bytea) RETURNS TABLE (id uuid, tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT i.id, i.tenant_id FROM invitations i WHERE i.token_hash = hash
        $$
    """)
    # The roles that count: not those at a closed business, nor at one the person has left.
    op.execute("""
        CREATE FUNCTION roles_held(person uuid)
        RETURNS TABLE (role text, tenant_id uuid, service_center_id uuid, created_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT r.role, r.tenant_id, r.service_center_id, r.created_at
              FROM user_roles r
              LEFT JOIN tenants t ON t.id = r.tenant_id
              LEFT JOIN staff_profiles p ON p.tenant_id = r.tenant_id AND p.user_id = r.user_id
             WHERE r.user_id = person AND coalesce(t.is_active, true) AND coalesce(p.is_active, true)
             ORDER BY r.created_at
        $$
    """)
    # Whoever employs a person may end what that person has open; nobody else's sessions can be touched.
    op.execute("""
        CREATE FUNCTION end_sessions_of(person uuid, at timestamptz) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        BEGIN
            IF NOT (app_network() OR person = app_user() OR EXISTS (
                    SELECT 1 FROM user_roles r WHERE r.user_id = person AND r.tenant_id = app_tenant())) THEN
                RAISE EXCEPTION 'not a person of this tenant';
            END IF;
            DELETE FROM sessions WHERE user_id = person;
            UPDATE refresh_tokens SET revoked_at = at WHERE user_id = person AND revoked_at IS NULL;
            UPDATE users SET tokens_valid_after = at WHERE id = person;
        END $$
    """)
    op.execute("DROP FUNCTION enter_session(bytea, timestamptz)")
    op.execute("""
        CREATE OR REPLACE FUNCTION enter_person(person uuid, center uuid)
        RETURNS TABLE (user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        DECLARE
            held jsonb;
            who jsonb;
            place uuid;
            business uuid;
        BEGIN
            SELECT to_jsonb(u) - 'password_hash' INTO who FROM users u WHERE u.id = person AND u.is_active;
            IF who IS NULL THEN RETURN; END IF;
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'role', r.role, 'tenant_id', r.tenant_id, 'center_id', r.service_center_id)
                       ORDER BY r.created_at), '[]')
              INTO held FROM roles_held(person) r;
            SELECT c.id, c.tenant_id INTO place, business
              FROM service_centers c
             WHERE c.id = center AND EXISTS (
                   SELECT 1 FROM jsonb_array_elements(held) r
                    WHERE (r ->> 'tenant_id')::uuid = c.tenant_id
                      AND coalesce((r ->> 'center_id')::uuid, c.id) = c.id);
            PERFORM set_config('app.user', person::text, true),
                    set_config('app.tenant', coalesce(business::text, ''), true),
                    set_config('app.network', CASE WHEN held @> '[{"role": "network_admin"}]' THEN 'on' ELSE '' END, true);
            RETURN QUERY SELECT person, business, place, who, held;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION enter_session(hash bytea, at timestamptz)
        RETURNS TABLE (session_id uuid, began_at timestamptz, last_seen_at timestamptz, user_id uuid,
                       tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            SELECT s.id, s.created_at, s.last_seen_at, p.user_id, p.tenant_id, p.center_id, p.facts, p.roles
              FROM sessions s CROSS JOIN LATERAL enter_person(s.user_id, s.center_id) p
             WHERE s.token_hash = hash AND s.expires_at > at
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.drop_table("invitations")
    op.drop_table("email_proofs")
    op.drop_column("users", "email_verified_at")
