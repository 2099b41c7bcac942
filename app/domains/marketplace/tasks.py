"""What the market does by the clock: orders whose time for offers is over, sales that nobody pays or confirms, and money
the provider was to tell of."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, text

from app.core import audit, clock
from app.core.db import transaction
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.accounts.models import ERASED, User
from app.domains.marketplace import asking, deal_checking, deal_paying, fulfilling
from app.domains.marketplace.models import ASKING, AT_REST, PartsOrder, Purchase, ShopQuote
from app.domains.marketplace.personal import empty_ended

Due = tuple[UUID, UUID | None, UUID | None]
"""An order, and its buyer: a person or a workshop."""


@cron("* * * * *")
async def expire_orders() -> None:
    """End requests whose time is over. Nothing can be offered or accepted from the second on; this tells everybody."""
    await for_each(await _asking(PartsOrder.expires_at <= clock.now()), _expire)


async def _asking(which: ColumnElement[bool]) -> list[Due]:
    """Requests that are open by their status, the first to end first."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.execute(
            select(PartsOrder.id, PartsOrder.user_id, PartsOrder.buyer_tenant_id)
            .where(PartsOrder.status.in_(ASKING), which)
            .order_by(PartsOrder.expires_at)
            .limit(500)
        )
        return [(row.id, row.user_id, row.buyer_tenant_id) for row in rows]


async def _expire(due: Due) -> None:
    order_id, user_id, tenant_id = due
    async with transaction(user=user_id, tenant=tenant_id) as db:
        order = await db.get_one(PartsOrder, order_id)
        await asking.expire(db, order, by=Viewer.system(tenant_id))


@cron("* * * * *")
async def lapse_offers() -> None:
    """End offers that held for a day and no longer, of requests that are still open."""
    lapsed = exists().where(
        ShopQuote.order_id == PartsOrder.id,
        ShopQuote.status == "offered",
        ShopQuote.valid_until <= clock.now(),
    )
    await for_each(await _asking(lapsed), _lapse_offers)


async def _lapse_offers(due: Due) -> None:
    order_id, user_id, tenant_id = due
    async with transaction(user=user_id, tenant=tenant_id) as db:
        await asking.lapse(db, await db.get_one(PartsOrder, order_id))


@cron("40 * * * *")
async def empty_addresses() -> None:
    """Of a person whose account is erased a seller keeps the address until what they bought has arrived."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.scalars(
            select(Purchase.user_id)
            .join(User, User.id == Purchase.user_id)
            .where(
                Purchase.status.in_(AT_REST),
                Purchase.ship_to != {},
                User.email.endswith(ERASED),
            )
            .group_by(Purchase.user_id)
            .order_by(func.min(Purchase.accepted_at))
            .limit(500)
        )
        people = [one for one in rows if one is not None]
    await for_each(people, _empty)


async def _empty(person: UUID) -> None:
    async with transaction(user=person) as db:
        await empty_ended(db, person)
        await audit.take_changes(db)


@cron("* * * * *", timeout=300)
async def end_overdue_purchases() -> None:
    """What was not paid in time is cancelled, what was not confirmed in time has failed."""
    await for_each(await fulfilling.overdue(), _lapse)


async def _lapse(which: tuple[UUID, UUID]) -> None:
    await fulfilling.lapse(*which)


@cron("* * * * *", timeout=300)
async def ask_about_purchase_payments() -> None:
    """Webhooks get lost, so payments of purchases are asked about."""
    await for_each(await deal_paying.undecided(), deal_paying.ask, at_once=4)


@cron("* * * * *", timeout=300)
async def settle_up_purchases() -> None:
    """Money of purchases that are over, and refunds whose answer was lost."""
    await for_each(await deal_paying.to_settle_up(), _settle_up, at_once=4)


async def _settle_up(which: tuple[UUID, UUID]) -> None:
    await deal_paying.let_go(*which)


@cron("35 3 * * *", timeout=600)
async def check_purchases() -> None:
    """Every night. Purchases that disagree with their payments or the books fail as a job."""
    await deal_checking.check_every_seller()
