"""Cars are sold, and their history is handed over to the next owner.

Revision ID: 0071
Revises: 0070
"""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0071"
down_revision = "0070"

OPENED = """
    CREATE FUNCTION car_handover_by_token(hash bytea)
    RETURNS TABLE(id uuid, user_id uuid, vehicle_id uuid, offered_by_name text, email text, with_fills boolean,
                  with_costs boolean, with_notes boolean, expires_at timestamptz, accepted_at timestamptz,
                  withdrawn_at timestamptz, car text, vin text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT h.id, h.user_id, h.vehicle_id, h.offered_by_name, h.email, h.with_fills, h.with_costs, h.with_notes,
               h.expires_at, h.accepted_at, h.withdrawn_at, concat_ws(' ', v.year, v.make, v.model), v.vin
          FROM car_handovers h
          JOIN vehicles v ON v.id = h.vehicle_id
          JOIN ownerships o ON o.vehicle_id = h.vehicle_id AND o.user_id = h.user_id
                           AND o.until IS NULL AND o.role = 'owner'
         WHERE h.token_hash = hash
    $$
"""
# Everybody who ever had a car, for whoever owns it now: by their names it is seen which words name somebody.
PEOPLE = """
    CREATE FUNCTION people_of_car(car uuid) RETURNS TABLE(name text, email text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT u.name, u.email FROM ownerships o JOIN users u ON u.id = o.user_id
         WHERE o.vehicle_id = car AND role_with_car(car) = 'owner'
    $$
"""
# What one car's history says goes into another row: what is copied is what the seller chose, and the shop's word stays
# the shop's. Whoever owned this very car before gets back into their own row what came since, and nothing twice. The car's
# turn is taken before the offer is held, as whoever withdraws it does.
ACCEPT = """
    CREATE FUNCTION accept_car_handover(hash bytea, now_is timestamptz, today date, nameless uuid[])
    RETURNS TABLE(car uuid, is_back boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        asked car_handovers;
        sold vehicles;
        own uuid;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('family of ' || h.vehicle_id, 0))
           FROM car_handovers h WHERE h.token_hash = hash;
        SELECT * INTO asked FROM car_handovers
         WHERE token_hash = hash AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > now_is
           AND user_id <> app_user() FOR UPDATE;
        IF NOT FOUND OR app_user() IS NULL THEN
            RETURN;
        END IF;
        IF NOT EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = asked.vehicle_id AND o.user_id = asked.user_id
                          AND o.until IS NULL AND o.role = 'owner') THEN
            RETURN;
        END IF;
        SELECT * INTO sold FROM vehicles WHERE id = asked.vehicle_id;
        UPDATE car_handovers SET accepted_at = now_is WHERE id = asked.id;
        UPDATE car_handovers SET withdrawn_at = now_is
         WHERE vehicle_id = asked.vehicle_id AND accepted_at IS NULL AND withdrawn_at IS NULL;
        SELECT v.id INTO own FROM vehicles v JOIN ownerships o ON o.vehicle_id = v.id
         WHERE v.vin = sold.vin AND v.vin <> '' AND v.id <> sold.id
           AND o.user_id = app_user() AND o.until IS NULL AND o.role = 'owner'
         ORDER BY o.archived_at NULLS FIRST, v.id LIMIT 1;
        is_back := own IS NOT NULL;
        IF own IS NULL THEN
            own := uuidv7();
            INSERT INTO vehicles (id, vin, make, model, year, trim, body, fuel, engine, color, plate, odometer_unit, battery_type,
                                  battery_kwh, max_charge_kw, purchase_date, telematics_id, version, created_at)
            VALUES (own, sold.vin, sold.make, sold.model, sold.year, sold.trim, sold.body, sold.fuel, sold.engine, sold.color, '',
                    sold.odometer_unit, sold.battery_type, sold.battery_kwh, sold.max_charge_kw, today, '', 1, now_is);
            INSERT INTO ownerships (id, vehicle_id, user_id, role, since, created_at)
            VALUES (uuidv7(), own, app_user(), 'owner', now_is, now_is);
        ELSE
            UPDATE vehicles v SET purchase_date = today FROM ownerships o
             WHERE v.id = own AND o.vehicle_id = own AND o.user_id = app_user() AND o.until IS NULL AND o.sold_on IS NOT NULL;
            UPDATE ownerships SET archived_at = NULL, sold_on = NULL, bought_minor = NULL, sold_minor = NULL, currency = ''
             WHERE vehicle_id = own AND user_id = app_user() AND until IS NULL;
        END IF;
        INSERT INTO odometer_readings (id, vehicle_id, km, at, source, version, created_at)
        SELECT uuidv7(), own, r.km, r.at, CASE WHEN r.source IN ('owner', 'logbook', 'import') THEN 'previous' ELSE r.source END, 1, now_is
          FROM odometer_readings r
         WHERE r.vehicle_id = sold.id
           AND NOT EXISTS (SELECT 1 FROM odometer_readings x WHERE x.vehicle_id = own AND (x.km, x.at) = (r.km, r.at));
        INSERT INTO logbook_entries (id, vehicle_id, kind, day, km, title, note, cost_minor, currency, tags, tasks, amount, is_full,
                                     is_missed, next_on, next_km, tenant_id, center_id, is_inherited, version, created_at)
        SELECT uuidv7(), own, e.kind, e.day, e.km, CASE WHEN e.id = ANY (nameless) THEN '' ELSE e.title END,
               CASE WHEN e.id = ANY (nameless) AND e.tenant_id IS NOT NULL THEN ''
                    WHEN asked.with_notes OR e.tenant_id IS NOT NULL THEN e.note ELSE '' END,
               CASE WHEN asked.with_costs THEN e.cost_minor END, CASE WHEN asked.with_costs THEN e.currency ELSE '' END,
               CASE WHEN asked.with_notes THEN e.tags ELSE '{}' END, e.tasks, e.amount, e.is_full, e.is_missed,
               e.next_on, e.next_km, e.tenant_id, e.center_id, true, 1, now_is
          FROM logbook_entries e
         WHERE e.vehicle_id = sold.id AND e.removed_at IS NULL
           AND (e.tenant_id IS NOT NULL OR e.kind IN ('service', 'repair', 'upgrade', 'tyres')
                OR (asked.with_fills AND e.kind IN ('fuel', 'charge')))
           AND NOT EXISTS (SELECT 1 FROM logbook_entries x
                            WHERE x.vehicle_id = own AND (x.kind, x.day) = (e.kind, e.day)
                              AND (x.title = e.title OR e.title = '' OR e.id = ANY (nameless))
                              AND x.km IS NOT DISTINCT FROM e.km AND x.tenant_id IS NOT DISTINCT FROM e.tenant_id);
        UPDATE vehicles v SET mileage_km = last.km, mileage_at = last.at, version = v.version + 1
          FROM (SELECT km, at FROM odometer_readings WHERE vehicle_id = own ORDER BY at DESC, id DESC LIMIT 1) last
         WHERE v.id = own AND last.at >= coalesce(v.mileage_at, '-infinity');
        car := own;
        RETURN NEXT;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "car_handovers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("offered_by_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("with_fills", sa.Boolean(), nullable=False),
        sa.Column("with_costs", sa.Boolean(), nullable=False),
        sa.Column("with_notes", sa.Boolean(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_car_handovers_user_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_car_handovers_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_car_handovers")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_car_handovers_token_hash")),
    )
    op.create_index("ix_car_handovers_user_id", "car_handovers", ["user_id"], unique=False)
    op.create_index("ix_car_handovers_vehicle_id", "car_handovers", ["vehicle_id"], unique=False)
    rls.apply(op.execute, "car_handovers", "person")
    op.add_column("ownerships", sa.Column("sold_on", sa.Date(), nullable=True))
    op.add_column("ownerships", sa.Column("bought_minor", sa.BigInteger(), nullable=True))
    op.add_column("ownerships", sa.Column("sold_minor", sa.BigInteger(), nullable=True))
    op.add_column("ownerships", sa.Column("currency", sa.Text(), nullable=False, server_default=""))
    op.create_check_constraint(
        op.f("ck_ownerships_price"),
        "ownerships",
        "currency <> '' OR (bought_minor IS NULL AND sold_minor IS NULL)",
    )
    op.add_column(
        "logbook_entries", sa.Column("is_inherited", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(PEOPLE)
    op.execute(OPENED)
    op.execute(ACCEPT)


def downgrade() -> None:
    op.execute("DROP FUNCTION accept_car_handover(bytea, timestamptz, date, uuid[])")
    op.execute("DROP FUNCTION car_handover_by_token(bytea)")
    op.execute("DROP FUNCTION people_of_car(uuid)")
    op.drop_column("logbook_entries", "is_inherited")
    op.drop_constraint(op.f("ck_ownerships_price"), "ownerships", type_="check")
    for column in ("currency", "sold_minor", "bought_minor", "sold_on"):
        op.drop_column("ownerships", column)
    op.drop_table("car_handovers")
