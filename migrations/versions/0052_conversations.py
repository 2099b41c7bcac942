"""Conversations between a business and a driver, or another business, about a subject."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0052"
down_revision = "0051"

OTHER = "{t}user_id = (SELECT app_user()) OR {t}buyer_tenant_id = (SELECT app_tenant())"
OF_ITS_THREAD = "SELECT 1 FROM threads t WHERE t.tenant_id = messages.tenant_id AND t.id = messages.thread_id"


def upgrade() -> None:
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("business_url", sa.Text(), nullable=False),
        sa.Column("other_url", sa.Text(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("business_last", sa.BigInteger(), nullable=False),
        sa.Column("other_last", sa.BigInteger(), nullable=False),
        sa.Column("business_read", sa.BigInteger(), nullable=False),
        sa.Column("other_read", sa.BigInteger(), nullable=False),
        sa.Column("other_told", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name=op.f("ck_threads_one_other_side")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_threads_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_threads_user_id")),
        sa.ForeignKeyConstraint(["buyer_tenant_id"], ["tenants.id"], name=op.f("fk_threads_buyer_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_threads_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "subject_kind",
            "subject_id",
            "user_id",
            "buyer_tenant_id",
            name="uq_threads_subject",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_threads_center", "threads", ["tenant_id", "center_id", "last_message_at"])
    op.create_index("ix_threads_user", "threads", ["user_id", "last_message_at"])
    op.create_index("ix_threads_buyer", "threads", ["buyer_tenant_id", "last_message_at"])
    op.create_index("ix_threads_last_message_at", "threads", ["last_message_at"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "thread_id"],
            ["threads.tenant_id", "threads.id"],
            name=op.f("fk_messages_tenant_id_thread_id"),
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["users.id"], name=op.f("fk_messages_sender_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_messages_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_messages_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "thread_id", "number", name=op.f("uq_messages_tenant_id_thread_id_number")
        ),
    )
    op.create_index("ix_messages_file_id", "messages", ["file_id"])
    # by hand
    # Two people's words: the two sides read them and nobody else, also not who looks after the network.
    both = f"{rls.TENANT} OR {OTHER.format(t='')}"
    rls.own_policies(op.execute, "threads", reads=both, adds=both, changes=both)
    for statement in (
        *rls.fence("messages"),
        f"CREATE POLICY messages_reads ON messages FOR SELECT USING (EXISTS ({OF_ITS_THREAD}))",
        # Nobody puts words into the other side's mouth.
        f"CREATE POLICY messages_adds ON messages FOR INSERT WITH CHECK (may_show_file(file_id) AND "
        f"EXISTS ({OF_ITS_THREAD} AND CASE messages.side WHEN 'business' "
        f"THEN t.tenant_id = (SELECT app_tenant()) ELSE {OTHER.format(t='t.')} END))",
        "CREATE POLICY messages_changes ON messages FOR UPDATE USING (false)",
        f"CREATE POLICY messages_removes ON messages FOR DELETE USING (EXISTS ({OF_ITS_THREAD}))",
    ):
        op.execute(statement)
    op.execute("DROP POLICY files_reads ON files")
    op.execute(
        f"CREATE POLICY files_reads ON files FOR SELECT USING ({rls.TENANT} OR {rls.PERSON} "
        "OR EXISTS (SELECT 1 FROM vehicles v WHERE v.photo_id = files.id) "
        "OR EXISTS (SELECT 1 FROM messages m WHERE m.file_id = files.id))"
    )
    op.execute("""
        CREATE FUNCTION threads_left_unread(since timestamptz, until timestamptz)
        RETURNS TABLE(thread_id uuid, tenant_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT t.id, t.tenant_id FROM threads t
             WHERE t.last_message_at BETWEEN since AND until AND t.user_id IS NOT NULL
               AND t.business_last > greatest(t.other_read, t.other_told)
             ORDER BY t.last_message_at
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.execute("DROP FUNCTION threads_left_unread(timestamptz, timestamptz)")
    op.execute("DROP POLICY files_reads ON files")
    op.execute(
        f"CREATE POLICY files_reads ON files FOR SELECT USING ({rls.TENANT} OR {rls.PERSON} "
        "OR EXISTS (SELECT 1 FROM vehicles v WHERE v.photo_id = files.id))"
    )
    op.drop_table("messages")
    op.drop_table("threads")
