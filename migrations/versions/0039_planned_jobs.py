"""When a job is to begin, and as which service it was booked: what its clocks say is that service's history.
And a visit is completed when the car is handed over, not when the work is done."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("service_id", sa.Uuid(), nullable=True))
    op.add_column("jobs", sa.Column("scheduled_start", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_jobs_tenant_id_service_id"),
        "jobs",
        "services",
        ["tenant_id", "service_id"],
        ["tenant_id", "id"],
    )
    op.create_index("ix_jobs_canned_job", "jobs", ["tenant_id", "canned_job_id"])
    op.create_index("ix_jobs_service", "jobs", ["tenant_id", "service_id"])
    # A job agreed to by booking carries the name of the service at that time.
    op.execute("""
        UPDATE jobs j SET service_id = s.service_id, scheduled_start = a.starts_at
          FROM appointments a
          JOIN appointment_services s ON s.tenant_id = a.tenant_id AND s.appointment_id = a.id
         WHERE a.tenant_id = j.tenant_id AND a.order_id = j.order_id AND s.name = j.title
           AND EXISTS (SELECT FROM authorizations u
                        WHERE u.tenant_id = j.tenant_id AND u.job_id = j.id AND u.method = 'booking')
    """)
    op.execute("""
        UPDATE appointments a SET status = 'in_progress'
          FROM repair_orders o
         WHERE o.tenant_id = a.tenant_id AND o.id = a.order_id AND a.status = 'completed'
           AND o.stage <> 'delivered' AND o.status IN ('repair_order', 'invoiced', 'closed')
    """)


def downgrade() -> None:
    op.execute("""
        UPDATE appointments SET status = 'completed'
         WHERE status IN ('arrived', 'in_progress') AND completed_at IS NOT NULL
    """)
    op.drop_index("ix_jobs_service", "jobs")
    op.drop_index("ix_jobs_canned_job", "jobs")
    op.drop_constraint(op.f("fk_jobs_tenant_id_service_id"), "jobs", type_="foreignkey")
    op.drop_column("jobs", "scheduled_start")
    op.drop_column("jobs", "service_id")
