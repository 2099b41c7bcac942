"""The house: events, deliveries, dead jobs, idempotency, audit, files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0001"
down_revision = None


def upgrade() -> None:
    # by hand first
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for function in rls.FUNCTIONS:
        op.execute(function)
    # end by hand first
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("old_values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new_values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
    )
    op.create_index("ix_audit_logs_tenant_at", "audit_logs", ["tenant_id", "created_at"], unique=False)
    op.create_table(
        "dead_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("kwargs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_jobs")),
    )
    op.create_table(
        "deliveries",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("reaction", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "reaction", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("rings", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_seq", "events", ["seq"], unique=True)
    op.create_index("ix_events_subject", "events", ["subject_id", "seq"], unique=False)
    op.create_index("ix_events_tenant_at", "events", ["tenant_id", "created_at"], unique=False)
    op.create_index(
        "ix_events_unstamped", "events", ["id"], unique=False, postgresql_where=sa.text("seq IS NULL")
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thumbnail_key", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("key", name=op.f("uq_files_key")),
    )
    op.create_index("ix_files_tenant_id_id", "files", ["tenant_id", "id"], unique=True)
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "owner", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)

    # by hand
    op.execute("CREATE SEQUENCE event_seq")
    rls.own_policies(
        op.execute,
        "events",
        reads=f"{rls.TENANT} OR {rls.PERSON} OR {rls.NETWORK}",
        adds=f"tenant_id IS NULL OR {rls.TENANT} OR {rls.PERSON} OR {rls.NETWORK}",
        changes="false",
    )
    rls.own_policies(
        op.execute,
        "audit_logs",
        reads=f"{rls.TENANT} OR {rls.PERSON} OR {rls.NETWORK}",
        adds="true",
        changes="false",
    )
    rls.own_policies(
        op.execute,
        "files",
        reads=f"{rls.TENANT} OR {rls.PERSON}",
        adds=f"{rls.TENANT} OR {rls.PERSON}",
        changes=f"{rls.TENANT} OR {rls.PERSON}",
    )
    op.execute("""
        CREATE FUNCTION ring_relay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('events', ''); RETURN NULL; END $$
    """)
    op.execute(
        "CREATE TRIGGER events_ring AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION ring_relay()"
    )
    # Only the relay numbers events, one relay at a time, so a number is never handed out before an
    # earlier one is visible.
    op.execute("""
        CREATE FUNCTION stamp_event(event uuid, event_rings jsonb) RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            UPDATE events SET seq = nextval('event_seq'), rings = event_rings
            WHERE id = event AND seq IS NULL RETURNING seq
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.drop_table("files")
    op.drop_table("events")
    op.drop_table("deliveries")
    op.drop_table("dead_jobs")
    op.drop_table("audit_logs")
