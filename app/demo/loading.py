"""Load the demo into an empty database."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, db
from app.core.db import transaction
from app.core.security import hash_token
from app.core.viewer import Viewer
from app.demo import (
    cards,
    families,
    history,
    logbooks,
    looks,
    papers,
    parts_market,
    people,
    remembered,
    shops,
    sold_car,
    tuesday,
)
from app.demo.cars import CARS, Car
from app.demo.stage import Stage
from app.domains import garage, services
from app.domains.accounts import kiosk_pins, own_account, sign_up
from app.domains.billing import fees
from app.domains.garage import VehicleFacts
from app.domains.network import certificates, crew, joining, kiosks, premises
from app.domains.network.certificates import CertificateFacts
from app.domains.network.kiosks import KioskFacts
from app.settings import Settings


async def load(settings: Settings) -> None:
    """Two shops, their people and cars, weeks of finished visits, and a working day in every stage."""
    db.connect(settings.sqlalchemy_url)
    try:
        stage = Stage()
        with clock.moved_by(timedelta(days=-90)):
            await _people(stage)
            await _shop(stage, "harbor", "Harbor Lane Garage", shops.HARBOR_CENTER, shops.HARBOR_BAYS)
            await _shop(stage, "volt", "Voltwerk Berlin", shops.VOLT_CENTER, shops.VOLT_BAYS)
            await _offer(stage, people.OWNER.email, shops.HARBOR_CANNED, shops.HARBOR_SERVICES)
            await _offer(stage, "petra@demo.test", shops.VOLT_CANNED, shops.VOLT_SERVICES)
            await cards.connect(stage.centers["harbor"].tenant_id, people.OWNER.email)
            await cards.connect(stage.centers["volt"].tenant_id, "petra@demo.test")
            await _fee(stage, "USD", 100, 20)
            await _fee(stage, "EUR", 90, 0)
            await _tablet(stage)
            await parts_market.open_shops(stage)
            for car in CARS:
                await _garage(stage, car)
        await looks.dress(stage)
        with clock.moved_by(timedelta(days=-35)):
            await _fee(stage, "USD", 80, 20)
        await tuesday.play(stage)
        await parts_market.play(stage)
        await remembered.remember(stage)
        await logbooks.write(stage)
        await families.share(stage)
        await sold_car.sell(stage)
        await papers.keep(stage)
        await history.remember(stage, settings.sqlalchemy_owner_url)
    finally:
        await db.disconnect()


async def _people(stage: Stage) -> None:
    for person in (*people.STAFF, *people.DRIVERS, people.NETWORK):
        async with transaction() as session:
            user = await sign_up(
                session, email=person.email, password=people.PASSWORD, name=person.name, by=Viewer(),
                phone=person.phone, zone=person.zone, proved=True,
            )  # fmt: skip
            user.distance_unit = person.unit
            stage.users[person.email] = user.id
    async with transaction() as session:
        await _as_network(session)
        await joining.appoint_network_admin(
            session, user_id=stage.users[people.NETWORK.email], by=Viewer.system()
        )


async def _as_network(session: AsyncSession) -> None:
    await session.execute(text("SELECT set_config('app.network', 'on', true)"))


async def _fee(stage: Stage, currency: str, basis_points: int, fixed_minor: int) -> None:
    """What the network keeps of card payments."""
    nils = await stage.viewer(people.NETWORK.email)
    async with transaction(user=nils.user_id) as session:
        await _as_network(session)
        seen = (await fees.current(session, currency)).version
        await fees.set_fee(
            session, currency, basis_points=basis_points, fixed_minor=fixed_minor, seen=seen, by=nils
        )


async def _shop(stage: Stage, key: str, name: str, facts: Any, bays: tuple[Any, ...]) -> None:
    async with transaction() as session:
        await _as_network(session)
        nils = await stage.viewer(people.NETWORK.email)
        slug = name.lower().replace(" ", "-")
        tenant = await joining.join(
            session, joining.TenantFacts(name=name, slug=slug, currency=facts.currency), by=nils
        )
    system = Viewer.system(tenant.id)
    async with transaction(tenant=tenant.id) as session:
        center = await premises.open_center(session, facts, by=system)
        stage.centers[key] = center
        for bay in bays:
            stage.bays[bay.name] = await premises.add_bay(session, center, bay, by=system)
        for person in people.STAFF:
            if person.shop != key:
                continue
            profile = await joining.hire(
                session, center, user_id=stage.users[person.email], name=person.name, role=person.role, by=system,
                title=person.title, skills=person.skills,
            )  # fmt: skip
            stage.staff[person.email] = profile
            if person.role == "technician":
                await crew.set_week(session, profile, facts.working_hours, by=system)
            for what, number, issued_by, days in people.CERTIFICATES.get(person.email, ()):
                paper = CertificateFacts(
                    name=what, number=number, issued_by=issued_by,
                    valid_until=clock.today(center.zone) + timedelta(days=days),
                )  # fmt: skip
                await certificates.add(session, profile, paper, by=system)


async def _offer(stage: Stage, owner: str, canned: tuple[Any, ...], offered: tuple[Any, ...]) -> None:
    async with stage.acting(owner) as (session, me):
        for facts, lines in canned:
            await services.add_canned(session, facts, lines, by=me)
        for service in offered:
            await services.add(session, service, by=me)


async def _tablet(stage: Stage) -> None:
    """The workshop's tablet, for whoever presses its button on the sign-in page, and PINs for two who change in."""
    async with stage.acting(people.OWNER.email) as (session, me):
        facts = KioskFacts(name="Tablet by the lifts", idle_minutes=5)
        kiosk, _token = await kiosks.set_up(session, stage.centers["harbor"], facts, by=me)
        kiosk.token_hash = hash_token(people.KIOSK_TOKEN)
    for email, pin in people.PINS.items():
        async with stage.acting(email) as (session, me):
            await kiosk_pins.choose(session, await own_account(session, me), pin, by=me)


async def _garage(stage: Stage, car: Car) -> None:
    facts = car.facts or await _decoded(car.vin)
    facts.plate, facts.color = car.plate, car.color
    async with stage.acting(car.email) as (session, me):
        facts.odometer_unit = "mi" if me.distance_unit == "mi" else "km"
        vehicle = await garage.add(session, facts, by=me)
        await garage.read_odometer(session, vehicle, car.km, source="owner", by=me)
    stage.cars[car.key], stage.owners[car.key] = vehicle, car.email


async def _decoded(vin: str) -> VehicleFacts:
    found = await garage.look_up(vin)
    decoded = found.decoded
    return VehicleFacts(
        vin=found.vin, make=decoded.make or "", model=decoded.model or "", year=decoded.year, trim=(decoded.trim or "").split("+")[0].split("/")[0],
        body=decoded.body or "", fuel=cast(Any, decoded.fuel or ""), battery_kwh=found.battery_kwh, max_charge_kw=found.max_charge_kw,
    )  # fmt: skip
