"""What the two sides of a purchase are told of each move, in the language that is spoken. Nothing to say is ""."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core import render
from app.core.words import _
from app.domains.marketplace import events as market
from app.domains.marketplace.events import OfPurchase
from app.domains.marketplace.models import Purchase

Say = Callable[[Purchase, Any], str]
"""A purchase and its event."""


def _sum(purchase: Purchase) -> str:
    return render.money(purchase.total_minor, purchase.currency)


def _amount(event: Any, minor: int) -> str:
    return render.money(minor, event.currency)


def _paid_in_hand(purchase: Purchase, event: market.PurchaseDelivered) -> str:
    if not event.by_buyer or event.payment_status == "paid":
        return ""
    return _("The buyer has the parts: note the payment of %(sum)s", sum=_sum(purchase))


def _cancelled_sale(_purchase: Purchase, event: market.PurchaseCancelled) -> str:
    return {
        "not_paid": _("Cancelled: it was not paid in time"),
        "not_taken": _("Cancelled: the buyer's card did not pay. It does not count against your shop"),
    }.get(event.reason, _("The buyer has cancelled"))


def _refund_refused_sale(purchase: Purchase, event: market.PurchaseRefundFailed) -> str:
    if not event.refusals:
        return _("A refund did not arrive: find another way with the buyer")
    amount = _amount(event, event.amount_minor) if event.currency else _sum(purchase)
    said = _(
        "A refund of %(sum)s was refused by the payment provider. It is tried again by itself", sum=amount
    )
    return said if event.refusals == 1 else ""


def _capture_refused_sale(purchase: Purchase, event: market.PurchaseCaptureRefused) -> str:
    if event.refusals == 1:
        return _("The buyer's bank did not hand out %(sum)s: confirm once more", sum=_sum(purchase))
    return _("The buyer's card did not pay. The buyer is asked to pay again: keep the parts until then")


def _disputed_sale(purchase: Purchase, event: market.PurchasePaymentDisputed) -> str:
    return {
        "won": _("A dispute was decided for you: %(sum)s stays yours", sum=_sum(purchase)),
        "lost": _("A dispute was lost: the buyer's bank has taken the money back"),
    }.get(
        event.outcome,
        _("The buyer disputes %(sum)s at their bank: answer it at the payment provider", sum=_sum(purchase)),
    )


TO_SELLER: Mapping[type[OfPurchase], Say] = {
    market.PurchaseAuthorized: lambda one, _e: _("Sold for %(sum)s: confirm it", sum=_sum(one)),
    market.PurchaseCancelAsked: lambda _p, event: _("The buyer asks to cancel: %(why)s", why=event.reason),
    market.PurchaseCancelled: _cancelled_sale,
    market.PurchaseDelivered: _paid_in_hand,
    market.ReturnAsked: lambda _p, event: _("The buyer wants to send it back: %(why)s", why=event.reason),
    market.PurchaseRefundFailed: _refund_refused_sale,
    market.PurchaseCaptureRefused: _capture_refused_sale,
    market.PurchasePaymentDisputed: _disputed_sale,
    market.PurchasePaymentQuestioned: lambda one, _e: _(
        "The payment provider tells of another sum than %(sum)s: do not send anything yet", sum=_sum(one)
    ),
}


def where_money_goes(purchase: Purchase, event: OfPurchase) -> str:
    """What becomes of the money of a purchase that is over."""
    if event.payment_status == "paid":
        return _("%(sum)s goes back to you by itself. We tell you when it has gone.", sum=_sum(purchase))
    if event.payment_status == "authorized" or isinstance(event, market.PurchasePaidLate):
        return _("The hold of %(sum)s on your card is let go; nothing is taken.", sum=_sum(purchase))
    return _("Nothing was taken from you.")


def why_failed(event: market.PurchaseFailed) -> str:
    if event.reason == "not_confirmed":
        return _("The shop did not confirm in time.")
    return _("The shop says: %(why)s", why=event.reason.rstrip(".") + ".")


def _failed(_purchase: Purchase, event: market.PurchaseFailed) -> str:
    if event.reason == "not_confirmed":
        return _("The shop did not confirm in time. Choose another offer")
    return _("The shop cannot deliver: %(why)s. Choose another offer", why=event.reason.rstrip("."))


def _cancelled(_purchase: Purchase, event: market.PurchaseCancelled) -> str:
    return {
        "not_paid": _("It was not paid in time. Choose again"),
        "not_taken": _("Your card did not pay. Nothing was taken. Choose again"),
    }.get(event.reason, _("Your order is cancelled"))


def _capture_refused(_purchase: Purchase, event: market.PurchaseCaptureRefused) -> str:
    if event.refusals == 1:
        return _(
            "Your bank did not hand out the money yet. The shop tries once more; you need not do anything"
        )
    return _("Your bank did not hand out the money. Nothing was taken; please pay with another card")


def money_back(purchase: Purchase, event: market.PurchaseRefunded) -> str:
    amount = _amount(event, event.amount_minor)
    if purchase.payment_method == "on_delivery":
        return _("%(sum)s was given back to you in cash", sum=amount)
    return _("%(sum)s was given back to you. Your bank may take some days to show it", sum=amount)


def money_owed(purchase: Purchase, event: market.PurchaseRefundFailed) -> str:
    amount = _amount(event, event.amount_minor) if event.currency else _sum(purchase)
    if not event.refusals:
        return _("Your bank sent %(sum)s back to the shop. The shop finds another way with you", sum=amount)
    said = _(
        "%(sum)s has not gone back to you yet: the payment provider refused it. It is tried again by itself",
        sum=amount,
    )
    return said if event.refusals == 1 else ""


def returned(_purchase: Purchase, event: market.PurchaseReturned) -> str:
    fee = _amount(event, event.restocking_minor)
    if event.refund_minor:
        amount = _amount(event, event.refund_minor)
        if event.restocking_minor:
            return _(
                "The shop took it back: %(sum)s goes back to you, less %(fee)s for restocking",
                sum=amount,
                fee=fee,
            )
        return _("The shop took it back: %(sum)s goes back to you", sum=amount)
    if event.restocking_minor:
        return _("The shop took it back and keeps all of %(fee)s for restocking: nothing goes back", fee=fee)
    return _("The shop took it back. Nothing was paid, so nothing goes back")


def disputed(purchase: Purchase, event: market.PurchasePaymentDisputed) -> str:
    return {
        "won": _("Your bank has decided for the shop: %(sum)s stays paid", sum=_sum(purchase)),
        "lost": _("Your bank has given you the money back"),
    }.get(event.outcome, _("Your bank asks the shop about your payment of %(sum)s", sum=_sum(purchase)))


def questioned(purchase: Purchase, _event: OfPurchase) -> str:
    return _(
        "There is a question about your payment of %(sum)s. Please do not pay again; somebody looks at it",
        sum=_sum(purchase),
    )


TO_BUYER: Mapping[type[OfPurchase], Say] = {
    market.PurchaseConfirmed: lambda _p, _e: _("The shop has your parts and prepares them"),
    market.PurchaseShipped: lambda _p, event: _(
        "Your parts are on their way with %(who)s", who=event.carrier
    ),
    market.PurchaseDelivered: lambda _p, _e: _("Your parts were handed over"),
    market.PurchaseFailed: _failed,
    market.PurchaseCancelled: _cancelled,
    market.PurchaseCancelRefused: lambda _p, event: _(
        "The shop does not let you cancel: %(why)s", why=event.reason
    ),
    market.ReturnRefused: lambda _p, event: _("The shop does not take it back: %(why)s", why=event.reason),
    market.PurchaseReturned: returned,
    market.PurchasePaymentEnded: lambda _p, _e: _("The hold on your card has lapsed. Please pay again"),
    market.PurchaseCaptureRefused: _capture_refused,
    market.PurchasePaidLate: lambda _p, _e: _("Your payment came too late: the purchase was over by then"),
    market.PurchasePaymentQuestioned: questioned,
    market.PurchasePaymentDisputed: disputed,
    market.PurchaseRefunded: money_back,
    market.PurchaseRefundFailed: money_owed,
}


def mailed_money(purchase: Purchase, event: OfPurchase) -> str:
    """What a mail says of the money, in sentences; the receipt and the parcel's mails say it in their facts."""
    match event:
        case market.PurchaseFailed():
            return f"{why_failed(event)} {where_money_goes(purchase, event)}"
        case market.PurchasePaidLate():
            return where_money_goes(purchase, event)
        case market.PurchaseRefunded():
            said = money_back(purchase, event)
        case market.PurchaseRefundFailed():
            said = money_owed(purchase, event)
        case market.PurchaseReturned():
            said = returned(purchase, event)
        case market.PurchasePaymentDisputed():
            said = disputed(purchase, event)
        case market.PurchasePaymentQuestioned():
            said = questioned(purchase, event)
        case _:
            return ""
    return f"{said}." if said else ""
