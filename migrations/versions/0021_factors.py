"""Second factors: codes of an app, recovery codes, passkeys; half-way sign-ins; when a session last proved itself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0021"
down_revision = "0020"


def _of_a_person(table: str, *columns: sa.Column | sa.schema.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    rls.apply(op.execute, table, "person")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "email_proofs", sa.Column("changes_address", sa.Boolean(), nullable=False, server_default="false")
    )
    op.alter_column("email_proofs", "changes_address", server_default=None)
    _of_a_person(
        "one_time_codes",
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("user_id", name=op.f("uq_one_time_codes_user_id")),
    )
    _of_a_person(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    _of_a_person(
        "passkeys",
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_user_id"), "passkeys", ["user_id"], unique=False)
    _of_a_person(
        "half_ways",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("next", sa.Text(), nullable=False),
        sa.Column("for_program", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("token_hash", name=op.f("uq_half_ways_token_hash")),
    )
    op.create_index(op.f("ix_half_ways_user_id"), "half_ways", ["user_id"], unique=False)
    op.create_table(
        "passkey_challenges",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_passkey_challenges")),
    )
    op.create_index(
        op.f("ix_passkey_challenges_expires_at"), "passkey_challenges", ["expires_at"], unique=False
    )
    # by hand
    op.execute("""
        CREATE FUNCTION user_by_half_way(hash bytea) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT user_id FROM half_ways WHERE token_hash = hash
        $$
    """)
    op.execute("""
        CREATE FUNCTION user_by_passkey(credential bytea) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT user_id FROM passkeys WHERE credential_id = credential
        $$
    """)
    # Which of these sessions are still open, and the roles their people hold now: streams end by it.
    op.execute("""
        CREATE FUNCTION open_sessions(ids uuid[], at timestamptz) RETURNS TABLE (id uuid, roles jsonb)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT s.id, coalesce((
                       SELECT jsonb_agg(jsonb_build_object(
                                  'role', r.role, 'tenant_id', r.tenant_id, 'center_id', r.service_center_id))
                         FROM roles_held(s.user_id) r), '[]')
              FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = ANY (ids) AND s.expires_at > at AND u.is_active
        $$
    """)
    # What enter_person says of somebody, and whether they have a second factor and since when they are staff.
    op.execute("ALTER FUNCTION enter_person(uuid, uuid) RENAME TO enter_person_without_factors")
    op.execute("""
        CREATE FUNCTION enter_person(person uuid, center uuid)
        RETURNS TABLE (user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            SELECT p.user_id, p.tenant_id, p.center_id,
                   p.facts || jsonb_build_object(
                       'has_factor',
                       EXISTS (SELECT 1 FROM one_time_codes o WHERE o.user_id = person)
                       OR EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = person),
                       'staff_since', (SELECT min(r.created_at) FROM roles_held(person) r)),
                   p.roles
              FROM enter_person_without_factors(person, center) p
        $$
    """)
    op.execute("DROP FUNCTION enter_session(bytea, timestamptz)")
    op.execute("""
        CREATE FUNCTION enter_session(hash bytea, at timestamptz)
        RETURNS TABLE (session_id uuid, began_at timestamptz, last_seen_at timestamptz, proved_at timestamptz,
                       user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            SELECT s.id, s.created_at, s.last_seen_at, s.proved_at,
                   p.user_id, p.tenant_id, p.center_id, p.facts, p.roles
              FROM sessions s CROSS JOIN LATERAL enter_person(s.user_id, s.center_id) p
             WHERE s.token_hash = hash AND s.expires_at > at
        $$
    """)
    # end by hand


def downgrade() -> None:
    for table in ("passkey_challenges", "half_ways", "passkeys", "recovery_codes", "one_time_codes"):
        op.drop_table(table)
    op.drop_column("email_proofs", "changes_address")
    op.drop_column("sessions", "proved_at")
