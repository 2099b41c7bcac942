"""The garage and the VIN decoder as JSON."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.files import signed_url
from app.core.limits import Limit, limited
from app.core.tables import File
from app.core.visit import begin, needs
from app.domains.garage import cars, odometer, photos
from app.domains.garage.facts import VehicleFacts
from app.domains.garage.lookup import look_up
from app.domains.garage.models import Vehicle
from app.gateways.vin import DecodedVin

AnyRequest = Request[Any, Any, Any]


class VehicleIn(VehicleFacts, kw_only=True, forbid_unknown_fields=True):
    """A car to be added or changed. Distances are kilometres, whatever the odometer counts."""

    mileage_km: int | None = None
    mileage_confirmed: bool = False
    """Take a reading below the last one, or far beyond it."""

    def facts(self) -> VehicleFacts:
        """Only what is stored on the car."""
        return VehicleFacts(**{name: getattr(self, name) for name in VehicleFacts.__struct_fields__})


class VehicleChange(VehicleIn, kw_only=True, forbid_unknown_fields=True):
    """All facts of a car as they should be, and the version they are based on."""

    version: int


class VehicleOut(msgspec.Struct, kw_only=True):
    id: UUID
    vin: str
    make: str
    model: str
    year: int | None
    trim: str
    body: str
    fuel: str
    engine: str
    color: str
    plate: str
    odometer_unit: str
    battery_type: str
    battery_kwh: Decimal | None
    max_charge_kw: Decimal | None
    purchase_date: date | None
    last_maintenance_date: date | None
    """As it was typed in, or the day a shop gave the car back with work done, whichever is later."""
    next_maintenance_due: date | None
    next_maintenance_km: int | None
    telematics_id: str
    mileage_km: int | None
    mileage_at: datetime | None
    photo_url: str | None
    version: int


def shown(car: Vehicle, photo: File | None = None) -> VehicleOut:
    """A car as JSON. The photo's address works for a while."""
    said = {name: getattr(car, name) for name in VehicleOut.__struct_fields__ if name != "photo_url"}
    return VehicleOut(**said, photo_url=signed_url(photo) if photo else None)


async def _shown(db: AsyncSession, car: Vehicle) -> VehicleOut:
    return shown(car, await photos.photo_of(db, car))


@get("/customers/vehicles", opt=needs("read:own_vehicles"))
async def list_vehicles(request: AnyRequest) -> list[VehicleOut]:
    """The cars in one's own garage."""
    async with begin(request) as (db, me):
        mine = await cars.mine(db, me)
        pictures = await photos.photos_of(db, mine)
        return [shown(car, pictures.get(car.id)) for car in mine]


@post("/customers/vehicles", opt=needs("manage:own_vehicles"), status_code=201)
async def add_vehicle(request: AnyRequest, data: VehicleIn) -> VehicleOut:
    """Put a car into one's own garage. 409 when it stands there already."""
    async with begin(request) as (db, me):
        car = await cars.add(db, data.facts(), by=me)
        if data.mileage_km is not None:
            await odometer.read_odometer(
                db, car, data.mileage_km, source="owner", by=me, confirmed=data.mileage_confirmed
            )
        return await _shown(db, car)


@get("/customers/vehicles/{vehicle_id:uuid}", opt=needs("read:own_vehicles"))
async def show_vehicle(request: AnyRequest, vehicle_id: FromPath[UUID]) -> VehicleOut:
    """One car: one's own, or one that the shop services."""
    async with begin(request) as (db, me):
        return await _shown(db, await cars.find(db, me, vehicle_id))


@put("/customers/vehicles/{vehicle_id:uuid}", opt=needs("manage:own_vehicles"))
async def change_vehicle(request: AnyRequest, vehicle_id: FromPath[UUID], data: VehicleChange) -> VehicleOut:
    """Correct a car. 409 with the present values when somebody else changed it in the meantime."""
    async with begin(request) as (db, me):
        car = await cars.find_to_change(db, me, vehicle_id)
        await cars.change(db, car, data.facts(), version=data.version, by=me)
        if data.mileage_km is not None and data.mileage_km != car.mileage_km:
            source = "owner" if await cars.ownership(db, me, car) else "shop"
            await odometer.read_odometer(
                db, car, data.mileage_km, source=source, by=me, confirmed=data.mileage_confirmed
            )
        return await _shown(db, car)


@delete("/customers/vehicles/{vehicle_id:uuid}", opt=needs("manage:own_vehicles"), status_code=204)
async def archive_vehicle(request: AnyRequest, vehicle_id: FromPath[UUID]) -> None:
    """Put one's own car away; its history stays."""
    async with begin(request) as (db, me):
        await cars.archive(db, await cars.find_readable(db, me, vehicle_id), by=me)


LOOK_UPS = Limit("vin", times=120, within=timedelta(minutes=1), per="person")


@get("/vin/{vin:str}", opt=needs("read:own_vehicles") | limited(LOOK_UPS))
async def decode_vin(request: AnyRequest, vin: FromPath[str]) -> DecodedVin:
    """What a VIN says, offline. A wrong check digit is a warning in the answer, not an error."""
    async with begin(request):
        return (await look_up(vin)).decoded


router = Router(
    "/",
    route_handlers=[
        list_vehicles, add_vehicle, show_vehicle, change_vehicle, archive_vehicle, decode_vin,
    ],
    tags=["garage"],
)  # fmt: skip
