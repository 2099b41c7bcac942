"""The words of parts shops on the screen: steps, fields, what stands in them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core import render
from app.core.places import country_options, zone_label
from app.core.render import template_global
from app.core.words import _
from app.domains.garage.names import MAKES
from app.domains.parts_shops.moves import onboarding_word, shop_word
from app.domains.parts_shops.steps import KINDS, STEPS

template_global(shop_word)
template_global(onboarding_word)

_MAKE_NAMES = {one.casefold(): one for one in MAKES}


@template_global
def step_label(step: str) -> str:
    return {
        "business": _("Business"),
        "location": _("Location"),
        "brands": _("Brands"),
        "inventory": _("Stock"),
        "pricing": _("Prices"),
        "verification": _("Papers"),
    }.get(step, step)


@template_global
def steps_of_onboarding() -> list[tuple[str, str]]:
    return [(step, step_label(step)) for step in STEPS]


@template_global
def paper_label(kind: str) -> str:
    return {
        "registration": _("Registration of the business"),
        "tax": _("Tax number or tax registration"),
        "identity": _("Identity of the owner"),
        "address": _("Proof of address"),
        "other": _("Something else"),
    }.get(kind, kind)


@template_global
def paper_kinds() -> list[tuple[str, str]]:
    return [(kind, paper_label(kind)) for kind in KINDS]


@template_global
def make_name(make: str) -> str:
    """A make as it is written: makes are kept in small letters."""
    return _MAKE_NAMES.get(make, make.title())


@template_global
def makes_said(makes: list[str]) -> str:
    return ", ".join(make_name(one) for one in makes) if makes else _("All makes")


@template_global
def make_choices() -> list[tuple[str, str]]:
    return [(one.casefold(), one) for one in MAKES]


@template_global
def condition_label(condition: str) -> str:
    return {"new": _("New"), "used": _("Used"), "rebuilt": _("Rebuilt")}.get(condition, condition)


@template_global
def stock_label(method: str) -> str:
    return {
        "by_hand": _("By hand"),
        "spreadsheet": _("In a spreadsheet"),
        "other_system": _("In another system"),
    }.get(method, method)


@template_global
def paying_label(paying: str) -> str:
    return {"card": _("By card"), "card_or_cash": _("By card, or when the parts are handed over")}.get(
        paying, paying
    )


def _fields() -> dict[str, str]:
    return {
        "name": _("Name"), "legal_name": _("Legal name"), "registration": _("Registration or tax number"),
        "phone": _("Phone"), "email": _("Email"), "website": _("Website"), "about": _("About the shop"),
        "country": _("Country"), "currency": _("Currency"), "zone": _("Time zone"), "place": _("Place"),
        "address": _("Street"), "scope": _("Sells for"), "makes": _("Makes"), "conditions": _("Conditions"),
        "reach_km": _("How far away you want to be asked"), "stock_method": _("How stock is kept"),
        "markup_percent": _("Markup"), "limit_minor": _("Highest price of one part"), "warranty_months": _("Usual warranty"),
        "delivery_hours": _("Usual delivery time"), "delivery_fee_minor": _("Usual delivery fee"), "paying": _("Paying"),
    }  # fmt: skip


@template_global
def answer_rows(answer: Mapping[str, Any], currency: str, unit: str = "km") -> list[tuple[str, str]]:
    """What was answered in one step, field by field, as it is read."""
    labels = _fields()
    rows = [
        (label, answer_said(name, answer[name], currency, unit))
        for name, label in labels.items()
        if name in answer
    ]
    return [(label, said) for label, said in rows if said]


def answer_said(name: str, value: Any, currency: str, unit: str) -> str:
    """One answer as it is read; `unit` is the one the reader counts distances in."""
    if name == "reach_km":
        return render.distance(value, unit)
    if name in ("limit_minor", "delivery_fee_minor"):
        return render.money(value, currency)
    if name == "scope":
        return _("All makes") if value == "all" else ""
    if name == "makes":
        return ", ".join(make_name(one) for one in value)
    if name == "conditions":
        return ", ".join(condition_label(one) for one in value)
    words = {"stock_method": stock_label, "paying": paying_label, "zone": zone_label}
    if name in words:
        return str(words[name](value))
    if name == "country":
        return str(dict(country_options()).get(value, value))
    if name == "markup_percent":
        return render.percent(Decimal(value) / 100)
    units = {
        "warranty_months": _("%(n)s months", n=value),
        "delivery_hours": _("%(n)s hours", n=value),
    }
    return units.get(name, str(value))


def changed_meanwhile(now: Mapping[str, Any], typed: Mapping[str, Any], currency: str, unit: str) -> str:
    """What stands there by now where something else was typed, for a form that another device was quicker than."""
    labels = _fields()
    rows = [
        _(
            "%(field)s is now: %(value)s.",
            field=labels[name],
            value=answer_said(name, value, currency, unit) or _("nothing"),
        )
        for name, value in now.items()
        if name in labels and typed.get(name) != value
    ]
    return " ".join([_("This was changed meanwhile, in another window or on another device."), *rows])
