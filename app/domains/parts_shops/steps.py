"""The six steps: what each asks, and how an answer is read. What is kept of an answer is plain JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import minor_of, read
from app.core.locating import place_at, read_place
from app.core.money import to_major
from app.core.phones import is_phone
from app.core.render import to_km
from app.core.words import _
from app.domains.garage.names import MAKES
from app.domains.network.premises import currencies, zones
from app.domains.network.setting_values import sifted

STEPS = ("business", "location", "brands", "inventory", "pricing", "verification")
CONDITIONS = ("new", "used", "rebuilt")
KINDS = ("registration", "tax", "identity", "address", "other")
"""Of papers."""
NEEDED = (("registration",), ("tax",), ("identity", "address"))
"""One of each must be there."""

MOST_MINOR = 10**12
Answers = dict[str, Any]


class Business(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(max_length=120)]
    legal_name: Annotated[str, Meta(max_length=160)]
    registration: Annotated[str, Meta(max_length=80)]
    phone: Annotated[str, Meta(max_length=40)]
    email: Annotated[str, Meta(max_length=200)]
    website: Annotated[str, Meta(max_length=200)] = ""
    about: Annotated[str, Meta(max_length=1000)] = ""
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    zone: Annotated[str, Meta(max_length=64)]


class Location(msgspec.Struct, kw_only=True):
    place: Annotated[str, Meta(max_length=200)] = ""
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    address: Annotated[str, Meta(max_length=200)]
    """Street and number, for whoever collects parts."""
    country: Annotated[str, Meta(max_length=2)] = ""


class Street(msgspec.Struct):
    address: Annotated[str, Meta(max_length=200)]


class Brands(msgspec.Struct, kw_only=True):
    scope: Literal["all", "some"]
    makes: list[str] = []
    conditions: list[str] = []
    reach_km: Annotated[int, Meta(ge=5, le=400)]


class MilesForm(msgspec.Struct):
    """How far, where the form counts in miles (`reach_unit`)."""

    reach_km: Annotated[int, Meta(ge=3, le=248)]


class Inventory(msgspec.Struct):
    stock_method: Literal["by_hand", "spreadsheet", "other_system"]


class PricingForm(msgspec.Struct, kw_only=True):
    """Sums as people write them."""

    markup_percent: Decimal = Decimal(0)
    limit: Decimal
    warranty_months: Annotated[int, Meta(ge=0, le=120)]
    delivery_hours: Annotated[int, Meta(ge=1, le=720)]
    delivery_fee: Decimal = Decimal(0)
    paying: Literal["card", "card_or_cash"]


class Pricing(msgspec.Struct, kw_only=True):
    """Sums in minor units of the shop's currency."""

    markup_percent: Decimal = Decimal(0)
    limit_minor: Annotated[int, Meta(gt=0, le=MOST_MINOR)]
    warranty_months: Annotated[int, Meta(ge=0, le=120)]
    delivery_hours: Annotated[int, Meta(ge=1, le=720)]
    delivery_fee_minor: Annotated[int, Meta(ge=0, le=MOST_MINOR)] = 0
    paying: Literal["card", "card_or_cash"]


async def from_form(step: str, form: Any, currency: str) -> Answers:
    """What a form says for one step. Raises Invalid. Call it outside of a transaction: a geocoder may be asked."""
    if step == "brands" and form.get("reach_unit") == "mi":
        lists = {name: form.getall(name, []) for name in ("makes", "conditions")}
        reach = {"reach_km": to_km(read(MilesForm, form).reach_km, "mi")}
        return from_json(step, dict(form.items()) | lists | reach)
    if step == "location":
        place = await read_place(form)
        return msgspec.structs.asdict(
            place_on_street(place.label, place.latitude, place.longitude, form, place.country)
        )
    if step == "pricing":
        return _priced(read(PricingForm, form), currency)
    return from_json(step, form)


def place_on_street(label: str, latitude: float, longitude: float, form: Any, country: str) -> Location:
    return Location(
        place=label,
        latitude=latitude,
        longitude=longitude,
        address=read(Street, form).address,
        country=country,
    )


