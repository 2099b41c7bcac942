"""Tenants, centers, bays, staff."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "service_centers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("distance_unit", sa.Text(), nullable=False),
        sa.Column("tax_name", sa.Text(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("labor_rate_minor", sa.BigInteger(), nullable=False),
        sa.Column("working_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("slot_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("notice_minutes", sa.BigInteger(), nullable=False),
        sa.Column("horizon_days", sa.SmallInteger(), nullable=False),
        sa.Column("cancel_hours", sa.SmallInteger(), nullable=False),
        sa.Column("confirm_by_hand", sa.Boolean(), nullable=False),
        sa.Column("invoice_series", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_service_centers_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_centers")),
        sa.UniqueConstraint("slug", name=op.f("uq_service_centers_slug")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_service_centers_tenant_id_id")),
    )
    op.create_index("ix_service_centers_active", "service_centers", ["is_active"], unique=False)
    op.create_table(
        "user_roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("service_center_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_user_roles_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_roles")),
        sa.UniqueConstraint(
            "tenant_id",
            "user_id",
            "service_center_id",
            "role",
            name=op.f("uq_user_roles_tenant_id_user_id_service_center_id_role"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_user_roles_user_id", "user_roles", ["user_id"], unique=False)
    op.create_table(
        "bays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capabilities", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("buffer_before_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("buffer_after_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_bays_tenant_id_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bays")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_bays_tenant_id_id")),
    )
    op.create_table(
        "hours_exceptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("intervals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_hours_exceptions_tenant_id_center_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_exceptions")),
        sa.UniqueConstraint(
            "tenant_id", "center_id", "day", name=op.f("uq_hours_exceptions_tenant_id_center_id_day")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_hours_exceptions_tenant_id_id")),
    )
    op.create_table(
        "staff_profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_technician", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_staff_profiles_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_profiles_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_profiles")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_staff_profiles_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "user_id", name=op.f("uq_staff_profiles_tenant_id_user_id")),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_absences_tenant_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_absences_tenant_id_id")),
    )
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"],
            ["staff_profiles.tenant_id", "staff_profiles.id"],
            name=op.f("fk_shifts_tenant_id_staff_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_shifts_tenant_id_id")),
    )
    rls.apply(op.execute, "service_centers", "published")
    rls.apply(op.execute, "bays", "tenant")
    rls.apply(op.execute, "hours_exceptions", "published")
    rls.apply(op.execute, "staff_profiles", "tenant")
    rls.apply(op.execute, "absences", "tenant")
    rls.apply(op.execute, "shifts", "tenant")
    # by hand
    rls.own_policies(
        op.execute,
        "tenants",
        reads="true",
        adds=rls.NETWORK,
        changes=f"id = (SELECT app_tenant()) OR {rls.NETWORK}",
    )
    rls.own_policies(
        op.execute,
        "user_roles",
        reads=f"{rls.TENANT} OR {rls.PERSON} OR {rls.NETWORK}",
        adds=f"{rls.TENANT} OR {rls.NETWORK}",
        changes=f"{rls.TENANT} OR {rls.NETWORK}",
    )
    # Who is asking, in one round trip: sets the row-level security of the transaction and returns the
    # person's own facts.
    op.execute("""
        CREATE FUNCTION enter_person(person uuid, center uuid)
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
              INTO held
              FROM user_roles r LEFT JOIN tenants t ON t.id = r.tenant_id
             WHERE r.user_id = person AND coalesce(t.is_active, true);
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
        RETURNS TABLE (session_id uuid, last_seen_at timestamptz, user_id uuid, tenant_id uuid, center_id uuid,
                       facts jsonb, roles jsonb)
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            SELECT s.id, s.last_seen_at, p.user_id, p.tenant_id, p.center_id, p.facts, p.roles
              FROM sessions s CROSS JOIN LATERAL enter_person(s.user_id, s.center_id) p
             WHERE s.token_hash = hash AND s.expires_at > at
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.drop_table("shifts")
    op.drop_table("absences")
    op.drop_table("staff_profiles")
    op.drop_table("hours_exceptions")
    op.drop_table("bays")
    op.drop_table("user_roles")
    op.drop_table("service_centers")
    op.drop_table("tenants")
