"""Estimates, authorizations, approval links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core import rls

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # by hand first
    # end by hand first
    op.create_table(
        "estimates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("authorized_before_minor", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("header", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shown_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_estimates_created_by_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["repair_orders.tenant_id", "repair_orders.id"],
            name=op.f("fk_estimates_tenant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_estimates_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimates")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_estimates_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "order_id", "version", name=op.f("uq_estimates_tenant_id_order_id_version")
        ),
    )
    op.create_index(
        "ix_estimates_one_draft",
        "estimates",
        ["tenant_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_index(
        "ix_estimates_open",
        "estimates",
        ["valid_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('sent', 'viewed')"),
    )
    op.create_index("ix_estimates_user_id", "estimates", ["user_id"], unique=False)
    op.create_table(
        "approval_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_approval_links_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "estimate_id"],
            ["estimates.tenant_id", "estimates.id"],
            name=op.f("fk_approval_links_tenant_id_estimate_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_links")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_approval_links_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_approval_links_token_hash")),
    )
    op.create_index(
        "ix_approval_links_estimate", "approval_links", ["tenant_id", "estimate_id"], unique=False
    )
    op.create_table(
        "authorizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("revised_total_minor", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("signed_name", sa.Text(), nullable=False),
        sa.Column("signature", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("shown_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["users.id"], name=op.f("fk_authorizations_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "estimate_id"],
            ["estimates.tenant_id", "estimates.id"],
            name=op.f("fk_authorizations_tenant_id_estimate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_authorizations_tenant_id_job_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorizations")),
        sa.UniqueConstraint(
            "tenant_id", "estimate_id", "job_id", name=op.f("uq_authorizations_tenant_id_estimate_id_job_id")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_authorizations_tenant_id_id")),
    )
    op.create_table(
        "estimate_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("scope_hash", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "estimate_id"],
            ["estimates.tenant_id", "estimates.id"],
            name=op.f("fk_estimate_jobs_tenant_id_estimate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_estimate_jobs_tenant_id_job_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimate_jobs")),
        sa.UniqueConstraint(
            "tenant_id", "estimate_id", "job_id", name=op.f("uq_estimate_jobs_tenant_id_estimate_id_job_id")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_estimate_jobs_tenant_id_id")),
    )
    op.create_table(
        "estimate_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "estimate_job_id"],
            ["estimate_jobs.tenant_id", "estimate_jobs.id"],
            name=op.f("fk_estimate_lines_tenant_id_estimate_job_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimate_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_estimate_lines_tenant_id_id")),
    )
    op.create_index(
        "ix_estimate_lines_job", "estimate_lines", ["tenant_id", "estimate_job_id", "position"], unique=False
    )
    rls.apply(op.execute, "estimates", "shared")
    rls.apply(op.execute, "approval_links", "tenant")
    rls.apply(op.execute, "authorizations", "child", parent="estimates", via="estimate_id")
    rls.apply(op.execute, "estimate_jobs", "child", parent="estimates", via="estimate_id")
    rls.apply(op.execute, "estimate_lines", "child", parent="estimate_jobs", via="estimate_job_id")
    # by hand
    op.execute("""
        CREATE FUNCTION approval_link_by_hash(hash bytea) RETURNS TABLE (link_id uuid, tenant_id uuid, estimate_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT id, tenant_id, estimate_id FROM approval_links WHERE token_hash = hash
        $$
    """)
    # What was sent and signed stays as it was, whoever asks: only the fate of a version may still change.
    op.execute("""
        CREATE FUNCTION estimates_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.status = 'draft' THEN RETURN OLD; END IF;
                RAISE EXCEPTION 'estimate % was sent and stays', OLD.number USING ERRCODE = 'check_violation';
            END IF;
            IF OLD.status <> 'draft' AND
                (to_jsonb(OLD) - '{status,viewed_at,decided_at,revision,user_id}'::text[]) IS DISTINCT FROM
                (to_jsonb(NEW) - '{status,viewed_at,decided_at,revision,user_id}'::text[])
            THEN
                RAISE EXCEPTION 'estimate % was sent and stays', OLD.number USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION estimate_jobs_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.decision = '' AND
                (to_jsonb(OLD) - '{decision,reason}'::text[]) = (to_jsonb(NEW) - '{decision,reason}'::text[])
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'a job that was sent stays as it was' USING ERRCODE = 'check_violation';
        END $$
    """)
    op.execute("""
        CREATE FUNCTION rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';
        END $$
    """)
    for table, function in (
        ("estimates", "estimates_stay"),
        ("estimate_jobs", "estimate_jobs_stay"),
        ("estimate_lines", "rows_stay"),
        ("authorizations", "rows_stay"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    # end by hand


def downgrade() -> None:
    op.drop_table("estimate_lines")
    op.drop_table("estimate_jobs")
    op.drop_table("authorizations")
    op.drop_table("approval_links")
    op.drop_table("estimates")
