"""The words of a shop's set-up on the screen: skills, kinds of bays, days."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from jinja2 import pass_context
from jinja2.runtime import Context

from app.core.render import template_global
from app.core.words import _
from app.domains.network.opening import nights, write_hours


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


@template_global
def hours_words(intervals: Sequence[Sequence[str]]) -> str:
    """8:00 AM–12:00 PM, 1:00 PM–5:00 PM, as the reader tells the time; empty for a closed day."""
    return write_hours(intervals)


WORKSHOPS_OWN = frozenset({"bays", "kiosks", "services", "canned", "packages"})
PARTS_SHOPS_OWN = frozenset({"profile"})


def _of_kind(context: Context, every: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    others = PARTS_SHOPS_OWN if is_workshop(context) else WORKSHOPS_OWN
    return [one for one in every if one[0] not in others]


@template_global
@pass_context
def is_workshop(context: Context) -> bool:
    """Whether the business one works for repairs cars; else it sells parts, and has no bays, services or bookings."""
    return not context["me"].can("sell:parts")


@template_global
@pass_context
def setup_tabs(context: Context, center_id: UUID) -> list[tuple[str, str, str]]:
    """What an owner sets up at a center."""
    base = f"/settings/centers/{center_id}"
    every = [
        ("facts", _("Workshop") if is_workshop(context) else _("Shop"), base),
        ("hours", _("Hours"), f"{base}/hours"),
        ("bays", _("Bays"), f"{base}/bays"),
        ("people", _("People"), f"{base}/people"),
        ("kiosks", _("Tablets"), f"{base}/kiosks"),
    ]
    return _of_kind(context, every)


@template_global
@pass_context
def shop_tabs(context: Context) -> list[tuple[str, str, str]]:
    """What an owner sets up for the whole shop; what belongs to a module that is off is not offered."""
    every = [
        ("business", _("Business"), "/settings/business"),
        ("profile", _("What we sell"), "/market/profile"),
        ("centers", _("Workshops") if is_workshop(context) else _("Address and hours"), "/settings/centers"),
        ("services", _("Services"), "/settings/services"),
        ("canned", _("Canned jobs"), "/settings/canned-jobs"),
        ("packages", _("Packages"), "/settings/packages"),
        ("mails", _("Mails"), "/settings/mails"),
        ("payments", _("Card payments"), "/settings/payments"),
        ("access", _("Addresses"), "/settings/addresses"),
        ("audit", _("Audit trail"), "/settings/audit"),
    ]
    return [
        one for one in _of_kind(context, every) if one[0] != "payments" or context["me"].has("card_payments")
    ]


def hours_saved(week: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """What is said after a week was written down; hours past midnight are named, for they may be a slip."""
    late = nights(week)
    if not late:
        return _("Saved.")
    days = ", ".join(weekday_label(day) for day in late)
    return _("Saved. These days run past midnight into the next: %(days)s. Is that so?", days=days)


@template_global
def role_label(role: str) -> str:
    return {
        "advisor": _("Service advisor"),
        "technician": _("Technician"),
        "parts_counter": _("Parts counter"),
        "owner": _("Shop owner"),
        "parts_owner": _("Parts shop owner"),
        "network_admin": _("Network admin"),
    }.get(role, role)
