"""Copies of everything about a person, and the erasure of accounts and of a shop's customers."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_exports_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_user_id", "exports", ["user_id"])
    op.create_index(
        "ix_exports_in_the_making",
        "exports",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    rls.apply(op.execute, "exports", "person")
    op.execute("""
        CREATE FUNCTION exports_to_look_after(now_is timestamptz, silent_since timestamptz)
        RETURNS TABLE(id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT e.id, e.user_id FROM exports e
             WHERE (e.status IN ('waiting', 'running') AND coalesce(e.worked_at, e.created_at) < silent_since)
                OR e.expires_at <= now_is
             ORDER BY e.created_at LIMIT 500
        $$
    """)
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_consents_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("user_id", "event_id", "kind", name=op.f("uq_consents_user_id_event_id_kind")),
    )
    op.create_index("ix_consents_user_id", "consents", ["user_id", "kind", "created_at"])
    rls.apply(op.execute, "consents", "person")
    op.execute(
        "CREATE TRIGGER consents_append_only BEFORE UPDATE OR DELETE ON consents "
        "FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    op.add_column("users", sa.Column("erase_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_users_erase_at", "users", ["erase_at"], postgresql_where=sa.text("erase_at IS NOT NULL")
    )
    op.add_column("email_proofs", sa.Column("old_email", sa.Text(), nullable=False, server_default=""))
    op.alter_column("email_proofs", "old_email", server_default=None)
    for column in ("erase_asked_at", "erased_at"):
        op.add_column("customers", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_customers_to_erase",
        "customers",
        ["tenant_id", "erase_asked_at"],
        postgresql_where=sa.text("erase_asked_at IS NOT NULL AND erased_at IS NULL"),
    )
    op.execute("""
        CREATE FUNCTION accounts_to_erase(now_is timestamptz) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT id FROM users WHERE erase_at <= now_is ORDER BY erase_at LIMIT 100
        $$
    """)
    op.execute("""
        CREATE FUNCTION customers_to_erase() RETURNS TABLE(customer_id uuid, tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT c.id, c.tenant_id FROM customers c
             WHERE c.erase_asked_at IS NOT NULL AND c.erased_at IS NULL ORDER BY c.erase_asked_at LIMIT 1000
        $$
    """)
    op.execute("""
        CREATE FUNCTION prune_messages(written_before timestamptz, at_most integer) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            lines bigint;
            letters bigint;
        BEGIN
            DELETE FROM notifications WHERE id IN (
                SELECT id FROM notifications WHERE created_at < least(written_before, now() - interval '365 days')
                 LIMIT at_most FOR UPDATE SKIP LOCKED);
            GET DIAGNOSTICS lines = ROW_COUNT;
            DELETE FROM mails WHERE id IN (
                SELECT id FROM mails WHERE created_at < least(written_before, now() - interval '365 days')
                 LIMIT at_most FOR UPDATE SKIP LOCKED);
            GET DIAGNOSTICS letters = ROW_COUNT;
            RETURN lines + letters;
        END $$
    """)
    # Cars of the transaction's own person that nobody else has anything to do with. Readings of the mileage are
    # written once and for all, so the application itself cannot take them away.
    op.execute("""
        CREATE FUNCTION erase_own_cars() RETURNS SETOF uuid
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            car uuid;
        BEGIN
            FOR car IN
                SELECT DISTINCT o.vehicle_id FROM ownerships o
                 WHERE o.user_id = app_user()
                   AND NOT EXISTS (SELECT 1 FROM ownerships x
                                    WHERE x.vehicle_id = o.vehicle_id AND x.user_id <> o.user_id)
                   AND NOT EXISTS (SELECT 1 FROM vehicle_grants x WHERE x.vehicle_id = o.vehicle_id)
                   AND NOT EXISTS (SELECT 1 FROM customer_vehicles x WHERE x.vehicle_id = o.vehicle_id)
                   AND NOT EXISTS (SELECT 1 FROM appointments x WHERE x.vehicle_id = o.vehicle_id)
                   AND NOT EXISTS (SELECT 1 FROM repair_orders x WHERE x.vehicle_id = o.vehicle_id)
                   AND NOT EXISTS (SELECT 1 FROM deferred_work x WHERE x.vehicle_id = o.vehicle_id)
            LOOP
                DELETE FROM odometer_readings WHERE vehicle_id = car;
                DELETE FROM ownerships WHERE vehicle_id = car;
                DELETE FROM vehicles WHERE id = car;
                RETURN NEXT car;
            END LOOP;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION erase_own_cars()")
    op.execute("DROP FUNCTION prune_messages(timestamptz, integer)")
    op.execute("DROP FUNCTION customers_to_erase()")
    op.execute("DROP FUNCTION accounts_to_erase(timestamptz)")
    op.drop_index("ix_customers_to_erase", table_name="customers")
    for column in ("erase_asked_at", "erased_at"):
        op.drop_column("customers", column)
    op.drop_column("email_proofs", "old_email")
    op.drop_index("ix_users_erase_at", table_name="users")
    op.drop_column("users", "erase_at")
    op.execute("DROP FUNCTION exports_to_look_after(timestamptz, timestamptz)")
    op.drop_table("consents")
    op.drop_table("exports")
