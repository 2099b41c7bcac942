"""What the two sides of a purchase hear of each other: a line in their list, and the buyer's mails."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import render
from app.core.events import Heard
from app.core.words import _, speaking
from app.domains.marketplace import events as market
from app.domains.marketplace.events import OfPurchase
from app.domains.marketplace.models import PartsOrder, Purchase, PurchaseLine, PurchasePayment
from app.domains.notifications import recipients
from app.domains.notifications.mail_table import Parcel
from app.domains.notifications.telling import Line, list_for, write_to_customer

Say = Callable[[Purchase, Any], str]
"""A purchase and its event in the language that is spoken."""


def _sum(purchase: Purchase) -> str:
    return render.money(purchase.total_minor, purchase.currency)


TO_SELLER: Mapping[type[OfPurchase], Say] = {
    market.PurchaseAuthorized: lambda one, _e: _("Sold for %(sum)s: confirm it", sum=_sum(one)),
    market.PurchaseCancelAsked: lambda _p, event: _("The buyer asks to cancel: %(why)s", why=event.reason),
    market.PurchaseCancelled: lambda _p, event: (
        _("Cancelled: it was not paid in time")
        if event.reason == "not_paid"
        else _("The buyer has cancelled")
    ),
    market.ReturnAsked: lambda _p, event: _("The buyer wants to send it back: %(why)s", why=event.reason),
    market.PurchaseRefundFailed: lambda _p, _e: _("A refund did not arrive: find another way with the buyer"),
}

TO_BUYER: Mapping[type[OfPurchase], Say] = {
    market.PurchaseConfirmed: lambda _p, _e: _("The shop has your parts and prepares them"),
    market.PurchaseShipped: lambda _p, event: _(
        "Your parts are on their way with %(who)s", who=event.carrier
    ),
    market.PurchaseDelivered: lambda _p, _e: _("Your parts were handed over"),
    market.PurchaseFailed: lambda _p, event: (
        _("The shop did not confirm in time. Choose another offer")
        if event.reason == "not_confirmed"
        else _("The shop cannot deliver: %(why)s. Choose another offer", why=event.reason)
    ),
    market.PurchaseCancelled: lambda _p, event: (
        _("It was not paid in time. Choose again")
        if event.reason == "not_paid"
        else _("Your order is cancelled")
    ),
    market.PurchaseCancelRefused: lambda _p, event: _(
        "The shop does not let you cancel: %(why)s", why=event.reason
    ),
    market.ReturnRefused: lambda _p, event: _("The shop does not take it back: %(why)s", why=event.reason),
    market.PurchasePaymentEnded: lambda _p, _e: _("The hold on your card has lapsed. Please pay again"),
    market.PurchaseRefunded: lambda _p, event: _(
        "%(sum)s is on its way back to you", sum=render.money(event.amount_minor, event.currency)
    ),
}


async def tell_seller(db: AsyncSession, heard: Heard[OfPurchase]) -> None:
    """A line for each who sells at the shop."""
    event = heard.event
    order, purchase = await _about(db, event)
    place = await recipients.place(db, event.center_id)
    for user_id in await recipients.holding(
        db, "sell:parts", tenant_id=place.tenant_id, center_id=place.center.id
    ):
        to = await recipients.person(db, user_id, tenant_id=place.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            title = TO_SELLER[type(event)](purchase, event)
        line = Line(
            "parts",
            title[:200],
            f"{order.code} · {order.car_name}",
            f"/market/sales/{purchase.id}",
            purchase.id,
        )
        await list_for(db, heard, user_id, line, tenant_id=place.tenant_id)


async def tell_buyer(db: AsyncSession, heard: Heard[OfPurchase]) -> None:
    """A line for the driver, or for whoever raised the order at a workshop and those who buy there."""
    event = heard.event
    order, purchase = await _about(db, event)
    if isinstance(event, market.PurchasePaymentEnded) and purchase.payment_status != "failed":
        return
    place = await recipients.place(db, event.center_id)
    people = await recipients.of_buyer(db, order)
    for user_id in people:
        to = await recipients.person(db, user_id, tenant_id=order.buyer_tenant_id or place.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            title = TO_BUYER[type(event)](purchase, event)
        message = f"{place.center.name} · {order.code} · {order.car_name}"
        line = Line("parts", title[:200], message, f"/parts/orders/{order.code}", purchase.id)
        await list_for(db, heard, user_id, line, tenant_id=order.buyer_tenant_id or place.tenant_id)


async def _about(db: AsyncSession, event: OfPurchase) -> tuple[PartsOrder, Purchase]:
    order = await db.get_one(PartsOrder, event.parts_order_id)
    return order, await db.get_one(Purchase, event.purchase_id)


MAILED: Mapping[type[OfPurchase], str] = {
    market.PurchasePaid: "parts_order_paid",
    market.PurchaseShipped: "parts_order_shipped",
    market.PurchaseDelivered: "parts_order_delivered",
}


async def mail_buyer(db: AsyncSession, heard: Heard[OfPurchase]) -> None:
    """A mail to the driver, or to whoever raised the order at a workshop."""
    event = heard.event
    order, purchase = await _about(db, event)
    person = order.user_id or order.raised_by_id
    if person is None or purchase.status in ("cancelled", "failed"):
        return
    place = await recipients.place(db, event.center_id)
    parts = list(
        await db.scalars(
            select(PurchaseLine.name).where(PurchaseLine.purchase_id == purchase.id).order_by(PurchaseLine.id)
        )
    )
    paid_with = await db.scalar(
        select(PurchasePayment.paid_with)
        .where(PurchasePayment.purchase_id == purchase.id, PurchasePayment.captured_minor > 0)
        .limit(1)
    )
    to = await recipients.person(db, person, tenant_id=place.tenant_id)
    if to is None:
        return
    with speaking(to.locale):
        method = _("cash") if paid_with == "cash" else paid_with or ""
    parcel = Parcel(
        code=order.code, parts=parts, total_minor=purchase.total_minor, currency=purchase.currency,
        url=f"/parts/orders/{order.code}", carrier=purchase.carrier, tracking=purchase.tracking_number,
        method=method,
    )  # fmt: skip
    await write_to_customer(db, heard, to, MAILED[type(event)], parcel, place=place)
