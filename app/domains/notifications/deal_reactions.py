"""What the two sides of a purchase hear of each other: a line in their list, and the buyer's mails."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.words import _, ngettext, speaking
from app.domains.marketplace import events as market
from app.domains.marketplace.events import BoughtPartMissing, OfPurchase
from app.domains.marketplace.models import (
    ENDED_PURCHASE,
    PartsOrder,
    Purchase,
    PurchaseLine,
    PurchasePayment,
)
from app.domains.notifications import recipients
from app.domains.notifications.deal_words import (
    TO_BUYER,
    TO_SELLER,
    mailed_money,
    where_money_goes,
)
from app.domains.notifications.mail_table import Parcel, PartsMoney
from app.domains.notifications.telling import Line, list_for, write_to_customer


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
        if not title:
            return
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
            is_over = isinstance(event, market.PurchaseFailed | market.PurchasePaidLate)
            money = f"{where_money_goes(purchase, event)} " if is_over else ""
        if not title:
            return
        message = f"{money}{place.center.name} · {order.code} · {order.car_name}"
        line = Line("parts", title[:200], message, f"/parts/orders/{order.code}", purchase.id)
        await list_for(db, heard, user_id, line, tenant_id=order.buyer_tenant_id or place.tenant_id)


async def _about(db: AsyncSession, event: OfPurchase) -> tuple[PartsOrder, Purchase]:
    order = await db.get_one(PartsOrder, event.parts_order_id)
    return order, await db.get_one(Purchase, event.purchase_id)


async def tell_desk_of_missing_part(db: AsyncSession, heard: Heard[BoughtPartMissing]) -> None:
    """A line for each who runs the workshop's desk, and for whoever ordered the part: only they can decide what the job
    and the bill say now."""
    event = heard.event
    order = await db.get_one(PartsOrder, event.parts_order_id)
    place = await recipients.place(db, event.center_id)
    raised = [order.raised_by_id] if order.raised_by_id else []
    for user_id in dict.fromkeys([*raised, *await recipients.desk(db, place.center)]):
        to = await recipients.person(db, user_id, tenant_id=place.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            title = ngettext(
                "A part that was ordered does not come, and the job still has it",
                "%(num)d parts that were ordered do not come, and the job still has them",
                len(event.parts),
            )
            message = _(
                "%(parts)s: order elsewhere, or take it off the job and the bill.",
                parts=", ".join(event.parts),
            )
        line = Line("parts", title, message, f"/parts/jobs/{event.job_id}", event.purchase_id)
        await list_for(db, heard, user_id, line, tenant_id=place.tenant_id)


MAILED: Mapping[type[OfPurchase], str] = {
    market.PurchasePaid: "parts_order_paid",
    market.PurchaseShipped: "parts_order_shipped",
    market.PurchaseDelivered: "parts_order_delivered",
}

MAILED_OF_ENDED: Mapping[type[OfPurchase], str] = {
    market.PurchaseFailed: "parts_order_failed",
    market.PurchaseReturned: "parts_order_returned",
    market.PurchaseRefunded: "parts_order_refunded",
    market.PurchasePaidLate: "parts_order_paid_late",
    market.PurchaseRefundFailed: "parts_order_money_owed",
    market.PurchasePaymentQuestioned: "parts_order_questioned",
    market.PurchasePaymentDisputed: "parts_order_questioned",
}
"""These leave whether or not the purchase is over."""


async def mail_buyer(db: AsyncSession, heard: Heard[OfPurchase]) -> None:
    """A mail to the driver, or to whoever raised the order at a workshop."""
    event = heard.event
    order, purchase = await _about(db, event)
    person = order.user_id or order.raised_by_id
    name = MAILED_OF_ENDED.get(type(event)) or MAILED[type(event)]
    if person is None or (type(event) in MAILED and purchase.status in ENDED_PURCHASE):
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
        money = mailed_money(purchase, event)
    if not money and type(event) in MAILED_OF_ENDED:
        return
    facts: dict[str, Any] = {
        "code": order.code, "parts": parts, "total_minor": purchase.total_minor, "currency": purchase.currency,
        "url": f"/parts/orders/{order.code}", "carrier": purchase.carrier, "tracking": purchase.tracking_number,
        "method": method,
    }  # fmt: skip
    about = PartsMoney(**facts, money=money) if money else Parcel(**facts)
    await write_to_customer(db, heard, to, name, about, place=place)
