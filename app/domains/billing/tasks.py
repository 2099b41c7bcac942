"""What billing does by the clock."""

from uuid import UUID

from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.billing import checkout, payouts, refunding
from app.domains.billing.checking import check_every_shop
from app.domains.billing.invoicing import mark_overdue


@cron("10 * * * *")
async def mark_overdue_invoices() -> None:
    """Every hour: a day ends at another hour in each time zone."""
    async with transaction() as db:
        rows = await db.execute(
            text("SELECT tenant_id FROM tenants_with_overdue_invoices(:now)"), {"now": clock.now()}
        )
        tenants = [row.tenant_id for row in rows]
    await for_each(tenants, _mark_overdue_of)


async def _mark_overdue_of(tenant_id: UUID) -> None:
    async with transaction(tenant=tenant_id) as db:
        await mark_overdue(db, by=Viewer.system(tenant_id))


@cron("* * * * *")
async def look_at_undecided_payments() -> None:
    """Every minute: webhooks get lost, so payments that stay undecided are asked about."""
    await checkout.look_at_undecided()


@cron("*/10 * * * *", timeout=500)
async def look_at_open_ends() -> None:
    """Every ten minutes, of those that are due: what became of payments since they were taken."""
    await checkout.look_at_open_ends()


@cron("25 * * * *", timeout=600)
async def note_payouts() -> None:
    """Every hour: which payout brought which payment."""
    await payouts.note_all()


@cron("* * * * *")
async def finish_undecided_refunds() -> None:
    """Every minute: a refund whose answer was lost is asked for again with its own key."""
    await refunding.finish_undecided()


@cron("15 3 * * *", timeout=600)
async def check_books() -> None:
    """Every night. Books that do not add up fail as a job, which the network's page of dead jobs shows."""
    await check_every_shop()
