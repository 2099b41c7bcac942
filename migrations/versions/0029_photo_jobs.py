"""A photo's job is a job of the same business. What names no job any more belongs to the order alone."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute(
        "UPDATE order_photos p SET job_id = NULL WHERE job_id IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM jobs j WHERE j.tenant_id = p.tenant_id AND j.id = p.job_id AND j.order_id = p.order_id)"
    )
    op.create_foreign_key(
        op.f("fk_order_photos_tenant_id_job_id"),
        "order_photos",
        "jobs",
        ["tenant_id", "job_id"],
        ["tenant_id", "id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_order_photos_tenant_id_job_id"), "order_photos")
