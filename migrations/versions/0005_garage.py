"""Vehicles, ownership, odometer."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "vehicles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vin", sa.Text(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("trim", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("fuel", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("odometer_unit", sa.Text(), nullable=False),
        sa.Column("battery_kwh", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("max_charge_kw", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("mileage_km", sa.BigInteger(), nullable=True),
        sa.Column("mileage_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["files.id"], name=op.f("fk_vehicles_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicles")),
    )
    op.create_index(
        "ix_vehicles_photo_id",
        "vehicles",
        ["photo_id"],
        unique=False,
        postgresql_where=sa.text("photo_id IS NOT NULL"),
    )
    op.create_index(
        "ix_vehicles_vin", "vehicles", ["vin"], unique=False, postgresql_where=sa.text("vin <> ''")
    )
    op.create_table(
        "odometer_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("km", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_odometer_readings_vehicle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_odometer_readings")),
    )
    op.create_index(
        "ix_odometer_readings_vehicle_id_at", "odometer_readings", ["vehicle_id", "at"], unique=False
    )
    op.create_table(
        "ownerships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ownerships_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_ownerships_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownerships")),
    )
    op.create_index(
        "ix_ownerships_current",
        "ownerships",
        ["vehicle_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_ownerships_user_id", "ownerships", ["user_id"], unique=False)
    op.create_table(
        "vehicle_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_vehicle_grants_tenant_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_vehicle_grants_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_grants")),
        sa.UniqueConstraint("tenant_id", "vehicle_id", name=op.f("uq_vehicle_grants_tenant_id_vehicle_id")),
    )
    op.create_index(op.f("ix_vehicle_grants_vehicle_id"), "vehicle_grants", ["vehicle_id"], unique=False)
    # by hand
    # Whoever knows a car's id has no claim on it yet: a first owner or a first shop may take a new row, later
    # ones are let in by its owner. These look-ups see every row, so they answer yes or no and nothing else.
    op.execute("""
        CREATE FUNCTION vehicle_is_unclaimed(car uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT NOT EXISTS (SELECT 1 FROM ownerships WHERE vehicle_id = car)
               AND NOT EXISTS (SELECT 1 FROM vehicle_grants WHERE vehicle_id = car)
        $$
    """)
    op.execute("""
        CREATE FUNCTION vehicle_may_show(car uuid, photo uuid) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT photo IS NULL
                OR EXISTS (SELECT 1 FROM vehicles WHERE id = car AND photo_id = photo)
                OR EXISTS (SELECT 1 FROM files
                            WHERE id = photo AND (user_id = app_user() OR tenant_id = app_tenant()))
        $$
    """)
    op.execute("""
        CREATE FUNCTION ownership_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.vehicle_id <> OLD.vehicle_id OR NEW.user_id <> OLD.user_id THEN
                RAISE EXCEPTION 'an ownership ends, it is never moved';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER ownership_stays BEFORE UPDATE ON ownerships "
        "FOR EACH ROW EXECUTE FUNCTION ownership_stays()"
    )
    owns = (
        "EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = {id} "
        "AND o.user_id = (SELECT app_user()) AND o.until IS NULL)"
    )
    granted = (
        "EXISTS (SELECT 1 FROM vehicle_grants g WHERE g.vehicle_id = {id} "
        "AND g.tenant_id = (SELECT app_tenant()))"
    )
    sees = f"({owns} OR {granted})"
    somebody = "((SELECT app_user()) IS NOT NULL OR (SELECT app_tenant()) IS NOT NULL)"
    shows = "vehicle_may_show(vehicles.id, vehicles.photo_id)"
    rls.own_policies(
        op.execute,
        "ownerships",
        reads=rls.PERSON,
        adds=f"{rls.PERSON} AND vehicle_is_unclaimed(vehicle_id)",
        changes=rls.PERSON,
    )
    for statement in (
        *rls.fence("vehicles"),
        f"CREATE POLICY vehicles_reads ON vehicles FOR SELECT USING ({sees.format(id='vehicles.id')})",
        f"CREATE POLICY vehicles_adds ON vehicles FOR INSERT WITH CHECK ({somebody} AND {shows})",
        f"CREATE POLICY vehicles_changes ON vehicles FOR UPDATE USING ({sees.format(id='vehicles.id')}) "
        f"WITH CHECK ({sees.format(id='vehicles.id')} AND {shows})",
    ):
        op.execute(statement)
    owns_it = owns.format(id="vehicle_grants.vehicle_id")
    rls.own_policies(
        op.execute,
        "vehicle_grants",
        reads=f"{rls.TENANT} OR {owns_it}",
        adds=f"{owns_it} OR ({rls.TENANT} AND vehicle_is_unclaimed(vehicle_id))",
        changes=owns_it,
    )
    sees_car = sees.format(id="odometer_readings.vehicle_id")
    rls.own_policies(op.execute, "odometer_readings", reads=sees_car, adds=sees_car, changes="false")
    # Whoever sees a car sees its photo, whoever took it.
    op.execute("DROP POLICY files_reads ON files")
    op.execute(
        f"CREATE POLICY files_reads ON files FOR SELECT USING ({rls.TENANT} OR {rls.PERSON} "
        "OR EXISTS (SELECT 1 FROM vehicles v WHERE v.photo_id = files.id))"
    )
    # end by hand


def downgrade() -> None:
    op.drop_table("vehicle_grants")
    op.drop_table("ownerships")
    op.drop_table("odometer_readings")
    op.drop_table("vehicles")
