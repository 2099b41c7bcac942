"""The logbook as JSON. Distances are kilometres, amounts litres or kWh, costs minor units."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.visit import begin, needs
from app.domains import garage
from app.domains.booking.models import Appointment
from app.domains.logbook import finding, reckoning, writing
from app.domains.logbook.facts import WORK, Written
from app.domains.logbook.finding import PAGE
from app.domains.logbook.models import Entry

AnyRequest = Request[Any, Any, Any]
READ, MANAGE = needs("read:own_vehicles"), needs("manage:own_vehicles")


class EntryIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    kind: str
    day: date
    km: int | None = None
    km_confirmed: bool = False
    """Take a mileage that other entries contradict."""
    title: str = ""
    note: str = ""
    cost_minor: int | None = None
    currency: str = ""
    tags: list[str] = []
    tasks: list[str] = []
    amount: Decimal | None = None
    is_full: bool = False
    is_missed: bool = False

    def written(self) -> Written:
        """Only what is kept."""
        return Written(**{name: getattr(self, name) for name in Written.__struct_fields__})


class EntryChange(EntryIn, kw_only=True, forbid_unknown_fields=True):
    """All of an entry as it should be, and the version it is based on."""

    version: int


class EntryOut(msgspec.Struct, kw_only=True):
    id: UUID
    vehicle_id: UUID
    kind: str
    day: date
    km: int | None
    title: str
    note: str
    cost_minor: int | None
    currency: str
    tags: list[str]
    tasks: list[str]
    amount: Decimal | None
    is_full: bool
    is_missed: bool
    is_verified: bool
    """A shop's work wrote itself in."""
    is_inherited: bool
    """It came with the car, from a previous owner."""
    order_id: UUID | None
    next_on: date | None
    next_km: int | None
    version: int


class EntriesOut(msgspec.Struct, kw_only=True):
    entries: list[EntryOut]
    next_before: str | None
    """To be sent as `before` for the next page; null at the end."""


class CostOut(msgspec.Struct, kw_only=True):
    currency: str
    this_year_minor: int
    minor: int
    minor_per_km: Decimal | None


class ConsumptionOut(msgspec.Struct, kw_only=True):
    kind: str
    amount: Decimal
    """Litres or kWh used between full ones."""
    km: int
    per_100_km: Decimal


class TotalsOut(msgspec.Struct, kw_only=True):
    count: int
    km: int
    costs: list[CostOut]
    consumption: list[ConsumptionOut]


class RecordOut(msgspec.Struct, kw_only=True):
    """Work that was done on a car."""

    id: UUID
    vehicle_id: UUID
    appointment_id: UUID | None
    order_id: UUID | None
    service_date: date
    mileage_at_service: int | None
    service_type: str
    description: str
    cost_minor: int | None
    currency: str
    next_service_due: date | None
    next_service_due_km: int | None
    is_verified: bool


class RecordsOut(msgspec.Struct, kw_only=True):
    records: list[RecordOut]
    next_before: str | None


def shown(entry: Entry) -> EntryOut:
    """An entry as JSON."""
    return EntryOut(**{name: getattr(entry, name) for name in EntryOut.__struct_fields__})


