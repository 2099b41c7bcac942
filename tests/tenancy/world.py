"""A world in which every table holds rows of both shops.

What happens in a workshop is done by its operations; what is left empty then is filled from the catalogue, so
that a new table takes part by itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files
from app.core.db import new_id, transaction
from app.core.security import hash_token
from app.core.viewer import Viewer
from app.domains import estimates, inspections, services, workshop
from app.domains.accounts.models import Session, User
from app.domains.billing import crediting, invoicing, links, paying, refunding
from app.domains.billing.models import Invoice
from app.domains.booking import holding, slots
from app.domains.booking.floor import work_of
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.estimates.approval import Answer, Verdict, decide
from app.domains.estimates.links import issue_link
from app.domains.estimates.models import Estimate
from app.domains.garage.models import Ownership, Vehicle, VehicleGrant
from app.domains.inspections import filling, reading, sheets
from app.domains.inspections import photos as finding_photos
from app.domains.network.models import Bay, RoleAt, ServiceCenter, Shift, StaffProfile
from app.domains.services import CannedFacts, LineFacts, ServiceFacts
from app.domains.workshop import steps, work
from app.domains.workshop.models import Job, RepairOrder
from app.gateways.storage import new_key
from tests.cast import LATER, Person
from tests.tenancy.shops import HARBOR_SHOP, SHOPS, SPARE_CAR, VOLT_SHOP, Shop


async def people_of_volt(db: AsyncSession, password_hash: str) -> None:
    """Voltwerk's owner, technician and driver, a bay, a car. `db` is the owner's of the tables."""
    shop, now = VOLT_SHOP, datetime.now(UTC)
    for person in (shop.owner, shop.technician, shop.driver):
        db.add(
            User(
                id=person.user_id,
                email=person.email,
                name=person.name,
                password_hash=password_hash,
                zone="Europe/Berlin",
                email_verified_at=now,
            )
        )
        await db.flush()
        _session(db, person, now)
        if person.tenant_id:
            _hire(db, person)
    db.add(
        Bay(id=shop.bay_id, tenant_id=shop.tenant_id, center_id=shop.center_id, name=f"Bay {shop.mark}",
            capabilities=["lift"], position=1)
    )  # fmt: skip
    await db.flush()
    for weekday in range(7):
        db.add(
            Shift(tenant_id=shop.tenant_id, staff_id=shop.technician.staff_id, weekday=weekday, starts=time(7), ends=time(19))
        )  # fmt: skip
    db.add(Vehicle(id=shop.car, make="Volkswagen", model=f"ID.7 {shop.mark}", year=2024, plate=shop.plate,
                   vin="WVWZZZE1ZMP000001", fuel="electric"))  # fmt: skip
    db.add(Vehicle(id=SPARE_CAR, make="Nobody", model="Spare", fuel="gasoline"))
    await db.flush()
    db.add(Ownership(vehicle_id=shop.car, user_id=shop.driver.user_id))
    db.add(VehicleGrant(tenant_id=shop.tenant_id, vehicle_id=shop.car))
    db.add(
        Customer(id=shop.customer_id, tenant_id=shop.tenant_id, number=1, user_id=shop.driver.user_id,
                 name=shop.driver.name, email=shop.driver.email, phone="+49 30 7391", notes=shop.mark)
    )  # fmt: skip
    await db.flush()
    db.add(CustomerVehicle(tenant_id=shop.tenant_id, customer_id=shop.customer_id, vehicle_id=shop.car))
    for one in SHOPS.values():
        second = Customer(
            tenant_id=one.tenant_id, number=one.only_number, name=f"Second {one.mark}", notes=one.mark
        )
        db.add(second)
    await db.flush()
    await db.execute(
        text("UPDATE customers SET notes = :mark WHERE id = :id"),
        {"mark": HARBOR_SHOP.mark, "id": HARBOR_SHOP.customer_id},
    )
    await db.flush()


def _session(db: AsyncSession, person: Person, now: datetime) -> None:
    db.add(
        Session(
            user_id=person.user_id,
            token_hash=hash_token(person.cookie),
            center_id=person.center_id,
            last_seen_at=now,
            expires_at=now + timedelta(days=1),
            proved_at=LATER,
        )
    )


def _hire(db: AsyncSession, person: Person) -> None:
    db.add(
        RoleAt(
            user_id=person.user_id,
            tenant_id=person.tenant_id,
            service_center_id=person.center_id,
            role=person.role,
            created_at=LATER,
        )
    )
    db.add(
        StaffProfile(
            id=person.staff_id,
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            center_id=person.center_id,
            name=person.name,
            skills=["general", "brakes", "hv"],
            is_technician=person.role == "technician",
        )
    )


@asynccontextmanager
async def _as(person: Person, shop: Shop) -> AsyncIterator[tuple[AsyncSession, Viewer]]:
    async with transaction(user=person.user_id, tenant=shop.tenant_id) as db:
        yield db, person.viewer


async def play() -> None:
    """The same two visits and a booking at both shops, so that both count from the same numbers."""
    for shop in SHOPS.values():
        await _catalogue(shop)
        paid = await _visit(shop)
        await _settle_bill(shop, paid)
        await _open_visit(shop)
        await _book(shop)


async def _catalogue(shop: Shop) -> None:
    async with _as(shop.owner, shop) as (db, me):
        await services.add_canned(
            db,
            CannedFacts(title=f"Canned {shop.mark}", code="odd", skill="brakes"),
            [
                LineFacts(kind="labor", description=f"Hands {shop.mark}", quantity=Decimal("1.5")),
                LineFacts(kind="part", description=f"Part {shop.mark}", unit_price_minor=shop.price_minor),
            ],
            by=me,
        )
        await services.add(db, ServiceFacts(name="Brake check", duration_minutes=60, price_minor=9900), by=me)
        await inspections.install_sheets(db, shop.tenant_id)


def _kept(shop: Shop) -> files.Kept:
    return files.Kept(
        id=new_id(), kind="image", key=new_key(shop.tenant_id, "jpg", at=clock.now()), thumbnail_key=None,
        media_type="image/jpeg", size=3, sha256=bytes(32), label=f"{shop.mark}.jpg", width=8, height=6,
    )  # fmt: skip


async def _checked_in(shop: Shop, concern: str, tag: str) -> RepairOrder:
    async with _as(shop.advisor, shop) as (db, me):
        order = await workshop.open_order(
            db,
            center=await db.get_one(ServiceCenter, shop.center_id),
            customer=await db.get_one(Customer, shop.customer_id),
            vehicle_id=shop.car,
            intake=workshop.Intake(concern=f"{concern} {shop.mark}", key_tag=tag),
            by=me,
            technician_id=shop.technician.staff_id,
            promise_at=clock.now() + timedelta(hours=5),
        )
        photo = await files.keep(db, _kept(shop), by=me, owner=order.user_id)
        await workshop.add_photo(
            db, order, photo.id, purpose="walk_around", by=me, is_shared=True, caption=shop.mark
        )
        return order


async def _inspect(shop: Shop, order: RepairOrder) -> None:
    async with _as(shop.technician, shop) as (db, me):
        template = next(one for one, _ in await sheets.offered(db, shop.tenant_id) if one.code == "general")
        inspection = await filling.start(db, order, template, by=me)
        sheet = await reading.sheet(db, inspection)
        finding = next(iter(sheet.rows)).finding
        await filling.rate(db, finding, rating="red", measure=None, note=shop.mark, by=me)
        await finding_photos.add(db, finding, order, [_kept(shop)], by=me)


async def _offer(shop: Shop, order: RepairOrder) -> tuple[Estimate, list[Job]]:
    async with _as(shop.advisor, shop) as (db, me):
        jobs = [
            await workshop.propose_job(db, order, canned_code="odd", complaint=shop.mark, by=me),
            await workshop.propose_job(
                db,
                order,
                title=f"Later {shop.mark}",
                lines=[
                    workshop.NewLine(kind="part", description=shop.mark, unit_price_minor=shop.price_minor)
                ],
                by=me,
            ),
        ]
        estimate = await estimates.draft(db, order, by=me)
        await estimates.send(db, estimate, revision=None, by=me)
        await issue_link(db, estimate, by=me)
        return estimate, jobs


async def _visit(shop: Shop) -> Invoice:
    """Checked in, looked at, priced; one job agreed to and one put off; done, checked, billed."""
    order = await _checked_in(shop, "Squeals", "17")
    await _inspect(shop, order)
    estimate, (agreed, later) = await _offer(shop, order)
    async with _as(shop.driver, shop) as (db, me):
        estimate = await estimates.find(db, me, estimate.id)
        said = Answer(
            verdicts={agreed.id: Verdict("approved", ""), later.id: Verdict("deferred", shop.mark)},
            signed_name=shop.driver.name,
            method="account",
            contact=shop.driver.email,
        )
        await decide(db, estimate, said, by=me)
    async with _as(shop.technician, shop) as (db, me):
        job = await db.get_one(Job, agreed.id)
        await work.start(db, job, by=me)
        for step in await steps.steps_of(db, job):
            await steps.progress(db, step, to="completed", by=me)
        await work.finish(db, job, by=me, correction=shop.mark)
    async with _as(shop.advisor, shop) as (db, me):
        await work.check(db, await db.get_one(Job, agreed.id), passed=True, by=me)
        order = await workshop.hold(db, order.id)
        return await invoicing.issue(db, order, by=me)


async def _settle_bill(shop: Shop, invoice: Invoice) -> None:
    """Paid in cash, given back, credited."""
    async with _as(shop.owner, shop) as (db, me):
        await links.make_pay_link(db, invoice)
        payment = await paying.take_cash(db, invoice, amount=invoice.total_minor, by=me)
        await refunding.begin(db, payment, amount=invoice.total_minor, given=0, by=me)
        await crediting.credit(db, invoice, reason=shop.mark, by=me)


async def _open_visit(shop: Shop) -> None:
    """A second order stays open, with an estimate that waits for its answer and one being written; only this shop has its number."""
    async with _as(shop.advisor, shop) as (db, _me):
        await db.execute(text("UPDATE order_numbers SET last = :last"), {"last": shop.only_number - 1})
    order = await _checked_in(shop, "Rattles", "18")
    await _offer(shop, order)
    async with _as(shop.advisor, shop) as (db, me):
        await workshop.propose_job(db, order, canned_code="odd", title=f"Third {shop.mark}", by=me)
        await estimates.draft(db, order, by=me)


async def _book(shop: Shop) -> None:
    async with _as(shop.driver, shop) as (db, me):
        center = await db.get_one(ServiceCenter, shop.center_id)
        (service,) = await services.offered(db, shop.tenant_id)
        day = clock.today(center.zone) + timedelta(days=2)
        free = await slots.free(db, center, work_of([(service, 1)]), first=day, last=day + timedelta(days=5))
        held = await holding.hold(
            db, center, [holding.Wanted(service)], free[0].starts, vehicle_id=shop.car, by=me, notes=shop.mark
        )
        await holding.confirm(db, held, center, by=me)
