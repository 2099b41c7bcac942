"""A small shop, made through the database, for tests of booking."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from app.core.permissions import CUSTOMER
from app.core.viewer import HeldRole, Viewer, allowed
from app.domains.accounts.models import User
from app.domains.garage.models import Ownership, Vehicle
from app.domains.network.models import Bay, RoleAt, ServiceCenter, Shift, StaffProfile, Tenant
from app.domains.services.models import Service

WEEK = {day: [["08:00", "12:00"], ["12:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


@dataclass
class SmallShop:
    tenant: Tenant
    center: ServiceCenter
    bays: list[Bay] = field(default_factory=list)
    technicians: list[StaffProfile] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    desk: Viewer = field(default_factory=Viewer)


async def small_shop(
    db: AsyncSession, *, bays: int = 1, technicians: int = 1, zone: str = "Europe/Berlin", **center: object
) -> SmallShop:
    """A shop open on weekdays from eight to five; the session belongs to the owner of the tables."""
    tag = uuid4().hex[:8]
    tenant = Tenant(id=new_id(), name=f"Shop {tag}", slug=f"shop-{tag}", currency="EUR")
    db.add(tenant)
    await db.flush()
    place = ServiceCenter(
        id=new_id(),
        tenant_id=tenant.id,
        name=f"Center {tag}",
        slug=f"center-{tag}",
        zone=zone,
        currency="EUR",
        working_hours=WEEK,
        notice_minutes=60,
        horizon_days=60,
        **center,
    )
    db.add(place)
    await db.flush()
    shop = SmallShop(tenant, place)
    for number in range(bays):
        shop.bays.append(await add_bay(db, shop, f"Bay {number + 1}", position=number))
    for number in range(technicians):
        shop.technicians.append(await add_technician(db, shop, f"Technician {number + 1}"))
    shop.services.append(await add_service(db, shop, "Inspection", 60, 9900))
    advisor = await add_person(db, "Ada Advisor")
    db.add(RoleAt(user_id=advisor.id, tenant_id=tenant.id, service_center_id=place.id, role="advisor"))
    await db.flush()
    shop.desk = viewer_of(advisor, HeldRole("advisor", tenant.id, place.id))
    return shop


async def add_bay(db: AsyncSession, shop: SmallShop, name: str, **more: object) -> Bay:
    bay = Bay(id=new_id(), tenant_id=shop.tenant.id, center_id=shop.center.id, name=name, **more)
    db.add(bay)
    await db.flush()
    return bay


async def add_technician(
    db: AsyncSession, shop: SmallShop, name: str, *, skills: tuple[str, ...] = ("general",)
) -> StaffProfile:
    user = await add_person(db, name)
    profile = StaffProfile(
        id=new_id(),
        tenant_id=shop.tenant.id,
        user_id=user.id,
        center_id=shop.center.id,
        name=name,
        skills=list(skills),
        is_technician=True,
    )
    db.add(profile)
    await db.flush()
    for weekday in range(5):
        db.add(
            Shift(
                tenant_id=shop.tenant.id, staff_id=profile.id, weekday=weekday, starts=time(8), ends=time(17)
            )
        )
    await db.flush()
    return profile


async def add_service(
    db: AsyncSession, shop: SmallShop, name: str, minutes: int, price: int, **more: object
) -> Service:
    service = Service(
        id=new_id(),
        tenant_id=shop.tenant.id,
        code=name.lower().replace(" ", "-"),
        name=name,
        duration_minutes=minutes,
        price_minor=price,
        currency=shop.center.currency,
        **more,
    )
    db.add(service)
    await db.flush()
    return service


async def add_person(db: AsyncSession, name: str) -> User:
    user = User(id=new_id(), email=f"{uuid4().hex[:12]}@example.test", name=name, password_hash=None)
    db.add(user)
    await db.flush()
    return user


async def add_driver(db: AsyncSession, name: str = "Dora Driver") -> tuple[Viewer, Vehicle]:
    """A driver with one car in the garage."""
    user = await add_person(db, name)
    driver = viewer_of(user)
    return driver, await add_car(db, driver)


async def add_car(db: AsyncSession, driver: Viewer, plate: str = "B TQ 42") -> Vehicle:
    vehicle = Vehicle(id=new_id(), make="Skoda", model="Enyaq", year=2023, fuel="electric", plate=plate)
    db.add(vehicle)
    await db.flush()
    db.add(Ownership(vehicle_id=vehicle.id, user_id=driver.user_id))
    await db.flush()
    return vehicle


def viewer_of(user: User, *held: HeldRole) -> Viewer:
    staff = next((one for one in held if one.tenant_id), None)
    known = Viewer(
        kind="person",
        user_id=user.id,
        name=user.name,
        email=user.email,
        held=held,
        tenant_id=staff.tenant_id if staff else None,
        center_id=staff.center_id if staff else None,
    )
    fields = {name: getattr(known, name) for name in Viewer.__slots__}
    return Viewer(**(fields | {"permissions": allowed(known) | CUSTOMER}))


async def act_as(db: AsyncSession, viewer: Viewer, tenant: UUID | None = None) -> None:
    """Row-level security as the request of `viewer` would set it."""
    await db.execute(
        text("SELECT set_config('app.user', :user, true), set_config('app.tenant', :tenant, true)"),
        {"user": str(viewer.user_id or ""), "tenant": str(tenant or viewer.tenant_id or "")},
    )


def at(day: date, hour: int, minute: int = 0) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.combine(day, time(hour, minute), ZoneInfo("Europe/Berlin"))
