"""Take away what has ended of everybody's sign-ins, which the application itself reads one person at a time."""

from alembic import op

revision = "0024"
down_revision = "0023"

TABLES = ("sessions", "refresh_tokens", "password_resets", "email_proofs", "half_ways")


def upgrade() -> None:
    deletes = "\n".join(
        f"""
            DELETE FROM {table} WHERE id IN (
                SELECT id FROM {table} WHERE expires_at < least(ended_before, now()) LIMIT at_most
                FOR UPDATE SKIP LOCKED);
            GET DIAGNOSTICS removed = ROW_COUNT;
            gone := gone + removed;"""
        for table in TABLES
    )
    op.execute(f"""
        CREATE FUNCTION prune_sign_ins(ended_before timestamptz, at_most integer) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        DECLARE
            removed bigint;
            gone bigint := 0;
        BEGIN{deletes}
            RETURN gone;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION prune_sign_ins(timestamptz, integer)")
