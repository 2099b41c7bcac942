"""Cars are shared in a family: a role for everybody in whose garage one stands, and invitations.

Revision ID: 0065
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0065"
down_revision = "0064"

ROLES = "role IN ('owner', 'driver', 'reader')"
MEMBER = "vehicle_id IN (SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL{})"
DRIVES = MEMBER.format(" AND o.role <> 'reader'")
OWNS = MEMBER.format(" AND o.role = 'owner'")
GRANTED = (
    "EXISTS (SELECT 1 FROM vehicle_grants g WHERE g.vehicle_id = {} AND g.tenant_id = (SELECT app_tenant()))"
)
LETTERS = (
    f"(tenant_id IS NULL AND {DRIVES}) OR ({rls.TENANT} AND {GRANTED.format('logbook_entries.vehicle_id')})"
)
SINCE = (
    "EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = {table}.vehicle_id "
    "AND o.user_id = (SELECT app_user()) AND o.until IS NULL AND o.since <= {table}.created_at{role})"
)
NOT_READER = " AND o.role <> 'reader'"

ROLE = """
    CREATE FUNCTION role_with_car(car uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT role FROM ownerships WHERE vehicle_id = car AND user_id = app_user() AND until IS NULL
    $$
"""
# An owner changes the rows of those who are there, and makes them nobody else's.
WITH_CAR = """
    CREATE FUNCTION is_with_car(car uuid, person uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT EXISTS (SELECT 1 FROM ownerships WHERE vehicle_id = car AND user_id = person)
    $$
"""
MEMBERS = """
    CREATE FUNCTION members_of_cars(cars uuid[])
    RETURNS TABLE(ownership_id uuid, vehicle_id uuid, user_id uuid, name text, email text, role text, since timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id, o.vehicle_id, o.user_id, u.name, CASE WHEN mine.role = 'owner' THEN u.email ELSE '' END, o.role, o.since
          FROM ownerships mine
          JOIN ownerships o ON o.vehicle_id = mine.vehicle_id AND o.until IS NULL
          JOIN users u ON u.id = o.user_id
         WHERE mine.vehicle_id = ANY (cars) AND mine.user_id = app_user() AND mine.until IS NULL
         ORDER BY o.vehicle_id, array_position(ARRAY['owner', 'driver', 'reader'], o.role), o.since, o.id
    $$
"""
OPENED = """
    CREATE FUNCTION car_invitation_by_token(hash bytea)
    RETURNS TABLE(id uuid, user_id uuid, invited_by_name text, email text, role text, expires_at timestamptz,
                  accepted_at timestamptz, withdrawn_at timestamptz, cars text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT i.id, i.user_id, i.invited_by_name, i.email, i.role, i.expires_at, i.accepted_at, i.withdrawn_at,
               ARRAY(SELECT concat_ws(' ', v.year, v.make, v.model)
                       FROM vehicles v JOIN ownerships o ON o.vehicle_id = v.id
                      WHERE v.id = ANY (i.vehicle_ids) AND o.user_id = i.user_id AND o.until IS NULL AND o.role = 'owner'
                      ORDER BY v.id)
          FROM car_invitations i WHERE i.token_hash = hash
    $$
"""
# The turn is that of `family.py`: whoever invited may just be losing the car.
ACCEPT = """
    CREATE FUNCTION accept_car_invitation(hash bytea, now_is timestamptz) RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        asked car_invitations;
        car uuid;
    BEGIN
        SELECT * INTO asked FROM car_invitations
         WHERE token_hash = hash AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > now_is
           AND user_id <> app_user() FOR UPDATE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        UPDATE car_invitations SET accepted_at = now_is WHERE id = asked.id;
        FOR car IN SELECT DISTINCT unnest(asked.vehicle_ids) ORDER BY 1 LOOP
            PERFORM pg_advisory_xact_lock(hashtextextended('family of ' || car, 0));
            INSERT INTO ownerships (id, vehicle_id, user_id, role, since, created_at)
            SELECT uuidv7(), car, app_user(), asked.role, now_is, now_is
             WHERE EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = car AND o.user_id = asked.user_id
                              AND o.until IS NULL AND o.role = 'owner')
                ON CONFLICT (vehicle_id, user_id) WHERE until IS NULL DO NOTHING;
            IF FOUND THEN
                RETURN NEXT car;
            END IF;
        END LOOP;
    END $$
"""
STAYS = """
    CREATE OR REPLACE FUNCTION ownership_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.vehicle_id <> OLD.vehicle_id OR NEW.user_id <> OLD.user_id THEN
            RAISE EXCEPTION 'an ownership ends, it is never moved';
        END IF;
        {more}
        RETURN NEW;
    END $$
"""
ROLE_STAYS = """IF OLD.until IS NOT NULL AND NEW.until IS DISTINCT FROM OLD.until THEN
            RAISE EXCEPTION 'an ownership that has ended is never moved on';
        END IF;
        IF NEW.role <> OLD.role AND role_with_car(NEW.vehicle_id) IS DISTINCT FROM 'owner' THEN
            RAISE EXCEPTION 'a role is never moved but by an owner';
        END IF;"""

AMENDED = (
    # What a shop wrote goes into the car one owns, not into one that is only shared.
    (
        "take_over_car(uuid,timestamptz)",
        "WHERE o.user_id = app_user() AND o.until IS NULL AND o.archived_at IS NULL",
        "WHERE o.user_id = app_user() AND o.until IS NULL AND o.role = 'owner' AND o.archived_at IS NULL",
    ),
    # Who shared a car once and does no more has nothing to do with it.
    (
        "erase_own_cars()",
        "WHERE x.vehicle_id = o.vehicle_id AND x.user_id <> o.user_id)",
        "WHERE x.vehicle_id = o.vehicle_id AND x.user_id <> o.user_id AND (x.until IS NULL OR x.role = 'owner'))",
    ),
)


def amend(function: str, old: str, new: str) -> None:
    """Change a condition of a function as it stands, whoever wrote the rest of it."""
    op.execute(f"""
        DO $amend$
        DECLARE
            said text := pg_get_functiondef('{function}'::regprocedure);
            old text := $old${old}$old$;
        BEGIN
            IF position(old IN said) = 0 THEN
                RAISE EXCEPTION '{function} is not what it was';
            END IF;
            EXECUTE replace(said, old, $new${new}$new$);
        END $amend$
    """)


def _write(table: str, condition: str, *verbs: str) -> None:
    for verb in verbs:
        name = {"INSERT": "adds", "UPDATE": "changes", "DELETE": "removes"}[verb]
        checks = {
            "INSERT": f"WITH CHECK ({condition})",
            "UPDATE": f"USING ({condition}) WITH CHECK ({condition})",
            "DELETE": f"USING ({condition})",
        }
        op.execute(f"DROP POLICY {table}_{name} ON {table}")
        op.execute(f"CREATE POLICY {table}_{name} ON {table} FOR {verb} {checks[verb]}")


def upgrade() -> None:
    op.add_column("ownerships", sa.Column("role", sa.Text(), nullable=False, server_default="owner"))
    op.create_check_constraint(op.f("ck_ownerships_role"), "ownerships", ROLES)
    op.create_table(
        "car_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("vehicle_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(ROLES, name=op.f("ck_car_invitations_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_car_invitations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_car_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_car_invitations_token_hash")),
    )
    op.create_index("ix_car_invitations_user_id", "car_invitations", ["user_id"], unique=False)
    rls.apply(op.execute, "car_invitations", "person")
    for statement in (ROLE, WITH_CAR, MEMBERS, OPENED, ACCEPT, STAYS.replace("{more}", ROLE_STAYS)):
        op.execute(statement)
    for function, old, new in AMENDED:
        amend(function, old, new)

    # Whoever shares a car sees who else does; a function asks, for a policy cannot ask its own table. An owner sees who
    # did before as well: ending a row must leave it readable to whoever ends it.
    op.execute("DROP POLICY ownerships_reads ON ownerships")
    op.execute(
        f"CREATE POLICY ownerships_reads ON ownerships FOR SELECT USING ({rls.PERSON} "
        "OR (until IS NULL AND role_with_car(vehicle_id) IS NOT NULL) OR role_with_car(vehicle_id) = 'owner')"
    )
    _write("ownerships", f"{rls.PERSON} AND role = 'owner' AND vehicle_is_unclaimed(vehicle_id)", "INSERT")
    _write(
        "ownerships",
        f"{rls.PERSON} OR (role_with_car(vehicle_id) = 'owner' AND is_with_car(vehicle_id, user_id))",
        "UPDATE",
        "DELETE",
    )
    drives, owns = DRIVES.replace("vehicle_id IN", "{} IN", 1), OWNS.replace("vehicle_id IN", "{} IN", 1)
    changes = f"({drives.format('vehicles.id')} OR {GRANTED.format('vehicles.id')})"
    op.execute("DROP POLICY vehicles_changes ON vehicles")
    op.execute(
        f"CREATE POLICY vehicles_changes ON vehicles FOR UPDATE USING ({changes}) "
        f"WITH CHECK ({changes} AND vehicle_may_show(vehicles.id, vehicles.photo_id))"
    )
    _write(
        "vehicle_grants",
        f"{drives.format('vehicle_id')} OR ({rls.TENANT} AND vehicle_is_unclaimed(vehicle_id))",
        "INSERT",
    )
    _write("vehicle_grants", owns.format("vehicle_id"), "UPDATE", "DELETE")
    _write("odometer_readings", f"{DRIVES} OR {GRANTED.format('odometer_readings.vehicle_id')}", "INSERT")
    _write("logbook_entries", LETTERS, "INSERT", "UPDATE", "DELETE")
    theirs = (
        "EXISTS (SELECT 1 FROM logbook_entries e WHERE e.id = logbook_files.entry_id AND "
        f"((e.tenant_id IS NULL AND e.{DRIVES}) OR e.tenant_id = (SELECT app_tenant())))"
    )
    _write("logbook_files", f"{theirs} AND may_show_file(file_id)", "INSERT")
    _write("logbook_files", theirs, "DELETE")
    reports = SINCE.format(table="telematics_reports", role=NOT_READER)
    _write("telematics_reports", f"{rls.PERSON} AND {reports}", "INSERT")
    _write(
        "trouble_codes", SINCE.format(table="trouble_codes", role=NOT_READER), "INSERT", "UPDATE", "DELETE"
    )


def downgrade() -> None:
    mine = MEMBER.format("")
    owns = "EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = {} AND o.user_id = (SELECT app_user()) AND o.until IS NULL)"
    sees = f"({owns} OR {GRANTED})"
    codes = SINCE.format(table="trouble_codes", role="")
    _write("trouble_codes", codes, "INSERT", "UPDATE", "DELETE")
    reports = SINCE.format(table="telematics_reports", role="")
    _write("telematics_reports", f"{rls.PERSON} AND {reports}", "INSERT")
    theirs = (
        "EXISTS (SELECT 1 FROM logbook_entries e WHERE e.id = logbook_files.entry_id AND "
        "(e.tenant_id IS NULL OR e.tenant_id = (SELECT app_tenant())))"
    )
    _write("logbook_files", f"{theirs} AND may_show_file(file_id)", "INSERT")
    _write("logbook_files", theirs, "DELETE")
    letters = (
        f"(tenant_id IS NULL AND {mine}) OR ({rls.TENANT} AND {GRANTED.format('logbook_entries.vehicle_id')})"
    )
    _write("logbook_entries", letters, "INSERT", "UPDATE", "DELETE")
    car = "odometer_readings.vehicle_id"
    _write("odometer_readings", sees.format(car, car), "INSERT")
    car = "vehicle_grants.vehicle_id"
    _write(
        "vehicle_grants",
        f"{owns.format(car)} OR ({rls.TENANT} AND vehicle_is_unclaimed(vehicle_id))",
        "INSERT",
    )
    _write("vehicle_grants", owns.format(car), "UPDATE", "DELETE")
    op.execute("DROP POLICY vehicles_changes ON vehicles")
    changes = sees.format("vehicles.id", "vehicles.id")
    op.execute(
        f"CREATE POLICY vehicles_changes ON vehicles FOR UPDATE USING ({changes}) "
        f"WITH CHECK ({changes} AND vehicle_may_show(vehicles.id, vehicles.photo_id))"
    )
    op.execute("DROP POLICY ownerships_reads ON ownerships")
    op.execute(f"CREATE POLICY ownerships_reads ON ownerships FOR SELECT USING ({rls.PERSON})")
    _write("ownerships", f"{rls.PERSON} AND vehicle_is_unclaimed(vehicle_id)", "INSERT")
    _write("ownerships", rls.PERSON, "UPDATE", "DELETE")
    for function, old, new in AMENDED:
        amend(function, new, old)
    op.execute(STAYS.replace("{more}", ""))
    for function in (
        "accept_car_invitation(bytea, timestamptz)",
        "car_invitation_by_token(bytea)",
        "members_of_cars(uuid[])",
        "is_with_car(uuid, uuid)",
        "role_with_car(uuid)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("car_invitations")
    # What was shared is nobody else's again.
    op.execute("UPDATE ownerships SET until = now() WHERE role <> 'owner' AND until IS NULL")
    op.drop_column("ownerships", "role")
