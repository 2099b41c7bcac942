"""A low rating is something to make good: a line for the shop's people until one of them has answered it; and the buyer
hears of the answer."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import act_as
from app.core.events import Heard, record
from app.core.viewer import Viewer
from app.core.words import _, ngettext, speaking
from app.domains.marketplace.events import PurchaseRated, RatingAnswered
from app.domains.marketplace.models import Purchase, ShopQuote
from app.domains.marketplace.rating import LOW
from app.domains.notifications import recipients
from app.domains.notifications.events import NotificationsRead
from app.domains.notifications.models import Notification
from app.domains.notifications.telling import Line, list_for

RATINGS = "/market/ratings"


async def tell_shop_of_rating(db: AsyncSession, heard: Heard[PurchaseRated]) -> None:
    """A line for each who sells there. A rating that is no longer low takes it away."""
    event = heard.event
    purchase = await db.scalar(select(Purchase).where(Purchase.id == event.purchase_id))
    if purchase is None or purchase.rating is None:
        return
    if purchase.rating > LOW:
        await _put_away(db, purchase)
        return
    if purchase.rating_replied_at is not None:
        return
    tenant = purchase.tenant_id
    for user_id in await recipients.holding(db, "sell:parts", tenant_id=tenant, center_id=purchase.center_id):
        to = await recipients.person(db, user_id, tenant_id=tenant)
        if to is None:
            continue
        with speaking(to.locale):
            stars = ngettext("A buyer gave %(num)d star", "A buyer gave %(num)d stars", event.rating)
            words = _("Request %(code)s: answer the rating and make it good.", code=event.code)
        line = Line("order", stars, words, RATINGS, event.purchase_id)
        await list_for(db, heard, user_id, line, tenant_id=tenant)


async def tell_buyer_of_reply(db: AsyncSession, heard: Heard[RatingAnswered]) -> None:
    """What the shop's people had on their lists is done; the buyer reads the answer."""
    event = heard.event
    purchase = await db.scalar(select(Purchase).where(Purchase.id == event.purchase_id))
    quote = await db.scalar(select(ShopQuote).where(ShopQuote.id == event.quote_id))
    if purchase is None or quote is None:
        return
    await _put_away(db, purchase)
    tenant = purchase.buyer_tenant_id
    readers = [purchase.user_id] if purchase.user_id else []
    if tenant is not None:
        await act_as(db, tenant=tenant)
        readers = list(await recipients.holding(db, "request:parts", tenant_id=tenant))
    for user_id in readers:
        to = await recipients.person(db, user_id, tenant_id=tenant or purchase.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            title = _("%(shop)s has answered your rating", shop=quote.shop_name)
            words = _("Request %(code)s", code=event.code)
        line = Line("order", title, words, f"/parts/orders/{event.code}", event.purchase_id)
        await list_for(db, heard, user_id, line, tenant_id=tenant or purchase.tenant_id)


async def _put_away(db: AsyncSession, purchase: Purchase) -> None:
    await act_as(db, tenant=purchase.tenant_id)
    read = await db.scalars(
        update(Notification)
        .where(
            Notification.related_id == purchase.id,
            Notification.url == RATINGS,
            Notification.is_read.is_(False),
        )
        .values(is_read=True)
        .returning(Notification.user_id)
    )
    for user_id in sorted(set(read.all())):
        event = NotificationsRead(user_id=user_id)
        await record(db, event, by=Viewer.system(purchase.tenant_id), person=user_id, subject=user_id)
