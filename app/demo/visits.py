"""One car's visit, act by act: each is what a person does on a page, at the hour it happened."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.demo.stage import EVERYBODY, Stage
from app.domains import customers, garage, services, workshop
from app.domains.accounts import User
from app.domains.booking import holding, slots
from app.domains.booking.floor import work_of
from app.domains.booking.holding import Wanted
from app.domains.booking.models import Appointment
from app.domains.workshop import Intake
from app.domains.workshop.models import RepairOrder

ADVISORS = {"harbor": "advisor@demo.test", "volt": "outsider@demo.test"}


@dataclass(frozen=True)
class Arrival:
    """A car rolls in: when, why, to whom and where."""

    car: str
    hours_ago: float
    concern: str
    shop: str = "harbor"
    technician: str = ""
    bay: str = ""
    promised_in_hours: float | None = None
    key_tag: str = ""
    is_waiter: bool = False
    lights: tuple[str, ...] = ()
    charge_percent: int | None = None
    km_less: int = 0
    """How many kilometres fewer than today the car had then."""


async def check_in(stage: Stage, arrival: Arrival) -> RepairOrder:
    """The advisor takes the car in and opens its repair order."""
    with clock.moved_by(timedelta(hours=-arrival.hours_ago)):
        await introduce(stage, arrival.car, arrival.shop)
        car, center = stage.cars[arrival.car], stage.centers[arrival.shop]
        driver = EVERYBODY[stage.owners[arrival.car]]
        async with stage.acting(ADVISORS[arrival.shop]) as (db, me):
            customer = await customers.ensure_customer(
                db, center.tenant_id, _account(stage, driver.email), by=me
            )
            order = await workshop.open_order(
                db,
                center=center,
                customer=customer,
                vehicle_id=car.id,
                intake=Intake(
                    concern=arrival.concern,
                    mileage_km=(car.mileage_km or 0) - arrival.km_less,
                    charge_percent=arrival.charge_percent,
                    warning_lights=arrival.lights,
                    key_tag=arrival.key_tag,
                    is_waiter=arrival.is_waiter,
                    signed_name=driver.name,
                ),
                by=me,
            )
            return await _plan(stage, arrival, order, db, me)


async def _plan(
    stage: Stage, arrival: Arrival, order: RepairOrder, db: AsyncSession, me: Viewer
) -> RepairOrder:
    promise = arrival.promised_in_hours
    technician = stage.staff[arrival.technician].id if arrival.technician else None
    bay = stage.bays[arrival.bay].id if arrival.bay else None
    return await workshop.plan(
        db, order, by=me, technician_id=technician, bay_id=bay,
        promise_at=clock.now() + timedelta(hours=arrival.hours_ago + promise) if promise is not None else None,
    )  # fmt: skip


def _account(stage: Stage, email: str) -> User:
    person = EVERYBODY[email]
    return User(id=stage.users[email], email=email, name=person.name, phone=person.phone, locale="en")


async def introduce(stage: Stage, car: str, shop: str) -> None:
    """The driver becomes the shop's customer and lets it see the car, as a booking does."""
    driver, center = stage.owners[car], stage.centers[shop]
    async with stage.acting(driver, at=shop) as (db, me):
        customer = await customers.ensure_customer(db, center.tenant_id, _account(stage, driver), by=me)
        await garage.grant_access(db, stage.cars[car], center.tenant_id, by=me)
        await customers.bring_car(db, customer, stage.cars[car], by=me)


async def book(
    stage: Stage,
    car: str,
    shop: str,
    service_codes: tuple[str, ...],
    *,
    day: date,
    not_before: datetime,
    nth: int = 0,
) -> Appointment:
    """The driver books the `nth` free slot of a day, as on their phone; where there is none left, of the next."""
    driver, center = stage.owners[car], stage.centers[shop]
    async with stage.acting(driver, at=shop) as (db, me):
        offered = await services.offered(db, center.tenant_id)
        wanted = [Wanted(one) for one in offered if one.code in service_codes]
        work = work_of((one.service, one.quantity) for one in wanted)
        free = await slots.free(db, center, work, first=day, last=day + timedelta(days=4))
        free = [slot for slot in free if slot.starts >= not_before]
        slot = free[min(nth, len(free) - 1)]
        held = await holding.hold(db, center, wanted, slot.starts, vehicle_id=stage.cars[car].id, by=me)
        return await holding.confirm(db, held, center, by=me)
