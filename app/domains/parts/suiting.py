"""The parts that shops' fitment lists name for a car: what each is, and by which line it fits."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.garage import Vehicle
from app.domains.parts.cars import CarFacts, facts_of
from app.domains.parts.names import fold, make_key, number_key
from app.domains.parts.verdicts import Kind, PartNumber, Row, Verdict, verdict

MOST = 60
"""Of one car. Nobody reads further."""

_LINES = text("SELECT tenant_id, line FROM fitments_for_car(:car, :make, :year)")


class Listed(Row, frozen=True, kw_only=True):
    """A line with the name of its part."""

    name: str = ""


class Suiting(msgspec.Struct, frozen=True, kw_only=True):
    """A part of one shop's list that fits a car, or may fit it."""

    tenant_id: UUID
    name: str
    number: str
    kind: str
    brand: str
    verdict: Verdict

    @property
    def is_sure(self) -> bool:
        """Whether nothing is left to be checked."""
        return self.verdict.state == "fits"


async def suiting(db: AsyncSession, vehicle: Vehicle) -> list[Suiting]:
    """The named parts in the lists of all active parts shops that fit a car of the viewer's garage, those that are sure
    first; of one that may fit, its verdict says what is to be checked. Numbers that only a supersession would make fit
    are not among them."""
    car = await facts_of(vehicle)
    if not make_key(car.make):
        return []
    year = car.year if car.knows("year") else None
    asked = {"car": vehicle.id, "make": make_key(car.make), "year": year}
    about: dict[tuple[UUID, str, str], list[Listed]] = {}
    for tenant_id, line in await db.execute(_LINES, asked):
        row = msgspec.convert(line, Listed)
        about.setdefault((tenant_id, row.kind, number_key(row.number)), []).append(row)
    return _first(
        judged
        for (tenant_id, _kind, _number), rows in about.items()
        for part in _parts(rows)
        if (judged := _judged(car, tenant_id, part, rows))
    )


def _parts(rows: Sequence[Listed]) -> list[Listed]:
    """One line for each brand that a number is used by, with a name."""
    return list({fold(row.brand): row for row in reversed(rows) if row.name}.values())


def _judged(car: CarFacts, tenant_id: UUID, part: Listed, rows: Sequence[Row]) -> Suiting | None:
    kind: Kind = "oem" if part.kind == "oem" else "aftermarket"
    said = verdict(car, PartNumber(number=part.number, kind=kind, brand=part.brand), rows, ())
    if said.state != "fits" and said.rule != "doubt":
        return None
    return Suiting(
        tenant_id=tenant_id,
        name=part.name,
        number=part.number,
        kind=kind,
        brand=part.brand,
        verdict=said,
    )


def _first(judged: Iterable[Suiting]) -> list[Suiting]:
    return sorted(
        judged, key=lambda one: (not one.is_sure, one.name.casefold(), one.number, str(one.tenant_id))
    )[:MOST]
