"""The whole history of a car to take along: as a table that this and other programs read again, or as JSON."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import plain, to_major
from app.core.spreadsheet import csv_line
from app.domains.garage import OdometerReading, Vehicle
from app.domains.logbook import Entry
from app.domains.network.models import ServiceCenter

COLUMNS = (
    "entry id", "kind", "date", "odometer (km)", "title", "notes", "cost", "currency", "tags", "amount", "full tank",
    "missed fill-up", "tasks", "verified by",
)  # fmt: skip
"""In English whatever the reader speaks: the file is for programs. Days are ISO's, distances kilometres, amounts litres
or kilowatt-hours, numbers with a point."""


async def entries_of(db: AsyncSession, vehicle: Vehicle) -> list[dict[str, Any]]:
    """Every entry that counts, the oldest first, under the names of COLUMNS."""
    found = await db.stream(
        select(Entry, ServiceCenter.name)
        .outerjoin(ServiceCenter, ServiceCenter.id == Entry.center_id)
        .where(Entry.vehicle_id == vehicle.id, Entry.removed_at.is_(None))
        .order_by(Entry.day, Entry.id)
    )
    return [_row(entry, center) async for entry, center in found]


def _row(entry: Entry, center: str | None) -> dict[str, Any]:
    cost = entry.cost_minor
    values = (
        str(entry.id), entry.kind, entry.day.isoformat(), entry.km, entry.title, entry.note,
        None if cost is None else str(to_major(cost, entry.currency)), entry.currency, entry.tags,
        None if entry.amount is None else plain(entry.amount), entry.is_full, entry.is_missed, entry.tasks, center or "",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


async def readings_of(db: AsyncSession, vehicle: Vehicle) -> list[dict[str, Any]]:
    """How far the car had gone, and when."""
    rows = await db.scalars(
        select(OdometerReading)
        .where(OdometerReading.vehicle_id == vehicle.id)
        .order_by(OdometerReading.at, OdometerReading.id)
    )
    return [{"at": row.at.isoformat(), "km": row.km, "source": row.source} for row in rows]


def as_csv(entries: list[dict[str, Any]]) -> str:
    """A table with COLUMNS."""
    lines = [csv_line(COLUMNS)]
    lines += [csv_line([_cell(entry[name]) for name in COLUMNS]) for entry in entries]
    return "".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
