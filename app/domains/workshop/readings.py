"""What the instruments say, added or corrected after the car was checked in."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, Refused
from app.core.render import to_km
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage.models import Vehicle
from app.domains.workshop.events import OrderReadingsTaken
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.orders import hold_open, of, tell


async def in_km(db: AsyncSession, order: RepairOrder, mileage: int | None) -> int | None:
    """What was typed in the unit that the car's odometer shows."""
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    return None if mileage is None else to_km(mileage, vehicle.odometer_unit)


async def take_readings(
    db: AsyncSession,
    order: RepairOrder,
    *,
    by: Viewer,
    version: int,
    mileage_km: int | None = None,
    charge_percent: int | None = None,
    confirmed: bool = False,
    reason: str = "",
) -> RepairOrder:
    """Write down what the odometer (in kilometres) and the battery show; what is None stays as it is.

    Raises Invalid; a doubtful odometer (lower than the last reading, say) is taken when `confirmed`, with a
    reason. Refused once the order is invoiced: the invoice states the mileage.
    """
    reason = reason.strip()
    errors: dict[str, str] = {}
    if mileage_km is None and charge_percent is None:
        errors["mileage"] = _("Type what the odometer shows.")
    if charge_percent is not None and not 0 <= charge_percent <= 100:
        errors["charge_percent"] = _("A state of charge lies between 0 and 100 %.")
    if confirmed and not reason:
        errors["reason"] = _("Say why the reading is right all the same.")
    if errors:
        raise Invalid(errors)
    order = await hold_open(db, order.id, version=version)
    if order.status == "estimate":
        raise Refused(_("The car is not here yet."))
    was_km, was_charge = order.mileage_in_km, order.charge_in_percent
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    if mileage_km is not None and mileage_km != was_km:
        await garage.read_odometer(db, vehicle, mileage_km, source="shop", by=by, confirmed=confirmed)
        order.mileage_in_km = mileage_km
    if charge_percent is not None:
        order.charge_in_percent = charge_percent
    if (order.mileage_in_km, order.charge_in_percent) == (was_km, was_charge):
        return order
    order.version += 1
    new_km = order.mileage_in_km if order.mileage_in_km != was_km else None
    new_charge = order.charge_in_percent if order.charge_in_percent != was_charge else None
    await tell(
        db,
        order,
        OrderReadingsTaken(
            **of(order),
            mileage_km=new_km,
            was_mileage_km=was_km if new_km is not None else None,
            charge_percent=new_charge,
            was_charge_percent=was_charge if new_charge is not None else None,
            unit=vehicle.odometer_unit,
            reason=reason,
        ),
        by=by,
    )
    return order
