"""The words of the catalogue on the screen."""

from app.core.render import template_global
from app.core.words import _


@template_global
def category_label(category: str) -> str:
    return {
        "general": _("Service and checks"),
        "oil": _("Oil and fluids"),
        "brakes": _("Brakes"),
        "tires": _("Tires"),
        "engine": _("Engine"),
        "diagnostics": _("Find a fault"),
        "battery": _("Battery"),
        "motor": _("Electric motor"),
        "charging": _("Charging"),
        "hv": _("High voltage"),
    }.get(category, category)


@template_global
def category_icon(category: str) -> str:
    return {
        "general": "clipboard",
        "oil": "drop",
        "brakes": "brake",
        "tires": "tyre",
        "engine": "gauge",
        "diagnostics": "search",
        "battery": "battery",
        "motor": "bench",
        "charging": "plug",
        "hv": "hv",
    }.get(category, "wrench")


@template_global
def line_word(kind: str) -> str:
    """What kind of line it is, in the shop's words; the customer reads "outside work" for a sublet."""
    return {"labor": _("Labor"), "part": _("Part"), "fee": _("Fee"), "sublet": _("Sublet")}.get(kind, kind)


@template_global
def line_kinds() -> list[tuple[str, str]]:
    """The kinds to choose from; the one that not everybody at a counter knows says what it is."""
    explained = {"sublet": _("Sublet (done at another shop)")}
    return [(kind, explained.get(kind) or line_word(kind)) for kind in ("labor", "part", "fee", "sublet")]
