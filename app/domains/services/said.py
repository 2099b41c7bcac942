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
def line_kind_label(kind: str) -> str:
    return {
        "labor": _("Labor"),
        "part": _("Part"),
        "fee": _("Fee"),
        "sublet": _("Sublet"),
    }.get(kind, kind)
