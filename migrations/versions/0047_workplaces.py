"""Where a person may work, by name, with who they are; and where an open session works, for its streams."""

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION workplaces_of(person uuid) RETURNS jsonb
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'center_id', w.id, 'center', w.name, 'tenant_id', w.tenant_id, 'business', w.business)
                       ORDER BY w.business, w.name, w.id), '[]')
              FROM (SELECT DISTINCT c.id, c.name, c.tenant_id, t.name AS business
                      FROM roles_held(person) r
                      JOIN tenants t ON t.id = r.tenant_id
                      JOIN service_centers c ON c.tenant_id = t.id AND c.id = coalesce(r.service_center_id, c.id)) w
        $$
    """)
    op.execute("""
        CREATE OR REPLACE FUNCTION enter_person(person uuid, center uuid)
        RETURNS TABLE (user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            SELECT p.user_id, p.tenant_id, p.center_id,
                   p.facts || jsonb_build_object(
                       'has_factor',
                       EXISTS (SELECT 1 FROM one_time_codes o WHERE o.user_id = person)
                       OR EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = person),
                       'staff_since', (SELECT min(r.created_at) FROM roles_held(person) r),
                       'workplaces', CASE WHEN p.roles = '[]' THEN '[]'::jsonb ELSE workplaces_of(person) END),
                   p.roles
              FROM enter_person_without_factors(person, center) p
        $$
    """)
    op.execute("DROP FUNCTION open_sessions(uuid[], timestamptz)")
    op.execute("""
        CREATE FUNCTION open_sessions(ids uuid[], at timestamptz)
        RETURNS TABLE (id uuid, roles jsonb, center_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT s.id, coalesce((
                       SELECT jsonb_agg(jsonb_build_object(
                                  'role', r.role, 'tenant_id', r.tenant_id, 'center_id', r.service_center_id))
                         FROM roles_held(s.user_id) r
                        WHERE k.id IS NULL OR (r.role = 'technician' AND r.tenant_id = k.tenant_id
                              AND coalesce(r.service_center_id, k.center_id) = k.center_id)), '[]'),
                   (SELECT c.id FROM service_centers c
                     WHERE c.id = coalesce(k.center_id, s.center_id) AND EXISTS (
                           SELECT FROM roles_held(s.user_id) r
                            WHERE r.tenant_id = c.tenant_id AND coalesce(r.service_center_id, c.id) = c.id))
              FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN kiosks k ON k.id = s.kiosk_id
             WHERE s.id = ANY (ids) AND s.expires_at > at AND u.is_active
               AND (k.id IS NULL OR (k.ended_at IS NULL
                    AND s.last_seen_at + make_interval(mins => k.idle_minutes::int) > at))
        $$
    """)
    # end by hand


def downgrade() -> None:
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
    op.execute("""
        CREATE OR REPLACE FUNCTION enter_person(person uuid, center uuid)
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
    op.execute("DROP FUNCTION workplaces_of(uuid)")
