"""Reminders of cars, and the addresses at which calendars read them.

Revision ID: 0066
Revises: 0065
"""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0066"
down_revision = "0065"

MINE = """vehicle_id IN (
    SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL)"""
WRITES = """vehicle_id IN (
    SELECT o.vehicle_id FROM ownerships o
     WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL AND o.role <> 'reader') AND is_with_car(vehicle_id, user_id)"""


def upgrade() -> None:
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("counter", sa.Text(), nullable=False),
        sa.Column("count_now", sa.BigInteger(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("first_km", sa.BigInteger(), nullable=True),
        sa.Column("first_count", sa.BigInteger(), nullable=True),
        sa.Column("every_months", sa.SmallInteger(), nullable=True),
        sa.Column("every_km", sa.BigInteger(), nullable=True),
        sa.Column("every_count", sa.BigInteger(), nullable=True),
        sa.Column("is_fixed", sa.Boolean(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("last_km", sa.BigInteger(), nullable=True),
        sa.Column("last_count", sa.BigInteger(), nullable=True),
        sa.Column("logged_on", sa.Date(), nullable=True),
        sa.Column("logged_km", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_km", sa.BigInteger(), nullable=True),
        sa.Column("due_count", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("told", sa.SmallInteger(), nullable=False),
        sa.Column("trouble_code_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "every_months > 0 AND every_km > 0 AND every_count > 0", name=op.f("ck_reminders_every")
        ),
        sa.ForeignKeyConstraint(
            ["trouble_code_id"],
            ["trouble_codes.id"],
            name=op.f("fk_reminders_trouble_code_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reminders_user_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_reminders_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
    )
    op.create_index("ix_reminders_vehicle_id", "reminders", ["vehicle_id"], unique=False)
    op.create_index("ix_reminders_user_id", "reminders", ["user_id"], unique=False)
    op.create_index(
        "ix_reminders_due_on",
        "reminders",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND removed_at IS NULL"),
    )
    op.create_index(
        "ix_reminders_trouble_code_id",
        "reminders",
        ["trouble_code_id"],
        unique=True,
        postgresql_where=sa.text("trouble_code_id IS NOT NULL"),
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_calendar_feeds_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feeds_user_id")),
    )
    rls.own_policies(op.execute, "reminders", reads=MINE, adds=WRITES, changes=WRITES)
    rls.apply(op.execute, "calendar_feeds", "person")
    op.execute("""
        CREATE FUNCTION user_by_calendar(hash bytea) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT f.user_id FROM calendar_feeds f JOIN users u ON u.id = f.user_id AND u.is_active
             WHERE f.token_hash = hash
        $$
    """)
    # Those that may be near somewhere on earth, and who is told: its person, or an owner once they have the car no more.
    # Each is looked at again as that person.
    op.execute("""
        CREATE FUNCTION reminders_near(until date) RETURNS TABLE (reminder_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT r.id, w.user_id FROM reminders r
              JOIN vehicles v ON v.id = r.vehicle_id
              JOIN LATERAL (SELECT o.user_id FROM ownerships o
                             WHERE o.vehicle_id = r.vehicle_id AND o.until IS NULL AND o.archived_at IS NULL AND o.role <> 'reader'
                             ORDER BY o.user_id = r.user_id DESC, o.role = 'owner' DESC, o.since, o.id LIMIT 1) w ON true
             WHERE r.done_at IS NULL AND r.removed_at IS NULL AND r.told < 2
               AND (r.snoozed_until IS NULL OR r.snoozed_until <= until)
               AND (r.due_on <= until OR r.due_km - 1500 <= v.mileage_km
                    OR r.due_count - greatest(1, coalesce(r.every_count, 0) / 10) <= r.count_now)
             ORDER BY r.due_on NULLS LAST, r.id LIMIT 5000
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION reminders_near(date)")
    op.execute("DROP FUNCTION user_by_calendar(bytea)")
    op.drop_table("calendar_feeds")
    op.drop_table("reminders")
