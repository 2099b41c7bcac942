"""What happens to parts shops by the clock: a way to one that nobody goes on with is set aside."""

from uuid import UUID

from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.queue import cron, for_each
from app.domains.parts_shops import onboarding
from app.domains.parts_shops.models import ShopOnboarding


@cron("17 * * * *")
async def set_aside() -> None:
    """After a month without a touch. Whoever comes back goes on where they were."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.execute(
            select(ShopOnboarding.id, ShopOnboarding.user_id)
            .where(
                ShopOnboarding.status == "in_progress",
                ShopOnboarding.touched_at <= clock.now() - onboarding.PATIENCE,
            )
            .order_by(ShopOnboarding.touched_at)
            .limit(500)
        )
        due: list[tuple[UUID, UUID]] = [(row.id, row.user_id) for row in rows]
    await for_each(due, _set_aside)


async def _set_aside(due: tuple[UUID, UUID]) -> None:
    onboarding_id, user_id = due
    async with transaction(user=user_id) as db:
        await onboarding.abandon(db, await db.get_one(ShopOnboarding, onboarding_id))
