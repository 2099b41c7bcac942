"""Documents of cars and people, and links that show one to somebody else."""

import sqlalchemy as sa
from alembic import op

from app.core import rls

revision = "0067"
down_revision = "0066"

MINE = """vehicle_id IN (
    SELECT o.vehicle_id FROM ownerships o WHERE o.user_id = (SELECT app_user()) AND o.until IS NULL)"""
DRIVEN = MINE.replace("o.until IS NULL", "o.until IS NULL AND o.role <> 'reader'")
WRITES = f"{rls.PERSON} AND (vehicle_id IS NULL OR {DRIVEN})"
"""Who has the car reads its papers, and whoever put one in changes it while they have the car; it never moves to a car that
is not theirs. It may go with its person, also when the car is theirs no more."""


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("replaced_by_id", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("expires_on >= valid_from", name=op.f("ck_documents_days")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_documents_user_id")),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_documents_vehicle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"],
            ["documents.id"],
            name=op.f("fk_documents_replaced_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_table(
        "document_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_files_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_document_files_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_files")),
    )
    op.create_table(
        "document_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_links_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_document_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_document_links_token_hash")),
    )
    for table, column in (
        ("documents", "vehicle_id"),
        ("documents", "user_id"),
        ("documents", "replaced_by_id"),
        ("document_files", "document_id"),
        ("document_files", "file_id"),
        ("document_links", "document_id"),
        ("document_links", "user_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)
    seen = "EXISTS (SELECT 1 FROM documents d WHERE d.id = document_files.document_id)"
    own = f"{seen[:-1]} AND d.{rls.PERSON})"
    for statement in (
        *rls.fence("documents"),
        f"CREATE POLICY documents_reads ON documents FOR SELECT USING ({rls.PERSON} OR {MINE})",
        f"CREATE POLICY documents_adds ON documents FOR INSERT WITH CHECK ({WRITES})",
        f"CREATE POLICY documents_changes ON documents FOR UPDATE USING ({WRITES}) WITH CHECK ({WRITES})",
        f"CREATE POLICY documents_removes ON documents FOR DELETE USING ({rls.PERSON})",
        *rls.fence("document_files"),
        f"CREATE POLICY document_files_reads ON document_files FOR SELECT USING ({seen})",
        f"CREATE POLICY document_files_adds ON document_files FOR INSERT WITH CHECK ({own} AND may_show_file(file_id))",
        "CREATE POLICY document_files_changes ON document_files FOR UPDATE USING (false)",
        f"CREATE POLICY document_files_removes ON document_files FOR DELETE USING ({own})",
    ):
        op.execute(statement)
    rls.apply(op.execute, "document_links", "person")
    op.execute("""
        CREATE FUNCTION document_link_by_hash(hash bytea) RETURNS TABLE (link_id uuid, user_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT l.id, l.user_id FROM document_links l WHERE l.token_hash = hash
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION document_link_by_hash(bytea)")
    op.drop_table("document_links")
    op.drop_table("document_files")
    op.drop_table("documents")
