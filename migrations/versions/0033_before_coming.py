"""What a driver says of the car before coming, with photos."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("appointments", sa.Column("concern", sa.Text(), nullable=False, server_default=""))
    op.add_column("appointments", sa.Column("mileage_km", sa.BigInteger(), nullable=True))
    op.add_column("appointments", sa.Column("charge_percent", sa.SmallInteger(), nullable=True))
    lights = sa.Column("warning_lights", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}")
    op.add_column("appointments", lights)
    op.add_column("appointments", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    for column in ("concern", "warning_lights"):
        op.alter_column("appointments", column, server_default=None)
    op.create_table(
        "appointment_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_appointment_photos_file_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appointment_id"],
            ["appointments.tenant_id", "appointments.id"],
            name=op.f("fk_appointment_photos_tenant_id_appointment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_photos")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_appointment_photos_tenant_id_id")),
    )
    op.create_index(
        "ix_appointment_photos_appointment", "appointment_photos", ["tenant_id", "appointment_id"]
    )
    rls.apply(op.execute, "appointment_photos", "child", parent="appointments", via="appointment_id")


def downgrade() -> None:
    op.drop_table("appointment_photos")
    for column in ("told_at", "warning_lights", "charge_percent", "mileage_km", "concern"):
        op.drop_column("appointments", column)
