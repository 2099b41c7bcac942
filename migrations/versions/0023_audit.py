"""One audit trail: numbered refusals, old and new values, a hash chain over all of it, and nothing rewritten."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0023"
down_revision = "0022"

APPEND_ONLY = ("events", "audit_logs", "audit_values", "audit_chain")


def upgrade() -> None:
    for table, column in (
        ("events", "user_agent"),
        ("events", "entity_type"),
        ("events", "entity_id"),
        ("audit_logs", "actor_name"),
    ):
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
        op.alter_column(table, column, server_default=None)
    op.add_column("audit_logs", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.create_index("ix_events_entity", "events", ["entity_id", "created_at"], unique=False)
    op.create_index("ix_audit_logs_entity", "audit_logs", ["entity_id", "created_at"], unique=False)
    op.create_index("ix_audit_logs_at", "audit_logs", ["created_at"], unique=False)
    op.create_index("ix_audit_logs_seq", "audit_logs", ["seq"], unique=True)
    op.create_index(
        "ix_audit_logs_unstamped", "audit_logs", ["id"], unique=False, postgresql_where=sa.text("seq IS NULL")
    )
    op.create_table(
        "audit_values",
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("salt", sa.Uuid(), nullable=False),
        sa.Column("old_values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("new_values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_audit_values")),
    )
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("values_hash", sa.LargeBinary(), nullable=True),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("row_id", name=op.f("uq_audit_chain_row_id")),
        sa.UniqueConstraint(
            "tenant_id", "n", name=op.f("uq_audit_chain_tenant_id_n"), postgresql_nulls_not_distinct=True
        ),
    )
    # by hand
    for table, adds in (("audit_values", "true"), ("audit_chain", rls.NETWORK)):
        rls.own_policies(
            op.execute, table, reads=f"{rls.TENANT} OR {rls.NETWORK}", adds=adds, changes="false"
        )
    # A row may be numbered once; nothing else of it changes, whoever asks. A migration that has to, says
    # SET LOCAL audit.rewriting = 'on', and the chain shows what it did.
    op.execute("""
        CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF coalesce(current_setting('audit.rewriting', true), '') = 'on' THEN
                RETURN coalesce(NEW, OLD);
            END IF;
            IF TG_OP = 'UPDATE' THEN
                IF to_jsonb(OLD) ->> 'seq' IS NULL
                   AND to_jsonb(NEW) - '{seq,rings}'::text[] = to_jsonb(OLD) - '{seq,rings}'::text[] THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    # The relay numbers refusals and reads from the same sequence as events: one order for both.
    op.execute("""
        CREATE FUNCTION stamp_logs() RETURNS bigint
        LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
            WITH waiting AS (SELECT id FROM audit_logs WHERE seq IS NULL ORDER BY id LIMIT 500),
                 done AS (UPDATE audit_logs l SET seq = nextval('event_seq')
                            FROM waiting w WHERE l.id = w.id RETURNING 1)
            SELECT count(*) FROM done
        $$
    """)
    # What the law wants forgotten: the values go, their hash stays in the chain.
    op.execute("""
        CREATE FUNCTION forget_audit_values(rows uuid[]) RETURNS SETOF uuid
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        BEGIN
            PERFORM set_config('audit.rewriting', 'on', true);
            RETURN QUERY DELETE FROM audit_values v
                WHERE v.row_id = ANY (rows) AND (v.tenant_id = app_tenant() OR app_network())
                RETURNING v.row_id;
            PERFORM set_config('audit.rewriting', '', true);
        END $$
    """)
    # end by hand


def downgrade() -> None:
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
    for function in ("append_only()", "stamp_logs()", "forget_audit_values(uuid[])"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("audit_chain")
    op.drop_table("audit_values")
    op.drop_column("audit_logs", "seq")
    op.drop_column("audit_logs", "actor_name")
    for column in ("entity_id", "entity_type", "user_agent"):
        op.drop_column("events", column)
