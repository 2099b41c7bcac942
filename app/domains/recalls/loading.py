"""`torqueline recalls FILE`: take a file of recalls in, and note which cars of a garage the new ones may concern.

It runs as the database's owner, for nobody else writes recalls. Batches are committed as they come, so that a run that is
stopped can be started again; telling follows in transactions of its own, each with the mark that it was done.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    SmallInteger,
    Text,
    Uuid,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from app.core import clock
from app.core.db import new_id, take_turn
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.garage.models import Ownership, Vehicle
from app.domains.recalls.events import RecallsFound
from app.domains.recalls.lines import Broken, Other, Row, Unreadable, read_lines
from app.domains.recalls.models import UNKNOWN_YEAR, Recall
from app.domains.recalls.names import beginnings, key

BATCH = 1000
LISTED = 50
"""Broken lines that are printed; all are counted."""
SAID = ("campaign", "make", "model", "year", "component", "defect", "consequence", "remedy")
TEXTS = ("make", "model", "defect", "consequence", "remedy")


@dataclass(slots=True)
class Taken:
    """What came of a file."""

    new: int = 0
    changed: int = 0
    same: int = 0
    twice: int = 0
    others: int = 0
    broken: int = 0
    first_broken: list[Broken] = field(default_factory=list)
    cars: int = 0


async def load(owner_url: str, path: Path) -> int:
    """Take a file in and print what came of it. 0 when every line was taken, 1 when some could not be, 2 when the file
    is none."""
    engine = create_async_engine(owner_url, hide_parameters=True)
    try:
        with path.open("rb") as lines:
            taken = await take_in(engine, lines)
    except (OSError, Unreadable) as wrong:
        print(f"{path}: {wrong}", file=sys.stderr)
        return 2
    finally:
        await engine.dispose()
    print(f"{taken.new} new, {taken.changed} changed, {taken.same} as they were.")
    if taken.twice:
        print(f"{taken.twice} lines say again what another line says.")
    if taken.others:
        print(f"{taken.others} lines are about equipment, tires or child seats and were passed over.")
    print(f"{taken.cars} cars in a garage have new recalls; their owners are told.")
    for one in taken.first_broken:
        print(f"line {one.number}: {one.reason}", file=sys.stderr)
    if taken.broken:
        print(f"{taken.broken} lines could not be read and were left out.", file=sys.stderr)
    return 1 if taken.broken else 0


async def take_in(engine: AsyncEngine, lines: Iterable[bytes]) -> Taken:
    """Read a file line by line into the table. Raises Unreadable."""
    taken = Taken()
    for rows in _batches(read_lines(lines), taken):
        async with AsyncSession(engine) as db, db.begin():
            await _put(db, rows, taken)
    taken.cars = await tell(engine)
    return taken


def _batches(said: Iterator[Row | Broken | Other], taken: Taken) -> Iterator[list[Row]]:
    rows: dict[Any, Row] = {}
    for one in said:
        if isinstance(one, Broken):
            taken.broken += 1
            if len(taken.first_broken) < LISTED:
                taken.first_broken.append(one)
        elif isinstance(one, Other):
            taken.others += 1
        else:
            taken.twice += one.identity in rows
            rows[one.identity] = one
        if len(rows) >= BATCH:
            yield list(rows.values())
            rows = {}
    if rows:
        yield list(rows.values())


async def _put(db: AsyncSession, rows: Sequence[Row], taken: Taken) -> None:
    """Add what is new and correct what reads otherwise now."""
    now = clock.now()
    table: Any = Recall.__table__
    said: dict[str, list[Any]] = {
        "id": [new_id() for _row in rows],
        "created_at": [now] * len(rows),
        "make_key": [key(row.make) for row in rows],
        "model_key": [key(row.model) for row in rows],
        **{name: [getattr(row, name) for row in rows] for name in SAID},
    }
    lines = _table("lines", {name: (table.c[name].type, values) for name, values in said.items()})
    adding = insert(table).from_select(list(said), select(*lines.c))
    written: Any = await db.execute(
        adding.on_conflict_do_update(
            index_elements=["campaign", "make_key", "model_key", "year", "component"],
            set_={name: adding.excluded[name] for name in TEXTS},
            where=or_(*(table.c[name] != adding.excluded[name] for name in TEXTS)),
        ).returning(literal_column("xmax = 0").label("is_new"))
    )
    are_new = [row.is_new for row in written]
    taken.new += sum(are_new)
    taken.changed += len(are_new) - sum(are_new)
    taken.same += len(rows) - len(are_new)


async def tell(engine: AsyncEngine) -> int:
    """Note, once a car and owner, the campaigns that came since the last time; how many cars there are. A recall that was
    there before a car came into the garage is shown on its page and nobody is told of it."""
    async with AsyncSession(engine) as db, db.begin():
        await take_turn(db, "recalls are told")
        cars: set[Any] = set()
        owners = await db.execute(
            select(Vehicle.id, Vehicle.make, Vehicle.model, Vehicle.year, Ownership.user_id)
            .join(Ownership, Ownership.vehicle_id == Vehicle.id)
            .where(Ownership.until.is_(None), Ownership.archived_at.is_(None))
            .order_by(Vehicle.id, Ownership.user_id)
        )
        some: list[Any] = []
        for one in owners.all():
            some.append(one)
            if len(some) == BATCH:
                cars |= await _note(db, some)
                some = []
        cars |= await _note(db, some)
        await db.execute(update(Recall).where(Recall.told_at.is_(None)).values(told_at=clock.now()))
        return len(cars)


async def _note(db: AsyncSession, owned: Sequence[Any]) -> set[Any]:
    """Record an event for each of these that new recalls name; which cars they are."""
    wanted = [(one.id, key(one.make), name, one.year) for one in owned for name in beginnings(one.model)]
    if not wanted:
        return set()
    vehicles, makes, models, years = zip(*wanted, strict=True)
    cars = _table(
        "cars",
        {
            "id": (Uuid(), vehicles), "make": (Text(), makes), "model": (Text(), models),
            "year": (SmallInteger(), [year or UNKNOWN_YEAR for year in years]),
        },
    )  # fmt: skip
    found = await db.execute(
        select(cars.c.id, Recall.campaign)
        .join(
            Recall,
            (Recall.make_key == cars.c.make)
            & (Recall.model_key == cars.c.model)
            & ((Recall.year == cars.c.year) | (Recall.year == UNKNOWN_YEAR)),
        )
        .where(Recall.told_at.is_(None))
        .distinct()
        .order_by(cars.c.id, Recall.campaign)
    )
    by_car: dict[Any, list[str]] = {}
    for row in found:
        by_car.setdefault(row.id, []).append(row.campaign)
    for one in owned:
        if campaigns := by_car.get(one.id):
            event = RecallsFound(vehicle_id=one.id, campaigns=campaigns)
            await record(db, event, by=Viewer.system(), person=one.user_id, subject=one.id)
    return set(by_car)


def _table(name: str, columns: Mapping[str, tuple[TypeEngine[Any], Sequence[Any]]]) -> TableValuedAlias:
    """Values as a table, by column: one statement for however many rows, which is compiled once."""
    arrays = (literal(list(values), ARRAY(kind)) for kind, values in columns.values())
    table = func.unnest(*arrays).table_valued(
        *(column(one, kind) for one, (kind, _values) in columns.items())
    )
    return table.render_derived(name=name)
