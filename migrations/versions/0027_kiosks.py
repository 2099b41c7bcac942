"""A workshop's tablets, at which technicians change places by PIN; from where a business lets its owners in."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "kiosks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("idle_minutes", sa.BigInteger(), nullable=False),
        sa.Column("set_up_by_name", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_kiosks_tenant_id_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosks")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_kiosks_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_kiosks_token_hash")),
    )
    op.create_table(
        "kiosk_pins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_kiosk_pins_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_pins")),
        sa.UniqueConstraint("user_id", name=op.f("uq_kiosk_pins_user_id")),
    )
    op.create_table(
        "allowed_networks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowed_networks")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_allowed_networks_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "network", name=op.f("uq_allowed_networks_tenant_id_network")),
    )
    rls.apply(op.execute, "allowed_networks", "tenant")
    op.add_column("sessions", sa.Column("kiosk_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_sessions_kiosk_id"), "sessions", "kiosks", ["kiosk_id"], ["id"])
    op.create_index(op.f("ix_sessions_kiosk_id"), "sessions", ["kiosk_id"], unique=False)
    rls.apply(op.execute, "kiosks", "tenant")
    rls.apply(op.execute, "kiosk_pins", "person")
    # by hand
    op.execute("""
        CREATE FUNCTION kiosk_by_token(hash bytea) RETURNS TABLE (kiosk_id uuid, tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT k.id, k.tenant_id FROM kiosks k JOIN tenants t ON t.id = k.tenant_id
             WHERE k.token_hash = hash AND k.ended_at IS NULL AND t.is_active
        $$
    """)
    # Who may change in at a kiosk: the technicians of its center, by name; whether they have a PIN is theirs to
    # read alone, so only that much is said of it.
    op.execute("""
        CREATE FUNCTION kiosk_crew(center uuid)
        RETURNS TABLE (staff_id uuid, user_id uuid, name text, title text, has_pin boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT p.id, p.user_id, p.name, p.title,
                   EXISTS (SELECT 1 FROM kiosk_pins n WHERE n.user_id = p.user_id)
              FROM staff_profiles p JOIN users u ON u.id = p.user_id
             WHERE p.tenant_id = app_tenant() AND p.center_id = center
               AND p.is_active AND p.is_technician AND u.is_active
               AND EXISTS (SELECT 1 FROM roles_held(p.user_id) r
                            WHERE r.role = 'technician' AND r.tenant_id = p.tenant_id
                              AND coalesce(r.service_center_id, center) = center)
             ORDER BY lower(p.name)
        $$
    """)
    # As before, but at a kiosk a person is the technician of its center and nothing else, whatever they may do
    # elsewhere; and when the kiosk is ended, so is the session.
    op.execute("DROP FUNCTION enter_session(bytea, timestamptz)")
    op.execute("""
        CREATE FUNCTION enter_session(hash bytea, at timestamptz)
        RETURNS TABLE (session_id uuid, began_at timestamptz, last_seen_at timestamptz, proved_at timestamptz,
                       kiosk_id uuid, kiosk_name text, idle_minutes bigint,
                       user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        DECLARE
            open sessions;
            place kiosks;
            held jsonb;
        BEGIN
            SELECT * INTO open FROM sessions s WHERE s.token_hash = hash AND s.expires_at > at;
            IF open.id IS NULL THEN RETURN; END IF;
            IF open.kiosk_id IS NULL THEN
                RETURN QUERY SELECT open.id, open.created_at, open.last_seen_at, open.proved_at,
                                    NULL::uuid, NULL::text, NULL::bigint,
                                    p.user_id, p.tenant_id, p.center_id, p.facts, p.roles
                               FROM enter_person(open.user_id, open.center_id) p;
                RETURN;
            END IF;
            SELECT * INTO place FROM kiosks k WHERE k.id = open.kiosk_id AND k.ended_at IS NULL;
            IF place.id IS NULL THEN RETURN; END IF;
            SELECT jsonb_agg(jsonb_build_object(
                       'role', r.role, 'tenant_id', r.tenant_id, 'center_id', r.service_center_id))
              INTO held FROM roles_held(open.user_id) r
             WHERE r.role = 'technician' AND r.tenant_id = place.tenant_id
               AND coalesce(r.service_center_id, place.center_id) = place.center_id;
            IF held IS NULL THEN RETURN; END IF;
            RETURN QUERY SELECT open.id, open.created_at, open.last_seen_at, open.proved_at,
                                place.id, place.name, place.idle_minutes,
                                p.user_id, p.tenant_id, p.center_id, p.facts, held
                           FROM enter_person(open.user_id, place.center_id) p;
            PERFORM set_config('app.network', '', true);
        END $$
    """)
    op.execute("DROP FUNCTION open_sessions(uuid[], timestamptz)")
    op.execute("""
        CREATE FUNCTION open_sessions(ids uuid[], at timestamptz) RETURNS TABLE (id uuid, roles jsonb)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT s.id, coalesce((
                       SELECT jsonb_agg(jsonb_build_object(
                                  'role', r.role, 'tenant_id', r.tenant_id, 'center_id', r.service_center_id))
                         FROM roles_held(s.user_id) r
                        WHERE k.id IS NULL OR (r.role = 'technician' AND r.tenant_id = k.tenant_id
                              AND coalesce(r.service_center_id, k.center_id) = k.center_id)), '[]')
              FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN kiosks k ON k.id = s.kiosk_id
             WHERE s.id = ANY (ids) AND s.expires_at > at AND u.is_active
               AND (k.id IS NULL OR (k.ended_at IS NULL
                    AND s.last_seen_at + make_interval(mins => k.idle_minutes::int) > at))
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.execute("DELETE FROM sessions WHERE kiosk_id IS NOT NULL")
    op.execute("DROP FUNCTION open_sessions(uuid[], timestamptz)")
    op.execute("DROP FUNCTION enter_session(bytea, timestamptz)")
    op.execute("DROP FUNCTION kiosk_crew(uuid)")
    op.execute("DROP FUNCTION kiosk_by_token(bytea)")
    op.drop_column("sessions", "kiosk_id")
    op.drop_table("allowed_networks")
    op.drop_table("kiosk_pins")
    op.drop_table("kiosks")