@get("/customers/vehicles/{vehicle_id:uuid}/logbook", opt=READ)
async def list_entries(
    request: AnyRequest,
    vehicle_id: FromPath[UUID],
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    year: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> EntriesOut:
    """The logbook of one's own car, newest first, fifty at a time; `before` pages on."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        wanted = finding.wanted(words=q, kind=kind, tag=tag, year=year)
        found = await finding.entries(db, car, wanted, before=finding.cursor_in(before), most=PAGE + 1)
        more = finding.cursor_of(found[PAGE - 1]) if len(found) > PAGE else None
        return EntriesOut(entries=[shown(one) for one in found[:PAGE]], next_before=more)


@post("/customers/vehicles/{vehicle_id:uuid}/logbook", opt=MANAGE, status_code=201)
async def log_entry(request: AnyRequest, vehicle_id: FromPath[UUID], data: EntryIn) -> EntryOut:
    """Write something down. 422 with a message for each field that cannot be kept."""
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        return shown(await writing.log(db, car, data.written(), by=me, confirmed=data.km_confirmed))


@put("/customers/vehicles/{vehicle_id:uuid}/logbook/{entry_id:uuid}", opt=MANAGE)
async def change_entry(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID], data: EntryChange
) -> EntryOut:
    """Correct an entry. 409 when a shop wrote it, or when it was changed in the meantime."""
    async with begin(request) as (db, me):
        car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
        await writing.change(
            db, car, entry, data.written(), version=data.version, by=me, confirmed=data.km_confirmed
        )
        return shown(entry)


@delete("/customers/vehicles/{vehicle_id:uuid}/logbook/{entry_id:uuid}", opt=MANAGE, status_code=204)
async def remove_entry(request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID]) -> None:
    """Take an entry out."""
    async with begin(request) as (db, me):
        car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
        await writing.remove(db, car, entry, by=me)


@get("/customers/vehicles/{vehicle_id:uuid}/logbook/totals", opt=READ)
async def totals(request: AnyRequest, vehicle_id: FromPath[UUID]) -> TotalsOut:
    """What one's own car has cost, and what it uses from one full tank to the next."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        added = await reckoning.sums(db, car.id, year=clock.today(me.zone).year)
        used = await reckoning.consumption(db, car.id)
        averages = [(kind, reckoning.on_average(used, kind)) for kind in ("fuel", "charge")]
        return TotalsOut(
            count=added.count,
            km=added.km,
            costs=[
                CostOut(
                    currency=one.currency, this_year_minor=one.this_year_minor, minor=one.minor,
                    minor_per_km=None if one.per_1000_km_minor is None else round(one.per_1000_km_minor / 1000, 2),
                )
                for one in added.costs
            ],
            consumption=[
                ConsumptionOut(kind=kind, amount=one[0], km=one[1], per_100_km=round(one[0] * 100 / one[1], 2))
                for kind, one in averages
                if one is not None
            ],
        )  # fmt: skip


@get("/customers/maintenance-history", opt=needs("read:own_maintenance_history"))
async def maintenance_history(
    request: AnyRequest, vehicle: FromQuery[UUID | None] = None, before: FromQuery[str] = ""
) -> RecordsOut:
    """The work that was done on one's own cars, or on one of them, newest first, fifty at a time."""
    async with begin(request) as (db, me):
        cars = [await garage.find_readable(db, me, vehicle)] if vehicle else await garage.mine(db, me)
        found = await finding.of_cars(
            db, [car.id for car in cars], WORK, before=finding.cursor_in(before), most=PAGE + 1
        )
        visits = await _appointments(db, found[:PAGE])
        more = finding.cursor_of(found[PAGE - 1]) if len(found) > PAGE else None
        return RecordsOut(records=[_record(one, visits) for one in found[:PAGE]], next_before=more)


async def _appointments(db: AsyncSession, entries: Any) -> dict[UUID, UUID]:
    ids = [one.order_id for one in entries if one.order_id]
    rows = await db.execute(select(Appointment.order_id, Appointment.id).where(Appointment.order_id.in_(ids)))
    return {row.order_id: row.id for row in rows}


def _record(entry: Entry, visits: dict[UUID, UUID]) -> RecordOut:
    return RecordOut(
        id=entry.id,
        vehicle_id=entry.vehicle_id,
        appointment_id=visits.get(entry.order_id) if entry.order_id else None,
        order_id=entry.order_id,
        service_date=entry.day,
        mileage_at_service=entry.km,
        service_type=entry.kind,
        description=entry.title or entry.note,
        cost_minor=entry.cost_minor,
        currency=entry.currency,
        next_service_due=entry.next_on,
        next_service_due_km=entry.next_km,
        is_verified=entry.is_verified,
    )


router = Router(
    "/",
    route_handlers=[list_entries, log_entry, change_entry, remove_entry, totals, maintenance_history],
    tags=["logbook"],
)
