"""The words of the market on the screen, for both sides of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec

from app.core import clock
from app.core.money import plain, rounded
from app.core.render import KM_PER_MILE, distance, duration, money, number, template_global
from app.core.words import _, ngettext
from app.domains.marketplace import fitting
from app.domains.marketplace.comparing import Wanted
from app.domains.marketplace.models import (
    ENDED_PURCHASE,
    PartsOrder,
    Purchase,
    PurchaseLine,
    PurchasePayment,
    PurchaseRefund,
    ShopQuote,
    ShopQuoteLine,
)
from app.domains.marketplace.moves import order_word, purchase_word, quote_word
from app.domains.marketplace.quoting import line_total
from app.domains.marketplace.rating import may_rate

_TONES = {
    "draft": "idle", "submitted": "wait", "quoted": "info", "accepted": "info", "processing": "info",
    "shipped": "info", "delivered": "go", "expired": "stop", "cancelled": "idle", "failed": "stop",
    "return_requested": "wait", "returned": "idle",
}  # fmt: skip


@template_global
def parts_order_status(order: PartsOrder) -> tuple[str, str]:
    """(tone, words) of where an order stands for its buyer."""
    if order.status in ("submitted", "quoted") and not order.is_asking(clock.now()):
        return _TONES["expired"], order_word("expired")
    return _TONES[order.status], order_word(order.status)


@template_global
def purchase_status(purchase: Purchase) -> tuple[str, str]:
    """(tone, words) of where a purchase stands."""
    return _TONES[purchase.status], purchase_word(purchase.status)


@template_global
def purchase_money(purchase: Purchase) -> tuple[str, str]:
    """(tone, words) of where the money of a purchase is."""
    given = money(purchase.refunded_minor, purchase.currency)
    if purchase.owed_since:
        return "stop", _("The money has not gone back yet")
    if purchase.payment_status == "refunded":
        return "idle", _("%(sum)s paid back", sum=given)
    if purchase.refunded_minor:
        return "go", _("Paid, %(sum)s of it paid back", sum=given)
    if purchase.payment_status == "paid":
        if purchase.status in ENDED_PURCHASE:
            return "wait", _("The money is on its way back")
        return "go", _("Paid")
    if purchase.status in ENDED_PURCHASE:
        return "idle", _("Nothing was taken")
    if purchase.payment_method == "on_delivery":
        if purchase.delivered_at:
            return "wait", _("The shop has not noted the payment")
        return "idle", _("To be paid on delivery")
    if purchase.payment_status == "authorized":
        return "info", _("Held on the card")
    if purchase.payment_status == "failed":
        return "stop", _("The hold on the card has lapsed: to be paid again")
    return "wait", _("Not paid yet")


@template_global
def payment_word(payment: PurchasePayment) -> str:
    """What became of an attempt to pay for a purchase."""
    if payment.provider == "cash":
        return _("paid on delivery")
    if payment.capture_asked_at and payment.status == "authorized":
        return _("being taken")
    if payment.capture_refusals and payment.status == "authorized":
        return _("held on the card; the buyer's bank has not handed it out")
    return {
        "authorized": _("held on the card"),
        "completed": _("taken"),
        "partially_refunded": _("taken"),
        "refunded": _("taken and given back"),
        "cancelled": _("let go"),
        "expired": _("lapsed"),
        "failed": _("failed"),
        "disputed": _("disputed at the buyer's bank"),
        "lost": _("taken back by the buyer's bank"),
    }.get(payment.status, _("under way"))


@template_global
def refund_word(refund: PurchaseRefund) -> str:
    """Where money that goes back to a buyer is."""
    if refund.is_pending and refund.refusals:
        return _("not gone back yet, tried again")
    return {
        "pending": _("on its way back"),
        "done": _("given back"),
        "failed": _("refused by the payment provider"),
        "returned": _("sent back by the buyer's bank"),
    }[refund.status]


@template_global
def purchase_end(purchase: Purchase) -> str:
    """Why it is over, in words."""
    return {
        "not_paid": _("It was not paid in time."),
        "not_confirmed": _("The shop did not confirm it in time."),
        "not_taken": _("The card did not pay."),
    }.get(purchase.end_reason, purchase.end_reason)


@template_global
def fit_status(line: Any) -> tuple[str, str]:
    """(tone, words) of whether a part fits the car."""
    if line.fits == "fits" and not fitting.is_proven(line.fits, line.fit_rule):
        is_it = line.fit_rule["rule"] == "asked"
        return "info", _("The number you asked for") if is_it else _("Replaces the number you asked for")
    return {
        "fits": ("go", _("Fits")),
        "does_not_fit": ("stop", _("Does not fit")),
        "unknown": ("idle", _("Fit not confirmed")),
    }[line.fits]


@template_global
def part_condition(condition: str) -> str:
    return {"new": _("new"), "used": _("used"), "rebuilt": _("rebuilt")}.get(condition, condition)


@template_global
def part_quantity(quantity: Any) -> str:
    """ "× 2"; nothing for a single one."""
    return f"× {plain(quantity)}" if quantity != 1 else ""


@template_global
def quote_line_total(line: ShopQuoteLine) -> int:
    return line_total(line, line.quantity)


@template_global
def quote_line_total_of(line: PurchaseLine) -> int:
    """What was paid for a line that was bought, with its cores."""
    price, core = line.unit_price_minor, line.core_charge_minor
    return rounded(price * line.quantity) + rounded(core * line.quantity)


@template_global
def fit_why(line: Any) -> str:
    """The rule that says so, in words."""
    return fitting.say(line.fit_rule)


@template_global
def wanted_query(wanted: Wanted) -> str:
    """How the buyer looks at the offers, as the query of an address."""
    asked = msgspec.structs.asdict(wanted)
    return urlencode({key: str(value).lower() for key, value in asked.items() if value})


@template_global
def how_far(metres: int, unit: str) -> str:
    """How far away a shop is, in what the reader counts distances in; at least one."""
    return distance(max(round(metres / 1000), 1), unit)


@template_global
def time_left(until: datetime | None) -> str:
    """ "1 h 12 min left", or that it is over."""
    if until is None or until <= clock.now():
        return _("time is over")
    minutes = max(int((until - clock.now()).total_seconds() // 60), 1)
    return _("%(time)s left", time=duration(minutes))


@template_global
def answers_within(seconds: int | None) -> str:
    """How soon a shop answers, in whole minutes; nothing before its first answer."""
    return duration(max(-(-seconds // 60), 1)) if seconds is not None else ""


@template_global
def rating_choices() -> list[tuple[int, str]]:
    return [
        (5, _("5 stars: very good")),
        (4, _("4 stars: good")),
        (3, _("3 stars: all right")),
        (2, _("2 stars: poor")),
        (1, _("1 star: bad")),
    ]


@template_global
def days_or_hours(hours: int) -> str:
    """How long something takes to arrive."""
    if hours <= 0:
        return _("at once")
    if hours < 24:
        return ngettext("within %(num)d hour", "within %(num)d hours", hours)
    return ngettext("within %(num)d day", "within %(num)d days", -(-hours // 24))


@template_global
def warranty_words(months: int) -> str:
    if not months:
        return _("no warranty")
    if months % 12 == 0:
        return ngettext("%(num)d year warranty", "%(num)d years warranty", months // 12)
    return ngettext("%(num)d month warranty", "%(num)d months warranty", months)


@template_global
def purchase_ratable(purchase: Purchase) -> bool:
    """Whether its buyer may rate it now."""
    return may_rate(purchase, clock.now())


@template_global
def away(meters: int, unit: str) -> str:
    """How far it is, in the shop's unit: "2.4 mi", and without decimals from ten on."""
    far = Decimal(meters) / 1000 / (KM_PER_MILE if unit == "mi" else 1)
    return f"{number(round(far, 0 if far >= 10 else 1), 1)} {unit}"


@template_global
def quote_state(quote: ShopQuote) -> tuple[str, str]:
    """The colour and the word of a quote's state, as its shop calls it."""
    if quote.status == "invited" and quote.seen_at:
        return "idle", _("Not answered")
    tones = {"invited": "info", "offered": "wait", "accepted": "go", "fulfilled": "go", "failed": "stop"}
    return tones.get(quote.status, "idle"), quote_word(quote.status)


def decline_reasons() -> list[tuple[str, str]]:
    """The chips of a refusal: what is kept is what is said."""
    reasons = [
        _("We do not have it"),
        _("Too far away"),
        _("Not enough time"),
        _("We need more details"),
        _("We do not deal in this make"),
    ]
    return [(one, one) for one in reasons]
