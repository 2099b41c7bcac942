"""A place on a form: words for it, and where it is. templates/components/places.html draws the field, `read_place` reads it.

A field called "place" sends place (the words), place_latitude, place_longitude, place_country, place_found (the words the
coordinates were found for) and place_pick (which of several is meant). Coordinates put by hand count whatever is written
beside them; others only as long as the words are the ones they were found for.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, overload

import msgspec
import structlog
from jinja2 import pass_context
from jinja2.runtime import Context

from app.core import words as language
from app.core.errors import Invalid
from app.core.forms import number_of, values_of
from app.core.render import template_global
from app.core.words import _
from app.gateways import places
from app.gateways.places.geocoding import GeocoderAway, open_geocoder
from app.settings import settings

log = structlog.get_logger()

MOST = 8
LONGEST = 200
FIELD = re.compile(r"[a-z][a-z0-9_]{0,40}")
"""What a place field may be called."""


class Place(msgspec.Struct, frozen=True):
    """`label` is what it is called on the screen; `country` two letters (ISO 3166), "" where nothing is known near it."""

    label: str
    latitude: float
    longitude: float
    country: str

    @property
    def as_choice(self) -> str:
        """For the value of a radio button; `_picked` reads it."""
        return f"{self.latitude:.6f},{self.longitude:.6f},{self.country},{self.label}"


@overload
async def read_place(form: Mapping[str, Any], name: str = ..., *, required: Literal[True] = ...) -> Place: ...
@overload
async def read_place(form: Mapping[str, Any], name: str = ..., *, required: bool) -> Place | None: ...
async def read_place(form: Mapping[str, Any], name: str = "place", *, required: bool = True) -> Place | None:
    """The place a form says; None when nothing is said and nothing need be. Raises Invalid with what was typed when it is
    not settled yet, be it because "Find" was pressed: what was found is then among the values, and the field shows it.

    Call it before the other fields are looked at, so that somebody who presses "Find" first hears of nothing else, and
    outside of a transaction: a geocoder may be asked.
    """
    said = _said(form, name)
    if not said("find"):
        chosen = _picked(said("pick")) if said("for") == said("") else None
        settled = chosen or _settled(said, name, form)
        if settled:
            return settled
    if not said(""):
        if said("find") or required:
            raise _unsettled(form, name, _("Write a town or an address first."), [])
        return None
    found = await find_places(said(""), thorough=True)
    if not found:
        raise _unsettled(
            form, name, _("Nothing is known by these words. Try the nearest larger town."), found
        )
    raise _unsettled(form, name, _("Please choose which place you mean."), found)


async def find_places(words: str, *, thorough: bool = False) -> list[Place]:
    """What may be meant by the words, the likeliest first; at most eight. A street before a comma stays in front of its town,
    whose middle is then the place. `thorough` asks the geocoder too, if there is one: not at every letter somebody types."""
    street, town = "", words
    while not (found := places.search_cities(town, limit=MOST)) and "," in town:
        before, _comma, town = (part.strip() for part in town.partition(","))
        street = f"{street}{before}, "
    cities = [Place(f"{street}{city_label(city)}"[:LONGEST], *city.point, city.country) for city in found]
    geocoder = open_geocoder(settings().geocoder_url) if thorough else None
    if geocoder is None or not words:
        return cities
    try:
        streets = await geocoder.find(words, language=str(language.spoken()).replace("_", "-"), limit=MOST)
    except GeocoderAway as problem:
        log.warning("places.geocoder_away", problem=str(problem))
        return cities
    known = [Place(one.label, one.latitude, one.longitude, _country(one.country)) for one in streets]
    # A street is what was asked for; a town by its name alone is in our own list already.
    return (known + cities if re.search(r"\d", words) else cities + known)[:MOST]


def place_at(latitude: float, longitude: float) -> Place:
    """A point by the name of the town nearest to it, or by its coordinates far from any."""
    city = places.nearest_city(latitude, longitude)
    if city and places.distance_km(city.point, (latitude, longitude)) <= FAR_KM:
        return Place(city_label(city), latitude, longitude, city.country)
    return Place(f"{latitude:.4f}, {longitude:.4f}", latitude, longitude, city.country if city else "")


FAR_KM = 100


def city_label(city: places.City) -> str:
    """ "Hoboken, New Jersey, United States" in the viewer's language."""
    region = "" if city.region == city.name else city.region
    country = places.country_name(city.country, language.spoken())
    return ", ".join(filter(None, (city.name, region, country)))


def place_values(place: Place | None, name: str = "place") -> dict[str, str]:
    """A stored place as the values of its field, for a form that is shown the first time."""
    if place is None:
        return {}
    return {
        name: place.label, f"{name}_found": place.label, f"{name}_country": place.country,
        f"{name}_latitude": f"{place.latitude:.6f}", f"{name}_longitude": f"{place.longitude:.6f}",
    }  # fmt: skip


def _said(form: Mapping[str, Any], name: str) -> Any:
    def one(part: str) -> str:
        value = form.get(f"{name}_{part}" if part else name, "")
        return value.replace("\x00", "").strip()[:LONGEST] if isinstance(value, str) else ""

    return one


def _picked(choice: str) -> Place | None:
    latitude, _comma, rest = choice.partition(",")
    longitude, _comma, rest = rest.partition(",")
    country, _comma, label = rest.partition(",")
    try:
        return (
            Place(label, _degrees(latitude, 90), _degrees(longitude, 180), _country(country))
            if label
            else None
        )
    except ValueError:
        return None


def _settled(said: Any, name: str, form: Mapping[str, Any]) -> Place | None:
    """The coordinates of the form, if they are meant. Raises Invalid for some that cannot be."""
    latitude, longitude = said("latitude"), said("longitude")
    if not (latitude or longitude) or said("found") not in ("", said("")):
        return None
    wrong: dict[str, str] = {}
    degrees = [0.0, 0.0]
    for at, (part, most) in enumerate((("latitude", 90), ("longitude", 180))):
        try:
            degrees[at] = _degrees(said(part), most)
        except ValueError:
            wrong[f"{name}_{part}"] = _("Degrees between -%(most)s and %(most)s, like 40.7128.", most=most)
    if wrong:
        raise Invalid(wrong, values=values_of(form))
    north, east = degrees
    there = place_at(north, east)
    country = _country(said("country")) if said("found") else ""
    return Place(said("") or there.label, north, east, country or there.country)


def _degrees(typed: str, most: int) -> float:
    number = float(number_of(typed))
    if not -most <= number <= most:
        raise ValueError("out of range")
    return round(number, 6)


def _country(code: str) -> str:
    return code if places.country_name(code) != code else ""


def _unsettled(form: Mapping[str, Any], name: str, words: str, found: list[Place]) -> Invalid:
    return Invalid({name: words}, values=values_of(form) | {f"{name}_candidates": found})


template_global(place_values)


@template_global
@pass_context
def map_ground(context: Context) -> tuple[str, str]:
    """Where a map's tiles come from and whose they are, "" without any; lets this page load them."""
    context["request"].state.shows_map = True
    return settings().map_tiles_url or "", settings().map_attribution
