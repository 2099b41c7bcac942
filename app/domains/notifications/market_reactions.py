"""What the two sides of the parts market are told: a shop's counter of its requests, the buyer of the offers."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import render
from app.core.db import act_as, take_turn
from app.core.events import Heard
from app.core.words import _, ngettext, speaking
from app.domains.marketplace.events import (
    OffersAccepted,
    OfShopQuote,
    QuoteLost,
    QuoteOffered,
    QuoteStandsAgain,
    QuoteWon,
    ShopAsked,
)
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, Purchase, ShopQuote
from app.domains.notifications import recipients
from app.domains.notifications.models import Notification
from app.domains.notifications.recipients import Recipient
from app.domains.notifications.telling import Line, list_for, write_mail

Words = Callable[[], tuple[str, str]]
"""Title and message, in the language that is spoken."""


async def tell_counter_of_request(db: AsyncSession, heard: Heard[ShopAsked]) -> None:
    """Asked again after its time was over, a request is news only to those who have read of it."""
    found = await _asked(db, heard.event)
    if found is None:
        return
    order, quote = found
    parts = await _parts(db, order)

    def words() -> tuple[str, str]:
        car = order.car_name or order.make.title()
        title = (
            _("Urgent: parts for %(car)s", car=car)
            if order.priority == "urgent"
            else _("Parts for %(car)s", car=car)
        )
        return title, parts

    is_urgent, until = order.priority == "urgent", order.expires_at
    await _tell_counter(db, heard, order, quote, words, once=True, is_urgent=is_urgent, useful_until=until)


async def tell_counter_of_sale(db: AsyncSession, heard: Heard[QuoteWon]) -> None:
    """What is paid on delivery can be prepared at once. What is paid by card is a sale when the money is held, and is told
    of then."""
    found = await _asked(db, heard.event)
    way = await db.scalar(select(Purchase.payment_method).where(Purchase.id == heard.event.purchase_id))
    if found is None or way != "on_delivery":
        return
    order, quote = found

    def words() -> tuple[str, str]:
        total = render.money(heard.event.total_minor, heard.event.currency)
        return _("Your offer is accepted: %(total)s", total=total), _(
            "%(car)s. Confirm the sale and get the parts ready.", car=order.car_name or order.code
        )

    await _tell_counter(db, heard, order, quote, words)


async def tell_counter_of_loss(db: AsyncSession, heard: Heard[QuoteLost]) -> None:
    """Only where the shop had an offer: whoever has not answered has lost nothing."""
    found = await _asked(db, heard.event)
    if found is None or not found[1].revision:
        return
    order, quote = found

    def words() -> tuple[str, str]:
        title = {
            "cancelled": _("A request was called off"),
            "expired": _("The time for offers is over"),
            "failed": _("You could not deliver, so your other offer no longer stands"),
            "given_up": _("The buyer does without what was open"),
            "lapsed": _("Your offer held for a day and has lapsed: you may offer again"),
        }.get(heard.event.why, _("The buyer decided for another offer"))
        return title, order.car_name or order.code

    await _tell_counter(db, heard, order, quote, words)


async def tell_counter_of_standing(db: AsyncSession, heard: Heard[QuoteStandsAgain]) -> None:
    """An offer that had lost can be accepted again: its shop must know, and may take it back."""
    found = await _asked(db, heard.event)
    if found is None:
        return
    order, quote = found
    parts = await _parts(db, order)

    def words() -> tuple[str, str]:
        total = render.money(heard.event.total_minor, heard.event.currency)
        return _("Your offer stands again: %(total)s", total=total), _(
            "%(parts)s. If you have it no longer, take the offer back.", parts=parts
        )

    await _tell_counter(db, heard, order, quote, words)


async def _asked(db: AsyncSession, event: OfShopQuote) -> tuple[PartsOrder, ShopQuote] | None:
    row = (
        await db.execute(
            select(PartsOrder, ShopQuote)
            .join(ShopQuote, ShopQuote.order_id == PartsOrder.id)
            .where(ShopQuote.id == event.quote_id)
        )
    ).first()
    return (row[0], row[1]) if row else None


async def _parts(db: AsyncSession, order: PartsOrder) -> str:
    names = await db.scalars(
        select(PartsOrderLine.name)
        .where(
            PartsOrderLine.order_id == order.id,
            PartsOrderLine.given_up.is_(False),
            PartsOrderLine.is_bought.is_(False),
        )
        .order_by(PartsOrderLine.position)
    )
    return ", ".join(names)


async def _tell_counter(
    db: AsyncSession,
    heard: Heard[Any],
    order: PartsOrder,
    quote: ShopQuote,
    words: Words,
    *,
    once: bool = False,
    **terms: Any,
) -> None:
    """A line for each who sells parts there; with `once` not for those whose line of it is still unread."""
    tenant, order_id, url = quote.tenant_id, order.id, f"/market/requests/{order.code}"
    sellers = await recipients.holding(db, "sell:parts", tenant_id=tenant, center_id=quote.center_id)
    for user_id in sellers:
        to = await recipients.person(db, user_id, tenant_id=tenant)
        if to is None or (once and await _is_listed(db, user_id, order_id, unread=True)):
            continue
        with speaking(to.locale):
            title, message = words()
        line = Line("order", title, message, url, order_id, **terms)
        await list_for(db, heard, user_id, line, tenant_id=tenant)


async def _is_listed(db: AsyncSession, user_id: UUID, order_id: UUID, *, unread: bool = False) -> bool:
    still = [Notification.is_read.is_(False)] if unread else []
    found = await db.scalar(
        select(Notification.id)
        .where(
            Notification.user_id == user_id,
            Notification.type == "order",
            Notification.related_id == order_id,
            *still,
        )
        .limit(1)
    )
    return found is not None


async def tell_buyer_of_first_offer(db: AsyncSession, heard: Heard[QuoteOffered]) -> None:
    """Once for an order, however many shops offer at the same moment: whoever waits looks at the page from then on."""
    found = await _asked(db, heard.event)
    if found is None:
        return
    order, quote = found
    await take_turn(db, f"first offer {order.id}")
    event, car, url = heard.event, order.car_name or order.code, f"/parts/orders/{order.code}"
    total = render.money(event.total_minor, event.currency)
    for user_id in await recipients.of_buyer(db, order):
        to = await _buyer(db, order, user_id)
        if to is None or await _is_listed(db, user_id, order.id):
            continue
        with speaking(to.locale):
            title = _("The first offer for your %(car)s is in", car=car)
            if order.user_id is None:
                title = _("The first offer for %(car)s is in", car=car)
            whole = (
                _("all parts")
                if not event.missing
                else ngettext("%(num)d part missing", "%(num)d parts missing", event.missing)
            )
            message = _("%(shop)s: %(total)s, %(whole)s", shop=quote.shop_name, total=total, whole=whole)
        line = Line("order", title, message, url, order.id)
        await list_for(db, heard, user_id, line, tenant_id=order.buyer_tenant_id)
        if order.user_id:
            await write_mail(
                db, heard, to, "first_offer", url=url, car=car, shop=quote.shop_name, event=event,
                expires_at=order.expires_at, order_zone=order.zone,
            )  # fmt: skip


async def tell_buyer_of_choice(db: AsyncSession, heard: Heard[OffersAccepted]) -> None:
    """What was accepted stands in their list too: another at the workshop, or another tab, may have done it."""
    order = await db.scalar(select(PartsOrder).where(PartsOrder.id == heard.event.parts_order_id))
    user_id = (order.user_id or order.raised_by_id) if order else None
    to = await _buyer(db, order, user_id) if order and user_id else None
    if order is None or user_id is None or to is None:
        return
    shops, car = len(set(heard.event.chosen.values())), order.car_name or order.code
    with speaking(to.locale):
        if order.user_id:
            title = _("You have chosen parts for %(car)s", car=car)
            message = ngettext(
                "From %(num)d shop. Pay, and it gets them ready.",
                "From %(num)d shops. Pay each, and they get them ready.",
                shops,
            )
        else:  # whoever raised it need not be who decides and pays
            title = _("Parts for %(car)s are chosen", car=car)
            message = ngettext("From %(num)d shop.", "From %(num)d shops.", shops)
    line = Line("order", title, message, f"/parts/orders/{order.code}", order.id)
    await list_for(db, heard, user_id, line, tenant_id=order.buyer_tenant_id)


async def _buyer(db: AsyncSession, order: PartsOrder, user_id: UUID) -> Recipient | None:
    """The driver, or somebody of the workshop. The transaction acts for them from here on."""
    await act_as(db, user=user_id, tenant=order.buyer_tenant_id)
    return await recipients.person(db, user_id, tenant_id=order.buyer_tenant_id)
