"""What of the garage is in its owner's copy."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import clock, files
from app.core.db import transaction
from app.core.personal import Declared, Paper, Records
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage import family
from app.domains.garage.models import DRIVES, CarInvitation, OdometerReading, Ownership, Vehicle, VehicleGrant
from app.domains.network.models import Tenant


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "cars", _("Your cars."), ("vehicles", "ownerships"),
            {
                "id": (Vehicle.id, _("its id, as other files name it")),
                "vin": (Vehicle.vin, _("vehicle identification number")),
                "make": (Vehicle.make, _("maker")),
                "model": (Vehicle.model, _("model")),
                "year": (Vehicle.year, _("model year")),
                "trim": (Vehicle.trim, _("trim")),
                "body": (Vehicle.body, _("body")),
                "fuel": (Vehicle.fuel, _("what it runs on")),
                "engine": (Vehicle.engine, _("engine")),
                "color": (Vehicle.color, _("color")),
                "plate": (Vehicle.plate, _("number plate")),
                "battery_type": (Vehicle.battery_type, _("kind of battery")),
                "battery_kwh": (Vehicle.battery_kwh, _("size of the battery in kWh")),
                "max_charge_kw": (Vehicle.max_charge_kw, _("how fast it charges in kW")),
                "mileage_km": (Vehicle.mileage_km, _("how far it had gone when last read")),
                "mileage_at": (Vehicle.mileage_at, _("when that was")),
                "purchase_date": (Vehicle.purchase_date, _("when it was bought")),
                "last_maintenance_date": (Vehicle.last_maintenance_date, _("when it was last serviced")),
                "next_maintenance_due": (Vehicle.next_maintenance_due, _("when its next service is due")),
                "next_maintenance_km": (
                    Vehicle.next_maintenance_km, _("how far it will have gone when its next service is due"),
                ),
                "telematics_id": (Vehicle.telematics_id, _("what a service that reads it from afar knows it by")),
                "yours_since": (Ownership.since, _("since when it is yours")),
                "yours_until": (Ownership.until, _("until when it was yours")),
                "removed_at": (Ownership.archived_at, _("when you took it out of your garage")),
                "role": (Ownership.role, _("what you may do with it: owner, driver, reader")),
                "sold_on": (Ownership.sold_on, _("when you sold it")),
                "bought_minor": (Ownership.bought_minor, _("what you bought it for, in the smallest unit of the currency")),
                "sold_minor": (Ownership.sold_minor, _("what you sold it for, in the smallest unit of the currency")),
                "currency": (Ownership.currency, _("currency")),
            },
            lambda rows: rows.select_from(Ownership)
            .join(Vehicle, Vehicle.id == Ownership.vehicle_id)
            .where(Ownership.user_id == person)
            .order_by(Ownership.since),
        ),
        Records(
            "mileage", _("How far your cars had gone, and when."), ("odometer_readings",),
            {
                "car_id": (OdometerReading.vehicle_id, _("which car")),
                "km": (OdometerReading.km, _("kilometers")),
                "at": (OdometerReading.at, _("when it was read")),
                "source": (OdometerReading.source, _("who read it: owner, check_in, import")),
            },
            lambda rows: rows.select_from(OdometerReading)
            .join(Ownership, Ownership.vehicle_id == OdometerReading.vehicle_id)
            .where(Ownership.user_id == person)
            .order_by(OdometerReading.at),
        ),
        Records(
            "shops_that_see_cars", _("Which shops may see which of your cars."), ("vehicle_grants",),
            {
                "car_id": (VehicleGrant.vehicle_id, _("which car")),
                "shop": (Tenant.name, _("which shop")),
                "since": (VehicleGrant.created_at, _("since when")),
            },
            lambda rows: rows.select_from(VehicleGrant)
            .join(Ownership, Ownership.vehicle_id == VehicleGrant.vehicle_id)
            .join(Tenant, Tenant.id == VehicleGrant.tenant_id)
            .where(Ownership.user_id == person, Ownership.role == "owner")
            .order_by(VehicleGrant.created_at),
        ),
        Records(
            "car_invitations", _("Whom you invited to share your cars."), ("car_invitations",),
            {
                "email": (CarInvitation.email, _("the address it was mailed to")),
                "role": (CarInvitation.role, _("what they may do: owner, driver, reader")),
                "car_ids": (CarInvitation.vehicle_ids, _("which cars")),
                "invited_at": (CarInvitation.created_at, _("when")),
                "accepted_at": (CarInvitation.accepted_at, _("when it was taken")),
                "withdrawn_at": (CarInvitation.withdrawn_at, _("when you withdrew it")),
            },
            lambda rows: rows.select_from(CarInvitation)
            .where(CarInvitation.user_id == person)
            .order_by(CarInvitation.created_at),
        ),
    ]  # fmt: skip


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The pictures the cars are known by."""
    async with transaction(user=person) as db:
        found = await db.execute(
            select(Vehicle.id, File.key)
            .join(Ownership, Ownership.vehicle_id == Vehicle.id)
            .join(File, File.id == Vehicle.photo_id)
            .where(Ownership.user_id == person, Ownership.until.is_(None))
            .order_by(Ownership.since)
        )
        rows = found.all()
    for row in rows:
        yield Paper(f"photos/cars/{row.id}.{row.key.rpartition('.')[2]}", key=row.key)


async def erase(db: AsyncSession, person: UUID) -> None:
    """The pictures go, and cars that no shop and nobody else has to do with. A car a shop has worked on stays with
    the shop, without what only its owner knew of it; it is nobody's from now on."""
    owned = await db.execute(
        select(Vehicle, File)
        .join(Ownership, Ownership.vehicle_id == Vehicle.id)
        .join(File, File.id == Vehicle.photo_id)
        .where(
            Ownership.user_id == person,
            Ownership.until.is_(None),
            Ownership.role.in_(DRIVES),
            File.user_id == person,
        )
    )
    for vehicle, file in owned.all():
        vehicle.photo_id = None
        await db.flush()
        await files.forget(db, file, by=Viewer.system())
    await db.execute(delete(CarInvitation).where(CarInvitation.user_id == person))
    await family.hand_down(db, person)
    await db.execute(text("SELECT erase_own_cars()"))
    other = aliased(Ownership)
    owns = select(Ownership.vehicle_id).where(
        Ownership.user_id == person, Ownership.until.is_(None), Ownership.role == "owner",
        ~exists().where(
            other.vehicle_id == Ownership.vehicle_id, other.user_id != person, other.until.is_(None)
        ),
    )  # fmt: skip
    await db.execute(
        update(Vehicle)
        .where(
            Vehicle.id.in_(owns),
            or_(Vehicle.telematics_id != "", Vehicle.purchase_date.is_not(None)),
        )
        .values(telematics_id="", purchase_date=None, version=Vehicle.version + 1)
    )
    await db.execute(
        update(Ownership)
        .where(Ownership.user_id == person, Ownership.until.is_(None))
        .values(until=clock.now())
    )


DECLARED = Declared(records, papers=papers, erase=erase)
