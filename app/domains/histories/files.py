"""Files with a history: sent, recognised, and what their owner corrects of that."""

import asyncio
import csv
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from babel.numbers import get_decimal_symbol
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.places import BY_IMPERIAL_GALLON, country_of
from app.core.viewer import Viewer
from app.core.words import _, spoken
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.histories.conventions import Conventions
from app.domains.histories.models import HistoryFile
from app.domains.histories.programs import Part, Recognised, recognise
from app.domains.histories.said import FIELDS, KINDS
from app.domains.histories.sections import MOST_ROWS, sections_in
from app.domains.logbook.units import measure_of

LARGEST = 10 * 1024 * 1024
MOST_FILES = 50
"""Of one car, that one person keeps."""


def usual(me: Viewer, vehicle: Vehicle, currency: str) -> Conventions:
    """How the viewer would write days and numbers themselves, and what the car counts in."""
    is_british = country_of(me.zone) in BY_IMPERIAL_GALLON
    miles = vehicle.odometer_unit == "mi"
    return Conventions(
        day_order="mdy" if spoken().language == "en" and miles and not is_british else "dmy",
        decimal_mark="," if get_decimal_symbol(spoken()) == "," else ".",
        distance="mi" if miles else "km",
        volume="kwh"
        if vehicle.fuel == "electric"
        else "gal_us"
        if measure_of(me, vehicle).by_gallon
        else "l",
        currency=currency,
    )


async def recognised(name: str, content: bytes, usual: Conventions) -> Recognised:
    """What a file holds; read in a thread. Raises Invalid for what is no table."""
    try:
        sections = await asyncio.to_thread(sections_in, content)
    except csv.Error as error:
        raise Invalid(
            {"file": _("This is no CSV file, or it has more than %(rows)s rows.", rows=MOST_ROWS)}
        ) from error
    if not sections:
        raise Invalid({"file": _("There are no rows in this file.")})
    return recognise(sections, file_name=name, usual=usual)


async def put(
    db: AsyncSession, vehicle: Vehicle, name: str, content: bytes, known: Recognised, *, by: Viewer
) -> UUID:
    """Keep a file to be looked through. Nothing of it is in the logbook yet. Raises Refused."""
    kept = await of_car(db, by, vehicle)
    if len(kept) >= MOST_FILES:
        raise Refused(_("There are %(count)s files already. Remove one first.", count=MOST_FILES))
    file_id = new_id()
    # Past the session: the bytes of a file are nothing for the audit trail.
    await db.execute(
        insert(HistoryFile.__table__).values(  # type: ignore[arg-type]
            id=file_id, created_at=clock.now(), user_id=by.user_id, vehicle_id=vehicle.id, name=name, content=content,
            program=known.program, parts=msgspec.to_builtins(known.parts),
            conventions=msgspec.to_builtins(known.conventions), car="", entries=0, readings=0,
        )
    )  # fmt: skip
    return file_id


async def of_car(db: AsyncSession, me: Viewer, vehicle: Vehicle) -> list[HistoryFile]:
    """The viewer's own files of a car, the newest first."""
    rows = await db.scalars(
        select(HistoryFile)
        .where(HistoryFile.user_id == me.user_id, HistoryFile.vehicle_id == vehicle.id)
        .order_by(HistoryFile.id.desc())
    )
    return list(rows)


async def find(
    db: AsyncSession, me: Viewer, vehicle_id: UUID, file_id: UUID, *, lock: bool = False
) -> tuple[Vehicle, HistoryFile]:
    """A car of the viewer's own, and a file they sent for it. Raises NotFound."""
    vehicle = await garage.find_own(db, me, vehicle_id)
    wanted = (
        select(HistoryFile)
        .where(
            HistoryFile.user_id == me.user_id, HistoryFile.vehicle_id == vehicle.id, HistoryFile.id == file_id
        )
        .options(undefer(HistoryFile.content))
    )  # fmt: skip
    found = await db.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound
    return vehicle, found


def parts_of(file: HistoryFile) -> list[Part]:
    return msgspec.convert(file.parts, list[Part])


def conventions_of(file: HistoryFile) -> Conventions:
    return msgspec.convert(file.conventions, Conventions)


def match(file: HistoryFile, form: Mapping[str, Any], conventions: Conventions) -> None:
    """Write down which table is what, and which column holds what, as its owner says. Raises Invalid; Refused once the
    file is in the logbook."""
    if file.taken_at is not None and file.undone_at is None:
        raise Refused(_("This file is in the logbook already. Take it out again to read it another way."))
    parts = parts_of(file)
    for place, part in enumerate(parts):
        kind = str(form.get(f"rows-{place}", part.kind))
        if kind not in KINDS:
            raise Invalid({f"rows-{place}": _("Please choose one of these.")})
        part.kind, part.why = kind, "" if kind else part.why
        for name in FIELDS:
            said = form.get(f"{name}-{place}")
            if said is None:
                continue
            part.columns.pop(name, None)
            if said == "":
                continue
            if not str(said).isdecimal() or len(str(said)) > 3 or int(said) >= part.width:
                raise Invalid({f"{name}-{place}": _("Please choose one of these.")})
            part.columns[name] = int(said)
        if part.kind and "day" not in part.columns:
            raise Invalid({f"day-{place}": _("Which column holds the day?")})
    file.parts = msgspec.to_builtins(parts)
    file.conventions = msgspec.to_builtins(conventions)
    file.car = str(form.get("car", file.car))[:200]


async def remove(db: AsyncSession, file: HistoryFile) -> None:
    """Forget a file of which nothing is in the logbook. Raises Refused."""
    if file.taken_at is not None and file.undone_at is None:
        raise Refused(_("This file is in the logbook. Take it out again first."))
    await db.delete(file)
