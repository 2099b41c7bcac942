"""The logbook of a car: what was done to it and what it cost, with photos and papers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0060"
down_revision = "0059"

MINE = """vehicle_id IN (
    SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL)"""
"""Read once for a whole list, where an EXISTS would look for every row."""
LET_IN = """EXISTS (
    SELECT 1 FROM vehicle_grants g WHERE g.vehicle_id = logbook_entries.vehicle_id AND g.tenant_id = (SELECT app_tenant()))"""
WRITES = f"(tenant_id IS NULL AND {MINE}) OR ({rls.TENANT} AND {LET_IN})"

# As in 0032, with the logbook.
TAKE_OVER = """
    CREATE OR REPLACE FUNCTION take_over_car(car uuid, now_is timestamptz) RETURNS uuid
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
        {entries}
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
"""
# As in 0028, with the logbook.
ERASE_CARS = """
    CREATE OR REPLACE FUNCTION erase_own_cars() RETURNS SETOF uuid
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
            {entries}
            DELETE FROM ownerships WHERE vehicle_id = car;
            DELETE FROM vehicles WHERE id = car;
            RETURN NEXT car;
        END LOOP;
    END $$
"""
MOVE = "UPDATE logbook_entries SET vehicle_id = own WHERE vehicle_id = car;"
FORGET = """DELETE FROM logbook_files WHERE entry_id IN (SELECT id FROM logbook_entries WHERE vehicle_id = car);
            DELETE FROM logbook_entries WHERE vehicle_id = car;"""

# The finished work of before, as `logbook/verified.py` writes it from now on.
FINISHED = """
    INSERT INTO logbook_entries (id, vehicle_id, kind, day, km, title, note, cost_minor, currency, tags, tasks,
                                 is_full, is_missed, next_on, next_km, tenant_id, center_id, order_id, version, created_at)
    SELECT uuidv7(), o.vehicle_id, 'service', (coalesce(o.ready_at, o.stage_since) AT TIME ZONE c.zone)::date, o.mileage_in_km,
           CASE WHEN length(j.titles) > 160 THEN left(j.titles, 159) || '…' ELSE j.titles END,
           CASE WHEN length(j.titles) > 160 THEN j.lines ELSE '' END,
           i.total_minor - i.credited_minor, coalesce(i.currency, ''), '{}', '{}', false, false,
           (n.payload ->> 'due_on')::date, (n.payload ->> 'due_km')::bigint, o.tenant_id, o.center_id, o.id, 1, now()
      FROM repair_orders o
      JOIN service_centers c ON c.tenant_id = o.tenant_id AND c.id = o.center_id
      JOIN vehicle_grants g ON g.tenant_id = o.tenant_id AND g.vehicle_id = o.vehicle_id
      JOIN LATERAL (SELECT string_agg(title, ', ' ORDER BY position, id) AS titles,
                           string_agg(title, chr(10) ORDER BY position, id) AS lines
                      FROM jobs WHERE tenant_id = o.tenant_id AND order_id = o.id AND status = 'completed'
                       AND department <> 'counter') j ON j.titles IS NOT NULL
      LEFT JOIN invoices i ON i.tenant_id = o.tenant_id AND i.order_id = o.id AND i.status NOT IN ('cancelled', 'credited')
      LEFT JOIN LATERAL (SELECT payload FROM events WHERE tenant_id = o.tenant_id AND subject_id = o.id
                            AND name = 'NextServicePlanned' ORDER BY created_at DESC, id DESC LIMIT 1) n ON true
     WHERE o.status NOT IN ('estimate', 'void') AND (o.stage IN ('ready', 'delivered') OR i.id IS NOT NULL)
"""


def upgrade() -> None:
    op.create_table(
        "logbook_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("km", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("tasks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("is_missed", sa.Boolean(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("next_km", sa.BigInteger(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("center_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("km >= 0", name=op.f("ck_logbook_entries_km")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_logbook_entries_amount")),
        sa.CheckConstraint("cost_minor IS NULL OR currency <> ''", name=op.f("ck_logbook_entries_cost")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_logbook_entries_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_logbook_entries_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_logbook_entries_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_logbook_entries_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logbook_entries")),
    )
    op.create_index(
        "ix_logbook_entries_vehicle",
        "logbook_entries",
        ["vehicle_id", "day", "id"],
        unique=False,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index("ix_logbook_entries_user_id", "logbook_entries", ["user_id"], unique=False)
    op.create_index(
        "ix_logbook_entries_import_id",
        "logbook_entries",
        ["import_id"],
        unique=False,
        postgresql_where=sa.text("import_id IS NOT NULL"),
    )
    op.create_index("ix_logbook_entries_order", "logbook_entries", ["tenant_id", "order_id"], unique=True)
    op.create_table(
        "logbook_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["logbook_entries.id"], name=op.f("fk_logbook_files_entry_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_logbook_files_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logbook_files")),
    )
    op.create_index("ix_logbook_files_entry_id", "logbook_files", ["entry_id"], unique=False)
    op.create_index("ix_logbook_files_file_id", "logbook_files", ["file_id"], unique=False)
    rls.own_policies(
        op.execute, "logbook_entries", reads=f"{MINE} OR {rls.TENANT}", adds=WRITES, changes=WRITES
    )
    entry = "SELECT 1 FROM logbook_entries e WHERE e.id = logbook_files.entry_id"
    theirs = f"EXISTS ({entry} AND (e.tenant_id IS NULL OR e.tenant_id = (SELECT app_tenant())))"
    for statement in (
        *rls.fence("logbook_files"),
        f"CREATE POLICY logbook_files_reads ON logbook_files FOR SELECT USING (EXISTS ({entry}))",
        f"CREATE POLICY logbook_files_adds ON logbook_files FOR INSERT WITH CHECK ({theirs} AND may_show_file(file_id))",
        "CREATE POLICY logbook_files_changes ON logbook_files FOR UPDATE USING (false)",
        f"CREATE POLICY logbook_files_removes ON logbook_files FOR DELETE USING ({theirs})",
    ):
        op.execute(statement)
    op.execute("""
        CREATE POLICY files_of_logbooks ON files FOR SELECT
        USING (NOT (SELECT app_network()) AND EXISTS (SELECT 1 FROM logbook_files l WHERE l.file_id = files.id))
    """)
    op.execute(TAKE_OVER.replace("{entries}", MOVE))
    op.execute(ERASE_CARS.replace("{entries}", FORGET))
    op.execute(FINISHED)


def downgrade() -> None:
    op.execute(ERASE_CARS.replace("{entries}", ""))
    op.execute(TAKE_OVER.replace("{entries}", ""))
    op.execute("DROP POLICY files_of_logbooks ON files")
    op.drop_table("logbook_files")
    op.drop_table("logbook_entries")
