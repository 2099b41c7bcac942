"""What cars report of themselves, and the trouble codes they show."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.create_table(
        "telematics_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("charge_percent", sa.SmallInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("charge_percent BETWEEN 0 AND 100", name=op.f("ck_telematics_reports_charge")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_telematics_reports_user_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_telematics_reports_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telematics_reports")),
        sa.UniqueConstraint("vehicle_id", "key", name=op.f("uq_telematics_reports_vehicle_id_key")),
    )
    op.create_index(
        "ix_telematics_reports_vehicle_id_at", "telematics_reports", ["vehicle_id", "at"], unique=False
    )
    op.create_index("ix_telematics_reports_user_id", "telematics_reports", ["user_id"], unique=False)
    op.create_table(
        "trouble_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_trouble_codes_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trouble_codes")),
    )
    op.create_index(
        "ix_trouble_codes_shown",
        "trouble_codes",
        ["vehicle_id", "code"],
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    # Since it is theirs: what a car told its owner before is not for the next one.
    owns = (
        "EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = {table}.vehicle_id "
        "AND o.user_id = (SELECT app_user()) AND o.until IS NULL AND o.since <= {table}.{at})"
    )
    reports = owns.format(table="telematics_reports", at="created_at")
    rls.own_policies(
        op.execute,
        "telematics_reports",
        reads=f"{rls.PERSON} OR {reports}",
        adds=f"{rls.PERSON} AND {reports}",
        changes=rls.PERSON,
    )
    codes = owns.format(table="trouble_codes", at="created_at")
    rls.own_policies(op.execute, "trouble_codes", reads=codes, adds=codes, changes=codes)


def downgrade() -> None:
    op.drop_table("trouble_codes")
    op.drop_table("telematics_reports")