def from_json(step: str, given: Any) -> Answers:
    """What a program says for one step; a form of texts does for those without sums and places. Raises Invalid."""
    kind: Any = {
        "business": Business,
        "location": Location,
        "brands": Brands,
        "inventory": Inventory,
        "pricing": Pricing,
    }
    if step not in kind:
        return {}
    if step == "brands" and not hasattr(given, "getall"):
        given = {**given, **{name: _list(given, name) for name in ("makes", "conditions")}}
    found = read(kind[step], given)
    checks: dict[str, Any] = {
        "business": _check_business, "location": _named, "brands": _check_brands, "pricing": _check_pricing
    }  # fmt: skip
    answer: Answers = msgspec.to_builtins(checks[step](found) if step in checks else found)
    return answer


def _list(given: Mapping[str, Any], name: str) -> list[Any]:
    found = given.get(name) or []
    if not isinstance(found, list):
        raise Invalid({name: _("This does not look right.")})
    return found


def _check_business(found: Business) -> Business:
    kept, wrong = sifted(
        {
            f"business.{name}": getattr(found, name)
            for name in ("legal_name", "registration", "phone", "email", "website")
        }
    )
    errors = {key.removeprefix("business."): words for key, words in wrong.items()}
    if not is_phone(found.phone):
        errors.setdefault("phone", _("Please enter a phone number."))
    if found.zone not in zones():
        errors["zone"] = _("There is no time zone of that name.")
    if found.currency not in currencies():
        errors["currency"] = _("There is no currency of that code.")
    if errors:
        raise Invalid(errors)
    return msgspec.structs.replace(
        found, **{key.removeprefix("business."): value for key, value in kept.items()}
    )


def _named(found: Location) -> Location:
    there = place_at(found.latitude, found.longitude)
    return msgspec.structs.replace(
        found, place=found.place or there.label, country=found.country or there.country
    )


def _check_brands(found: Brands) -> Brands:
    errors = {}
    known = {one.casefold() for one in MAKES}
    makes = sorted({one.casefold() for one in found.makes} & known) if found.scope == "some" else []
    if found.scope == "some" and not makes:
        errors["makes"] = _("Choose at least one make, or say that you sell for all of them.")
    conditions = [one for one in CONDITIONS if one in found.conditions]
    if not conditions:
        errors["conditions"] = _("Choose at least one.")
    if errors:
        raise Invalid(errors)
    return msgspec.structs.replace(found, makes=makes, conditions=conditions)


def _priced(form: PricingForm, currency: str) -> Answers:
    said = msgspec.structs.asdict(form)
    limit = minor_of(said.pop("limit"), currency, "limit")
    fee = minor_of(said.pop("delivery_fee"), currency, "delivery_fee")
    wrong = {
        name: _("This number is out of range.")
        for name, out in (
            ("limit", not 0 < limit <= MOST_MINOR),
            ("delivery_fee", not 0 <= fee <= MOST_MINOR),
        )
        if out
    }
    if wrong:
        raise Invalid(wrong)
    found: Answers = msgspec.to_builtins(
        _check_pricing(Pricing(limit_minor=limit, delivery_fee_minor=fee, **said))
    )
    return found


def _check_pricing(found: Pricing) -> Pricing:
    if not 0 <= found.markup_percent <= 500 or -int(found.markup_percent.as_tuple().exponent) > 2:
        raise Invalid({"markup_percent": _("Between 0 and 500, with two decimals at most.")})
    return found


def as_values(step: str, answer: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """An answer as the fields of its form."""
    values = dict(answer)
    if step == "pricing" and answer:
        values["limit"] = to_major(answer["limit_minor"], currency)
        values["delivery_fee"] = to_major(answer["delivery_fee_minor"], currency)
    if step == "location" and answer:
        values |= {
            "place_found": answer["place"], "place_country": answer["country"],
            "place_latitude": f"{answer['latitude']:.6f}", "place_longitude": f"{answer['longitude']:.6f}",
        }  # fmt: skip
    return values
