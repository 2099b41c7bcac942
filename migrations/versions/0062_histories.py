"""Files with the history of a car, as they were sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.create_table(
        "history_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("conventions", postgresql.JSONB(), nullable=False),
        sa.Column("car", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        sa.Column("mileage_before_km", sa.BigInteger(), nullable=True),
        sa.Column("mileage_before_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_history_files_user_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_history_files_vehicle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_files")),
    )
    op.create_index("ix_history_files_user_id", "history_files", ["user_id"], unique=False)
    op.create_index("ix_history_files_vehicle_id", "history_files", ["vehicle_id"], unique=False)
    rls.apply(op.execute, "history_files", "person")
    op.add_column("odometer_readings", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_odometer_readings_import_id",
        "odometer_readings",
        ["import_id"],
        postgresql_where=sa.text("import_id IS NOT NULL"),
    )
    # What somebody brought with a file they may take out again; every other reading stays for good.
    op.execute("DROP POLICY odometer_readings_removes ON odometer_readings")
    op.execute(
        "CREATE POLICY odometer_readings_removes ON odometer_readings FOR DELETE USING (import_id IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM history_files f WHERE f.id = odometer_readings.import_id))"
    )


def downgrade() -> None:
    op.execute("DROP POLICY odometer_readings_removes ON odometer_readings")
    op.execute("CREATE POLICY odometer_readings_removes ON odometer_readings FOR DELETE USING (false)")
    op.drop_index("ix_odometer_readings_import_id", table_name="odometer_readings")
    op.drop_column("odometer_readings", "import_id")
    op.drop_table("history_files")
