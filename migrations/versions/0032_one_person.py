"""A proved address: the shops that know it, and the cars they wrote down for it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    # Somebody may have booked before they proved the address under which the shop had written them down: then
    # both records are theirs.
    op.drop_index("ix_customers_tenant_id_user_id", table_name="customers")
    op.create_index(
        "ix_customers_tenant_id_user_id",
        "customers",
        ["tenant_id", "user_id"],
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_without_account",
        "customers",
        [sa.text("lower(email)")],
        postgresql_where=sa.text("user_id IS NULL AND email <> ''"),
    )
    op.execute("""
        CREATE FUNCTION shops_that_know_me() RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT DISTINCT c.tenant_id
              FROM users u JOIN customers c ON lower(c.email) = lower(u.email) AND c.email <> ''
             WHERE u.id = app_user() AND u.is_active AND u.email_verified_at IS NOT NULL
               AND c.user_id IS NULL AND c.erase_asked_at IS NULL AND c.erased_at IS NULL
             ORDER BY c.tenant_id
        $$
    """)
    # A car that a shop wrote down for the transaction's person, that nobody else ever owned or brought: it becomes
    # theirs. Where they have a car of that VIN already and have let the shop see it, the two become one. Until they do,
    # the shop's lies by it, put away: a shop that has written down a VIN is not let in on the owner's car by that.
    op.execute("""
        CREATE FUNCTION take_over_car(car uuid, now_is timestamptz) RETURNS uuid
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            written vehicles;
            own uuid;
        BEGIN
            SELECT * INTO written FROM vehicles WHERE id = car FOR UPDATE;
            IF EXISTS (SELECT 1 FROM ownerships WHERE vehicle_id = car AND (user_id <> app_user() OR until IS NOT NULL))
               OR NOT EXISTS (SELECT 1 FROM customer_vehicles b JOIN customers c ON c.id = b.customer_id
                               WHERE b.vehicle_id = car AND c.user_id = app_user())
               OR EXISTS (SELECT 1 FROM customers c
                           WHERE c.user_id IS DISTINCT FROM app_user()
                             AND c.id IN (SELECT customer_id FROM customer_vehicles WHERE vehicle_id = car
                                          UNION SELECT customer_id FROM repair_orders WHERE vehicle_id = car
                                          UNION SELECT customer_id FROM appointments WHERE vehicle_id = car))
            THEN
                RETURN NULL;
            END IF;
            SELECT v.id INTO own
              FROM vehicles v JOIN ownerships o ON o.vehicle_id = v.id
             WHERE o.user_id = app_user() AND o.until IS NULL AND o.archived_at IS NULL
               AND v.id <> car AND v.vin = written.vin AND length(v.vin) = 17
             ORDER BY v.id LIMIT 1 FOR UPDATE OF v;
            IF own IS NULL OR EXISTS (SELECT 1 FROM vehicle_grants g WHERE g.vehicle_id = car AND NOT EXISTS (
                SELECT 1 FROM vehicle_grants x WHERE x.vehicle_id = own AND x.tenant_id = g.tenant_id))
            THEN
                INSERT INTO ownerships (id, vehicle_id, user_id, since, archived_at, created_at)
                VALUES (gen_random_uuid(), car, app_user(), now_is, CASE WHEN own IS NOT NULL THEN now_is END, now_is)
                    ON CONFLICT DO NOTHING;
                RETURN car;
            END IF;
            UPDATE repair_orders SET vehicle_id = own WHERE vehicle_id = car;
            UPDATE appointments SET vehicle_id = own WHERE vehicle_id = car;
            UPDATE deferred_work SET vehicle_id = own WHERE vehicle_id = car;
            UPDATE odometer_readings SET vehicle_id = own WHERE vehicle_id = car;
            DELETE FROM customer_vehicles b
             WHERE b.vehicle_id = car
               AND EXISTS (SELECT 1 FROM customer_vehicles x
                            WHERE x.vehicle_id = own AND (x.tenant_id, x.customer_id) = (b.tenant_id, b.customer_id));
            UPDATE customer_vehicles SET vehicle_id = own WHERE vehicle_id = car;
            UPDATE vehicles
               SET plate = coalesce(nullif(plate, ''), written.plate),
                   photo_id = coalesce(photo_id, written.photo_id),
                   mileage_km = CASE WHEN written.mileage_at > coalesce(mileage_at, '-infinity')
                                     THEN written.mileage_km ELSE coalesce(mileage_km, written.mileage_km) END,
                   mileage_at = greatest(mileage_at, written.mileage_at),
                   version = version + 1
             WHERE id = own;
            DELETE FROM vehicle_grants WHERE vehicle_id = car;
            DELETE FROM ownerships WHERE vehicle_id = car;
            DELETE FROM vehicles WHERE id = car;
            RETURN own;
        END $$
    """)
    # What a credit note says stays as it is; whose it is may become known later.
    op.execute("DROP TRIGGER credit_notes_in_ink ON credit_notes")
    op.execute("""
        CREATE TRIGGER credit_notes_kept BEFORE DELETE ON credit_notes
        FOR EACH ROW EXECUTE FUNCTION written_in_ink()
    """)
    op.execute("""
        CREATE TRIGGER credit_notes_in_ink BEFORE UPDATE ON credit_notes FOR EACH ROW
        WHEN ((to_jsonb(OLD) - 'user_id') IS DISTINCT FROM (to_jsonb(NEW) - 'user_id'))
        EXECUTE FUNCTION written_in_ink()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER credit_notes_in_ink ON credit_notes")
    op.execute("DROP TRIGGER credit_notes_kept ON credit_notes")
    op.execute("""
        CREATE TRIGGER credit_notes_in_ink BEFORE UPDATE OR DELETE ON credit_notes
        FOR EACH ROW EXECUTE FUNCTION written_in_ink()
    """)
    op.execute("DROP FUNCTION take_over_car(uuid, timestamptz)")
    op.execute("DROP FUNCTION shops_that_know_me()")
    op.drop_index("ix_customers_without_account", table_name="customers")
    op.drop_index("ix_customers_tenant_id_user_id", table_name="customers")
    op.create_index(
        "ix_customers_tenant_id_user_id",
        "customers",
        ["tenant_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
