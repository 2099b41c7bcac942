"""Read-only access to the cut vPIC file (see `build`). Without the file nothing decodes and nothing fails."""

import re
import sqlite3
import threading
from functools import lru_cache
from typing import NamedTuple

from app.gateways.vin import layout

_local = threading.local()


class Wmi(NamedTuple):
    """Who built it: the first three characters, or with a '9' in third place six of them."""

    code: str
    make: str | None
    """None where several makes share the code."""
    manufacturer: str | None
    country: str | None
    heavy: bool
    """A bus or a bare chassis: position 7 does not tell the decade there."""


class Match(NamedTuple):
    """A pattern that fits the VIN."""

    schema: int
    element: int
    weight: int
    text: str
    make: str | None


def is_ready() -> bool:
    return layout.TARGET.exists()


def _connection() -> sqlite3.Connection | None:
    # One connection a thread: SQLite's objects may not wander between threads.
    connection: sqlite3.Connection | None = getattr(_local, "connection", None)
    if connection is None and is_ready():
        connection = sqlite3.connect(f"file:{layout.TARGET}?mode=ro&immutable=1", uri=True)
        connection.execute("PRAGMA mmap_size = 67108864")
        _local.connection = connection
    return connection


@lru_cache
def last_year() -> int:
    """The newest model year the data knows; a car of a later year cannot be meant."""
    db = _connection()
    return int(db.execute("SELECT last_year FROM about").fetchone()[0]) if db else 9999


@lru_cache(4096)
def find_wmi(vin: str) -> Wmi | None:
    db = _connection()
    if db is None:
        return None
    code = vin[:3] + vin[11:14] if vin[2] == "9" else vin[:3]
    row = db.execute(
        "SELECT wmi, make, manufacturer, country, heavy FROM wmi WHERE wmi = ?", (code,)
    ).fetchone()
    return Wmi(row[0], row[1], row[2], row[3], bool(row[4])) if row else None


def key(vin: str) -> str:
    """The part of the VIN that patterns speak of."""
    return f"{vin[3:8]}|{vin[9:17]}"


def matches(wmi: str, year: int, vin: str) -> list[Match]:
    """Every pattern of this maker's schemas for the year that fits the VIN."""
    db = _connection()
    if db is None:
        return []
    rows = db.execute(
        """SELECT p.schema_id, p.element, g.weight, t.text, t.make
           FROM wmi_schema s CROSS JOIN pattern p ON p.schema_id = s.schema_id
                CROSS JOIN glob g ON g.id = p.glob_id CROSS JOIN text t ON t.id = p.text_id
           WHERE s.wmi = ? AND s.year_from <= ? AND s.year_to >= ? AND ? GLOB g.glob""",
        (wmi, year, year, key(vin)),
    )
    return [Match(*row) for row in rows]


SEPARATOR = frozenset("|")


class ModelPattern(NamedTuple):
    """A pattern that names a model, taken apart: per character the set it may be of, or None for any."""

    schema: int
    places: tuple[frozenset[str] | None, ...]
    make: str
    model: str

    @property
    def fixed(self) -> int:
        return sum(place is not None for place in self.places if place is not SEPARATOR)

    def misses(self, text: str) -> list[int]:
        """Where (from 0) `text`, a `key()`, does not fit."""
        pairs = zip(text, self.places, strict=False)
        return [
            at for at, (character, place) in enumerate(pairs) if place is not None and character not in place
        ]


@lru_cache(512)
def models(wmi: str, year: int) -> tuple[ModelPattern, ...]:
    """Every pattern that names a model of this maker in this year."""
    db = _connection()
    if db is None:
        return ()
    rows = db.execute(
        """SELECT DISTINCT s.schema_id, g.glob, t.make, t.text
           FROM wmi_schema s CROSS JOIN pattern p ON p.schema_id = s.schema_id AND p.element = ?
                CROSS JOIN glob g ON g.id = p.glob_id CROSS JOIN text t ON t.id = p.text_id
           WHERE s.wmi = ? AND s.year_from <= ? AND s.year_to >= ?""",  # CROSS: in this order
        (layout.MODEL, wmi, year, year),
    )
    return tuple(ModelPattern(schema, _places(glob), make, model) for schema, glob, make, model in rows)


@lru_cache(8192)
def _places(glob: str) -> tuple[frozenset[str] | None, ...]:
    places = re.findall(r"\[[^\]]*\]|.", glob.removesuffix("*"))
    return tuple(None if place == "?" else _members(place) for place in places)


def _members(place: str) -> frozenset[str]:
    inside = place.strip("[]") if len(place) > 1 else place
    spelled = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), inside)
    return SEPARATOR if spelled == "|" else frozenset(spelled)


@lru_cache(2048)
def engine_facts(code: str) -> tuple[tuple[str, str], ...]:
    """What the engine's code says: (our name of the element, text)."""
    found = rows("SELECT element, text FROM engine WHERE name = ?", code)
    return tuple((layout.ELEMENTS[int(element)][0], text) for element, text in found)


def rows(sql: str, *values: str) -> list[tuple[str, ...]]:
    db = _connection()
    return db.execute(sql, values).fetchall() if db else []
