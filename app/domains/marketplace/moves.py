"""What may follow what: the legal moves of a parts order, a shop's quote and a purchase."""

from app.core.errors import Refused
from app.core.render import template_global
from app.core.words import _
from app.domains.marketplace.models import (
    ORDER_MOVES,
    PURCHASE_MOVES,
    QUOTE_MOVES,
    PartsOrder,
    Purchase,
    ShopQuote,
)


@template_global
def parts_order_word(status: str) -> str:
    """For templates, which have an order_word of their own in more than one trade."""
    return order_word(status)


def order_word(status: str) -> str:
    """A parts order's state in the viewer's language."""
    return {
        "draft": _("Draft"),
        "submitted": _("Waiting for offers"),
        "quoted": _("Offers are in"),
        "accepted": _("Accepted"),
        "processing": _("Being prepared"),
        "shipped": _("On its way"),
        "delivered": _("Delivered"),
        "expired": _("Expired"),
        "cancelled": _("Cancelled"),
        "return_requested": _("Return asked for"),
        "returned": _("Returned"),
    }[status]


def quote_word(status: str) -> str:
    """A quote's state as its shop calls it."""
    return {
        "invited": _("New"),
        "declined": _("Declined"),
        "offered": _("Offered"),
        "withdrawn": _("Withdrawn"),
        "accepted": _("Won"),
        "failed": _("Could not deliver"),
        "fulfilled": _("Delivered"),
        "lost": _("Went elsewhere"),
        "expired": _("Expired"),
    }[status]


def purchase_word(status: str) -> str:
    """A purchase's state in the viewer's language."""
    return {
        "accepted": _("Accepted"),
        "processing": _("Being prepared"),
        "shipped": _("On its way"),
        "delivered": _("Delivered"),
        "return_requested": _("Return asked for"),
        "returned": _("Returned"),
        "cancelled": _("Cancelled"),
        "failed": _("Could not be delivered"),
    }[status]


def move_order(order: PartsOrder, to: str) -> None:
    """Raises Refused when the order cannot go there from where it is."""
    if to not in ORDER_MOVES[order.status]:
        raise Refused(
            _("This order is “%(status)s” by now. Please look again.", status=order_word(order.status)),
            audit="parts_order.illegal_move",
        )
    order.status = to
    order.version += 1


def move_quote(quote: ShopQuote, to: str) -> None:
    """Raises Refused when the quote cannot go there from where it is."""
    if to not in QUOTE_MOVES[quote.status]:
        raise Refused(
            _("This quote is “%(status)s” by now. Please look again.", status=quote_word(quote.status)),
            audit="shop_quote.illegal_move",
        )
    quote.status = to
    quote.version += 1


def move_purchase(purchase: Purchase, to: str) -> None:
    """Raises Refused when the purchase cannot go there from where it is."""
    if to not in PURCHASE_MOVES[purchase.status]:
        raise Refused(
            _(
                "This purchase is “%(status)s” by now. Please look again.",
                status=purchase_word(purchase.status),
            ),
            audit="purchase.illegal_move",
        )
    purchase.status = to
    purchase.version += 1
