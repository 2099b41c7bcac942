"""Cities of the world by name or by where they are, from a list on this machine: nobody is asked.

`build.py` says what the list is made of; GeoNames (CC BY 4.0) is to be named on pages that show it. It has each place's
common English name. Without the list nothing is found.
"""

import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from babel import Locale

from app.gateways.places.folding import folded
from app.gateways.places.globe import Box, Point, bounding_box, distance_km

LIST = Path(__file__).resolve().parents[3] / "build" / "cities.sqlite"

LONGEST = 120
SHORTEST = 4
"""Letters; what begins with fewer was put in order when the list was made,"""
SHORT = 32
"""and so many of it kept."""
NAMED_SO = 20_000
"""Inhabitants that being called exactly so outweighs: "queens" is Queens, "mexico" still Mexico City."""
_AFTER_EVERY_LETTER = "\U0010ffff"
_COLUMNS = "c.name, c.region, c.country, c.latitude, c.longitude, c.zone"


class City(NamedTuple):
    name: str
    region: str
    """Its state or province in English, "" where the list has none."""
    country: str
    """Two letters (ISO 3166)."""
    latitude: float
    longitude: float
    zone: str
    """Its time zone (IANA), at a border of zones the nearest large city's; "" where nothing is known."""

    @property
    def point(self) -> Point:
        return self.latitude, self.longitude


def search_cities(words: str, *, country: str = "", limit: int = 8) -> list[City]:
    """Cities whose name begins with the words, then those in which a later word does; each by how well it is known. After
    a comma, or at the end, may stand the region or the country: "Paris, Texas", "springfield il"."""
    db = _open()
    name, *around = [part for part in map(folded, words[:LONGEST].split(",")) if part] or [""]
    if db is None or not name:
        return []
    if len(name) < SHORTEST and not around and not country:
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM short s JOIN cities c ON c.id = s.city WHERE s.words = ? "  # noqa: S608 -- our own words
            "ORDER BY s.place LIMIT ?",
            (name, limit),
        )
        return [City(*row) for row in rows]
    found = _named(db, name, around, country, limit)
    *first, last = name.split(" ")
    while not found and first:
        found = _named(db, " ".join(first), [last, *around], country, limit)
        last = f"{first.pop()} {last}"
    return found


def _named(db: sqlite3.Connection, name: str, around: list[str], country: str, limit: int) -> list[City]:
    inside = "".join(" AND instr(c.around, ?)" for _ in around) + (" AND c.country = ?" if country else "")
    said = [f" {one}" for one in around] + ([country.upper()] if country else [])
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM words w JOIN cities c ON c.id = w.city "  # noqa: S608 -- our own words
        f"WHERE w.words >= ? AND w.words < ?{inside} "
        "GROUP BY c.id ORDER BY min(w.later), w.fame + max(w.words = ?) * ? DESC, w.words LIMIT ?",
        (name, name + _AFTER_EVERY_LETTER, *said, name, NAMED_SO, limit),
    )
    return [City(*row) for row in rows]


def nearest_city(latitude: float, longitude: float) -> City | None:
    """The listed city nearest to a point; None where there is none within 1,280 km, and without the list."""
    for radius in (20, 80, 320, 1280):
        near = _within(bounding_box(latitude, longitude, radius))
        found = min(near, key=lambda city: distance_km(city.point, (latitude, longitude)), default=None)
        if found and distance_km(found.point, (latitude, longitude)) <= radius:
            return found
    return None


def cities_within(box: Box, *, limit: int) -> list[City]:
    """The best known cities of a box."""
    return _within(box, f"ORDER BY c.fame DESC, c.id LIMIT {int(limit)}")


def _within(box: Box, which: str = "") -> list[City]:
    db = _open()
    if db is None:
        return []
    aside = "BETWEEN :west AND :east" if box.west <= box.east else "NOT BETWEEN :east AND :west"
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM cities c WHERE c.latitude BETWEEN :south AND :north AND c.longitude {aside} {which}",  # noqa: S608
        box._asdict(),
    )
    return [City(*row) for row in rows]


def country_name(country: str, locale: str | Locale = "en") -> str:
    """A country in somebody's language; its two letters when there is no name for it."""
    return str(Locale.parse(str(locale)).territories.get(country, country))


@lru_cache(maxsize=1)
def _open() -> sqlite3.Connection | None:
    """Opened when first asked for. It is only read, so any thread may."""
    if not LIST.exists():
        return None
    return sqlite3.connect(f"file:{LIST}?mode=ro&immutable=1", uri=True, check_same_thread=False)
