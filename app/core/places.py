"""Time zones, currencies and countries by the names people call them, and in what distances are counted where."""

from functools import lru_cache

from babel import dates, numbers
from babel.core import Locale, get_global

from app.core import words
from app.core.render import template_global

Choices = list[tuple[str, str]]

COMMON_ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Europe/London",
    "Europe/Berlin",
)  # fmt: skip
COMMON_CURRENCIES = ("USD", "EUR", "GBP", "CAD", "CHF", "JPY")
COMMON_COUNTRIES = ("US", "CA", "GB", "DE", "FR")
MILES = frozenset({"US", "GB", "PR", "VI", "GU", "AS", "MP", "IM", "JE", "GG", "LR"})
"""Where roads are measured in miles."""
NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def country_of(zone: str) -> str:
    """In which country clocks run by a time zone; "" when it says none."""
    found = get_global("zone_territories").get(get_global("zone_aliases").get(zone, zone), "")
    return found if _is_country(found) else ""


def usual_distance(zone: str, accept_language: str = "") -> str:
    """What a car's odometer most likely counts, "mi" or "km": by where somebody's clock runs, else by the region of
    the language their browser asks for first."""
    first = accept_language.split(",")[0].split(";")[0].strip()
    country = country_of(zone) or first.partition("-")[2].upper()
    return "mi" if country in MILES else "km"


FUEL_UNITS = ("l_100km", "km_l", "mpg_us", "mpg_uk")
"""How consumption is counted: litres for 100 km, kilometres or miles for each litre or gallon, US or imperial."""
BY_IMPERIAL_GALLON = frozenset({"GB", "IM", "JE", "GG"})
BY_LITRE = frozenset({"JP", "KR", "IN", "BR", "MX", "CL", "CO", "TH", "PH", "EG", "ZA"})
"""Where people ask how far a litre takes them."""


def usual_fuel_unit(zone: str, distance: str) -> str:
    """How somebody most likely counts what a car uses whose odometer counts km or mi: one of `FUEL_UNITS`."""
    country = country_of(zone)
    if distance == "mi":
        return "mpg_uk" if country in BY_IMPERIAL_GALLON else "mpg_us"
    return "km_l" if country in BY_LITRE else "l_100km"


@template_global
def fuel_unit_options() -> Choices:
    """The ways to count consumption, for a form."""
    return [
        ("l_100km", words._("Liters for 100 kilometers")),
        ("km_l", words._("Kilometers for each liter")),
        ("mpg_us", words._("Miles per gallon (US)")),
        ("mpg_uk", words._("Miles per gallon (UK)")),
    ]


@template_global
def zone_options(known: str | None = None) -> Choices:
    """Every time zone for a form, the common ones first; one that is `known` and in no list stays."""
    return _with(known, _zones(str(words.spoken())), known or "")


@template_global
def currency_options(known: str | None = None) -> Choices:
    """Currencies that are legal tender somewhere, the common ones first."""
    return _with(known, _currencies(str(words.spoken())), known or "")


@template_global
def country_options(known: str | None = None) -> Choices:
    """Countries by name, the common ones first."""
    return _with(known, _countries(str(words.spoken())), known or "")


@template_global
def zone_label(zone: str) -> str:
    """ "New York · Eastern Time"."""
    return dict(_zones(str(words.spoken()))).get(zone, zone)


def _with(known: str | None, options: Choices, label: str) -> Choices:
    return options if not known or any(key == known for key, _said in options) else [(known, label), *options]


def _in_order(labels: dict[str, str], common: tuple[str, ...]) -> Choices:
    first = [(key, labels[key]) for key in common if key in labels]
    return first + sorted(
        ((key, said) for key, said in labels.items() if key not in common), key=lambda one: one[1].casefold()
    )


@lru_cache(maxsize=16)
def _zones(language: str) -> Choices:
    locale, labels = Locale.parse(language), {}
    for zone in get_global("zone_territories"):
        if "/" not in zone or zone.startswith("Etc/"):
            continue
        try:
            called = dates.get_timezone_name(dates.get_timezone(zone), locale=locale)
        except LookupError:
            continue
        city = locale.time_zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        labels[zone] = f"{city} · {called}"
    return _in_order(labels, COMMON_ZONES)


@lru_cache(maxsize=16)
def _currencies(language: str) -> Choices:
    locale = Locale.parse(language)
    tender = {one for land in map(str, locale.territories) if _is_country(land) for one in _paid_in(land)}
    labels = {code: f"{locale.currencies.get(code, code)} ({code})" for code in tender}
    return _in_order(labels, COMMON_CURRENCIES)


def currency_of(country: str) -> str:
    """What is paid with in a country, "" where nothing is known of it."""
    return next(iter(_paid_in(country)), "") if _is_country(country) else ""


def _paid_in(country: str) -> list[str]:
    found: list[str] = numbers.get_territory_currencies(country)
    return found


@lru_cache(maxsize=16)
def _countries(language: str) -> Choices:
    lands = Locale.parse(language).territories.items()
    labels = {str(code): str(name) for code, name in lands if _is_country(str(code))}
    return _in_order(labels, COMMON_COUNTRIES)


def country_name(code: str) -> str:
    """What the reader calls a country; empty for none."""
    return dict(_countries(str(words.spoken()))).get(code, "")


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
