"""Papers that run out are told of, and shown to whoever shares the car; readings go with the logbook's entry that made
them; a reminder can be put off by a distance.

Revision ID: 0074
Revises: 0072
"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0072"

MEMBER = "vehicle_id IN (SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL{})"
DRIVES = MEMBER.format(" AND o.role <> 'reader'")
OWNS = MEMBER.format(" AND o.role = 'owner'")
WRITTEN = (
    "import_id IS NULL AND source IN ('owner', 'logbook') "
    f"AND ({OWNS} OR (actor_id = (SELECT app_user()) AND {DRIVES}))"
)
# Whoever may correct an entry takes its reading along, whoever wrote it.
OF_ENTRY = f"import_id IS NULL AND source = 'logbook' AND entry_id IS NOT NULL AND {DRIVES}"
BROUGHT = "import_id IS NOT NULL AND EXISTS (SELECT 1 FROM history_files f WHERE f.id = odometer_readings.import_id)"

# Those that may be near their last day somewhere on earth, and who is told: whoever put one in, or an owner once they have
# the car no more. Each is looked at again as that person.
EXPIRING = """
    CREATE FUNCTION documents_expiring(today date) RETURNS TABLE (document_id uuid, user_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT d.id, w.user_id FROM documents d
          JOIN LATERAL (
            SELECT d.user_id WHERE d.vehicle_id IS NULL
            UNION ALL
            (SELECT o.user_id FROM ownerships o
              WHERE o.vehicle_id = d.vehicle_id AND o.until IS NULL AND o.archived_at IS NULL
                AND (o.user_id = d.user_id OR o.role = 'owner')
              ORDER BY o.user_id = d.user_id DESC, o.since, o.id LIMIT 1)) w ON true
         WHERE d.removed_at IS NULL AND d.replaced_by_id IS NULL
           AND d.expires_on BETWEEN today - 1 AND today + 31
           AND d.told < CASE WHEN d.expires_on <= today + 8 THEN 2 ELSE 1 END
         ORDER BY d.expires_on, d.id LIMIT 5000
    $$
"""
# The mark alone, for an owner who is told of what somebody else put in may write nothing else of it. Two at once: the
# second waits for the first, and finds the mark set.
TOLD = """
    CREATE FUNCTION mark_document_told(document uuid, said date, level smallint) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH marked AS (
            UPDATE documents SET told = level
             WHERE id = document AND expires_on = said AND told < level
               AND removed_at IS NULL AND replaced_by_id IS NULL
               AND (user_id = app_user() OR role_with_car(vehicle_id) = 'owner')
            RETURNING id)
        SELECT EXISTS (SELECT 1 FROM marked)
    $$
"""

PUT_OFF = "r.snoozed_until <= until"
PUT_OFF_BY_KM = f"{PUT_OFF} OR r.snoozed_until_km <= v.mileage_km"


def _amend(function: str, old: str, new: str) -> None:
    """Change a condition of a function as it stands."""
    op.execute(f"""
        DO $amend$
        DECLARE
            said text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            IF position($old${old}$old$ IN said) = 0 THEN
                RAISE EXCEPTION '{function} is not what it was';
            END IF;
            EXECUTE replace(said, $old${old}$old$, $new${new}$new$);
        END $amend$
    """)


def _readings(changes: str, removes: str) -> None:
    op.execute("DROP POLICY odometer_readings_changes ON odometer_readings")
    op.execute("DROP POLICY odometer_readings_removes ON odometer_readings")
    op.execute(
        f"CREATE POLICY odometer_readings_changes ON odometer_readings FOR UPDATE USING ({changes}) WITH CHECK ({changes})"
    )
    op.execute(f"CREATE POLICY odometer_readings_removes ON odometer_readings FOR DELETE USING ({removes})")


def upgrade() -> None:
    op.add_column("documents", sa.Column("told", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_index(
        "ix_documents_expires_on",
        "documents",
        ["expires_on"],
        unique=False,
        postgresql_where=sa.text("removed_at IS NULL AND replaced_by_id IS NULL"),
    )
    op.execute(EXPIRING)
    op.execute(TOLD)
    op.execute("""
        CREATE POLICY files_of_documents ON files FOR SELECT
        USING (NOT (SELECT app_network()) AND EXISTS (SELECT 1 FROM document_files f WHERE f.file_id = files.id))
    """)
    op.add_column("reminders", sa.Column("snoozed_until_km", sa.BigInteger(), nullable=True))
    _amend("reminders_near(date)", PUT_OFF, PUT_OFF_BY_KM)
    op.add_column("odometer_readings", sa.Column("entry_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_odometer_readings_entry_id",
        "odometer_readings",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("entry_id IS NOT NULL"),
    )
    op.add_column("logbook_entries", sa.Column("reading_at", sa.DateTime(timezone=True), nullable=True))
    _readings(f"({WRITTEN}) OR ({OF_ENTRY})", f"({BROUGHT}) OR ({WRITTEN}) OR ({OF_ENTRY})")


def downgrade() -> None:
    _readings(WRITTEN, f"({BROUGHT}) OR ({WRITTEN})")
    op.drop_column("logbook_entries", "reading_at")
    op.drop_column("odometer_readings", "entry_id")
    _amend("reminders_near(date)", PUT_OFF_BY_KM, PUT_OFF)
    op.drop_column("reminders", "snoozed_until_km")
    op.execute("DROP POLICY files_of_documents ON files")
    op.execute("DROP FUNCTION mark_document_told(uuid, date, smallint)")
    op.execute("DROP FUNCTION documents_expiring(date)")
    op.drop_index("ix_documents_expires_on", table_name="documents")
    op.drop_column("documents", "told")
