"""A car arrives: the form at the counter, and the repair order it opens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.core.files import Kept, keep
from app.core.render import to_km
from app.core.signature import read_drawing
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.workshop import orders
from app.domains.workshop.check_in import Intake
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.photographs import add_photo


class IntakeForm(msgspec.Struct, kw_only=True):
    """The fields of workshop/_check_in_fields.html. Mileage is in the unit the odometer shows."""

    concern: Annotated[str, msgspec.Meta(max_length=2000)]
    signed_name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    signature: Annotated[str, msgspec.Meta(max_length=300_000)] = ""
    mileage: Annotated[int, msgspec.Meta(ge=0, le=3_000_000)] | None = None
    confirmed: str = ""
    """The odometer reading that was looked at again: a tick holds for that figure only."""
    charge_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    warning_lights: list[str] = []
    key_tag: Annotated[str, msgspec.Meta(max_length=20)] = ""
    is_waiter: bool = False
    promise_at: datetime | None = None
    photos: list[UploadFile] = []

    @property
    def is_confirmed(self) -> bool:
        return garage.is_confirmed(self.confirmed, self.mileage)

    def intake(self, vehicle: Vehicle) -> Intake:
        """What was asked and seen. Raises Invalid."""
        unit = vehicle.odometer_unit
        return Intake(
            concern=self.concern,
            mileage_km=None if self.mileage is None else to_km(self.mileage, unit),
            charge_percent=self.charge_percent,
            warning_lights=tuple(self.warning_lights),
            key_tag=self.key_tag,
            is_waiter=self.is_waiter,
            signed_name=self.signed_name,
            signature=read_drawing(self.signature),
        )

    def promised(self, center: ServiceCenter) -> datetime | None:
        """The promise, typed in the center's time of day."""
        if self.promise_at is None or self.promise_at.tzinfo is not None:
            return self.promise_at
        return self.promise_at.replace(tzinfo=ZoneInfo(center.zone))


async def check_in(
    db: AsyncSession,
    form: IntakeForm,
    *,
    center: ServiceCenter,
    customer: Customer,
    vehicle: Vehicle,
    by: Viewer,
    photos: Sequence[Kept] = (),
    technician_id: UUID | None = None,
    bay_id: UUID | None = None,
    promise_at: datetime | None = None,
    priced: RepairOrder | None = None,
) -> RepairOrder:
    """Open the repair order of a car at the counter: odometer read, walk-around photos kept. With `priced` the
    estimate that was asked for before becomes that order.

    `photos` were received before the transaction (`files.receive_images`); `promise_at` stands in when the
    form names none. Raises Invalid, for a car that is in the shop already as well: the form comes back with what
    was typed and a way to the order that is open.
    """
    try:
        intake = form.intake(vehicle)
    except Invalid as wrong:  # everything that is to be mended, told at once
        km = None if form.mileage is None else to_km(form.mileage, vehicle.odometer_unit)
        doubts = {} if km is None else garage.doubts(vehicle, km, confirmed=form.is_confirmed, zone=by.zone)
        raise Invalid(doubts | wrong.errors) from wrong
    try:
        await orders.be_the_only_visit(db, center.tenant_id, vehicle.id)
    except orders.InShopAlready as known:
        words = _("The car has been checked in as %(order)s. Nothing here is saved yet.", order=known.label)
        raise Invalid({"form": words}) from known
    if intake.mileage_km is not None:
        await garage.read_odometer(
            db, vehicle, intake.mileage_km, source="check_in", by=by, confirmed=form.is_confirmed
        )
    promise_at = form.promised(center) or promise_at
    if priced is not None:
        if (priced.vehicle_id, priced.customer_id, priced.center_id) != (vehicle.id, customer.id, center.id):
            raise NotFound
        order = await orders.take_in(
            db,
            priced,
            intake=intake,
            by=by,
            technician_id=technician_id,
            bay_id=bay_id,
            promise_at=promise_at,
        )
    else:
        order = await orders.open_order(
            db,
            center=center,
            customer=customer,
            vehicle_id=vehicle.id,
            intake=intake,
            by=by,
            technician_id=technician_id,
            bay_id=bay_id,
            promise_at=promise_at,
        )
    for one in photos:
        file = await keep(db, one, by=by, tenant=order.tenant_id, owner=order.user_id)
        await add_photo(db, order, file.id, purpose="walk_around", by=by)
    return order
