"""The words of a shop's set-up on the screen: skills, kinds of bays, days."""

from app.core.render import template_global
from app.core.words import _


@template_global
def skill_label(skill: str) -> str:
    return {
        "general": _("General work"),
        "brakes": _("Brakes"),
        "tires": _("Tires"),
        "engine": _("Engine"),
        "electrical": _("Electrics"),
        "diagnostics": _("Diagnostics"),
        "hv": _("High voltage"),
        "body": _("Body"),
    }.get(skill, skill)


@template_global
def capability_label(capability: str) -> str:
    return {
        "lift": _("Lift"),
        "alignment": _("Wheel alignment"),
        "tire": _("Tire machine"),
        "hv": _("High-voltage place"),
        "diagnostics": _("Diagnostics"),
        "wash": _("Wash"),
        "charger": _("Charger"),
    }.get(capability, capability)


@template_global
def weekday_label(day: str) -> str:
    return {
        "mon": _("Monday"),
        "tue": _("Tuesday"),
        "wed": _("Wednesday"),
        "thu": _("Thursday"),
        "fri": _("Friday"),
        "sat": _("Saturday"),
        "sun": _("Sunday"),
    }.get(day, day)
