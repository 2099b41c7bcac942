"""The words of a parts shop's counter on the screen."""

from decimal import Decimal

from app.core.render import KM_PER_MILE, number, template_global
from app.core.words import _
from app.domains.marketplace import fitting
from app.domains.marketplace.models import ShopQuote, ShopQuoteLine
from app.domains.marketplace.moves import quote_word


@template_global
def away(meters: int, unit: str) -> str:
    """How far it is, in the shop's unit: "2.4 mi", and without decimals from ten on."""
    far = Decimal(meters) / 1000 / (KM_PER_MILE if unit == "mi" else 1)
    return f"{number(round(far, 0 if far >= 10 else 1), 1)} {unit}"


@template_global
def condition_word(condition: str) -> str:
    return {"new": _("New"), "used": _("Used"), "rebuilt": _("Rebuilt")}.get(condition, condition)


@template_global
def quote_state(quote: ShopQuote) -> tuple[str, str]:
    """The colour and the word of a quote's state, as its shop calls it."""
    if quote.status == "invited" and quote.seen_at:
        return "idle", _("Not answered")
    tones = {"invited": "info", "offered": "wait", "accepted": "go", "fulfilled": "go", "failed": "stop"}
    return tones.get(quote.status, "idle"), quote_word(quote.status)


@template_global
def why_it_fits(line: ShopQuoteLine) -> str:
    """The rule that was frozen into what is offered, in words."""
    return fitting.say(line.fit_rule)


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
