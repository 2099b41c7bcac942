"""The cast of every test, by role: two shops, the people around them, and a car."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.security import hash_token
from app.core.viewer import HeldRole, Viewer, allowed
from app.domains.accounts.models import Session, User
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.garage.models import Ownership, Vehicle, VehicleGrant
from app.domains.network.models import Bay, RoleAt, ServiceCenter, Shift, StaffProfile, Tenant
from app.domains.parts_shops.models import PartsShop, PartsShopTerms

LATER = datetime(2090, 1, 1, tzinfo=UTC)
"""The cast have just proved who they are, and have all the time in the world to set a second factor up."""
SPACE = UUID("6b1f7a0e-0000-4000-8000-000000000000")
PASSWORD = "a long enough phrase"


def known(name: str) -> UUID:
    """The same id for a name in every run."""
    return uuid5(SPACE, name)


HARBOR, VOLT = known("harbor"), known("volt")
NORTHSIDE, RIVER = known("northside parts"), known("river spares")
NORTHSIDE_CENTER, RIVER_CENTER = known("northside parts center"), known("river spares center")
NORTHSIDE_SHOP, RIVER_SHOP = known("northside parts shop"), known("river spares shop")
HARBOR_CENTER, VOLT_CENTER = known("harbor center"), known("volt center")
HARBOR_BAYS = (known("bay 1"), known("bay 2"))
CAR, OTHER_CAR = known("car"), known("other car")


@dataclass(frozen=True)
class Person:
    """Somebody of the cast: `viewer` for operations, `cookie` for requests."""

    key: str
    name: str
    role: str = ""
    tenant_id: UUID | None = None
    center_id: UUID | None = None

    @property
    def user_id(self) -> UUID:
        return known(self.key)

    @property
    def email(self) -> str:
        return f"{self.key}@test.example"

    @property
    def staff_id(self) -> UUID:
        """The id of their staff profile."""
        return known(f"staff {self.key}")

    @property
    def customer_id(self) -> UUID:
        """The id of their customer record at Harbor Lane."""
        return known(f"customer {self.key}")

    @property
    def cookie(self) -> str:
        return f"session-of-{self.key}"

    @property
    def viewer(self) -> Viewer:
        held = (HeldRole(self.role, self.tenant_id, self.center_id),) if self.role else ()
        plain = Viewer(
            kind="person",
            user_id=self.user_id,
            name=self.name,
            email=self.email,
            held=held,
            tenant_id=self.tenant_id,
            center_id=self.center_id,
        )
        return replace(plain, permissions=allowed(plain))


@dataclass(frozen=True)
class Cast:
    customer: Person = Person("customer", "Dana O'Neil")
    stranger: Person = Person("stranger", "Sam Stranger")
    advisor: Person = Person("advisor", "Avery Advisor", "advisor", HARBOR, HARBOR_CENTER)
    technician: Person = Person("technician", "Terry Technician", "technician", HARBOR, HARBOR_CENTER)
    second_technician: Person = Person("technician2", "Toni Tech", "technician", HARBOR, HARBOR_CENTER)
    owner: Person = Person("owner", "Olive Owner", "owner", HARBOR, HARBOR_CENTER)
    seller: Person = Person("seller", "Petra Parts", "parts_owner", NORTHSIDE, NORTHSIDE_CENTER)
    second_seller: Person = Person("seller2", "Ravi Rivers", "parts_counter", RIVER, RIVER_CENTER)
    network: Person = Person("network", "Nova Network", "network_admin")
    outsider: Person = Person("outsider", "Otto Outsider", "advisor", VOLT, VOLT_CENTER)

    def everybody(self) -> tuple[Person, ...]:
        return (
            self.customer,
            self.stranger,
            self.advisor,
            self.technician,
            self.second_technician,
            self.owner,
            self.seller,
            self.second_seller,
            self.network,
            self.outsider,
        )


CAST = Cast()
WEEKDAYS = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


async def seat(db: AsyncSession, password_hash: str) -> None:
    """Put the cast into an empty database. `db` is the owner's: rows of every tenant are written."""
    for person in CAST.everybody():
        db.add(
            User(
                id=person.user_id,
                email=person.email,
                name=person.name,
                password_hash=password_hash,
                zone="America/New_York",
                email_verified_at=datetime.now(UTC),
            )
        )
    for tenant, center, name, zone, currency, rate, kind in (
        (HARBOR, HARBOR_CENTER, "Harbor Lane Garage", "America/New_York", "USD", "0.0725", "shop"),
        (VOLT, VOLT_CENTER, "Voltwerk Berlin", "Europe/Berlin", "EUR", "0.19", "shop"),
        (NORTHSIDE, NORTHSIDE_CENTER, "Northside Parts", "America/New_York", "USD", "0.0725", "parts"),
        (RIVER, RIVER_CENTER, "River Spares", "America/New_York", "USD", "0.0725", "parts"),
    ):
        slug = name.lower().replace(" ", "-")
        db.add(Tenant(id=tenant, name=name, slug=slug, currency=currency, kind=kind))
        await db.flush()
        db.add(
            ServiceCenter(
                id=center,
                tenant_id=tenant,
                name=name,
                slug=slug,
                zone=zone,
                currency=currency,
                tax_rate=Decimal(rate),
                labor_rate_minor=12000,
                working_hours=WEEKDAYS,
                address="1 Harbor Lane",
                city="Portland",
            )
        )
    await db.flush()
    for shop, tenant, center, name, latitude, longitude, takes_cash in (
        (NORTHSIDE_SHOP, NORTHSIDE, NORTHSIDE_CENTER, "Northside Parts", 43.700, -70.290, True),
        (RIVER_SHOP, RIVER, RIVER_CENTER, "River Spares", 43.600, -70.350, True),
    ):
        db.add(
            PartsShop(
                id=shop,
                tenant_id=tenant,
                center_id=center,
                status="active",
                name=name,
                place="Portland",
                latitude=latitude,
                longitude=longitude,
                currency="USD",
                makes=["honda", "volkswagen"],
                conditions=["new", "used"],
                takes_cash=takes_cash,
            )
        )
        await db.flush()
        db.add(PartsShopTerms(tenant_id=tenant, shop_id=shop, limit_minor=200_000))
    for number, bay in enumerate(HARBOR_BAYS, 1):
        db.add(
            Bay(
                id=bay,
                tenant_id=HARBOR,
                center_id=HARBOR_CENTER,
                name=f"Bay {number}",
                capabilities=["lift"],
                position=number,
            )
        )
    for person in CAST.everybody():
        if person.role:
            db.add(
                RoleAt(
                    user_id=person.user_id,
                    tenant_id=person.tenant_id,
                    service_center_id=person.center_id,
                    role=person.role,
                    created_at=LATER,
                )
            )
        if person.tenant_id:
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
        now = datetime.now(UTC)
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
    await db.flush()
    for person in (CAST.technician, CAST.second_technician):
        for weekday in range(5):
            db.add(
                Shift(
                    tenant_id=HARBOR, staff_id=person.staff_id, weekday=weekday, starts=time(8), ends=time(18)
                )
            )
    db.add(
        Vehicle(
            id=CAR,
            vin="1HGCM82633A004352",
            make="Honda",
            model="Accord",
            year=2003,
            plate="7ABC123",
            fuel="gasoline",
            mileage_km=150000,
        )
    )
    db.add(
        Vehicle(id=OTHER_CAR, make="Volkswagen", model="ID.3", year=2022, plate="B-VW 303E", fuel="electric")
    )
    await db.flush()
    db.add(Ownership(vehicle_id=CAR, user_id=CAST.customer.user_id))
    db.add(Ownership(vehicle_id=OTHER_CAR, user_id=CAST.stranger.user_id))
    db.add(VehicleGrant(tenant_id=HARBOR, vehicle_id=CAR))
    db.add(
        Customer(
            id=CAST.customer.customer_id,
            tenant_id=HARBOR,
            number=1,
            user_id=CAST.customer.user_id,
            name=CAST.customer.name,
            email=CAST.customer.email,
            phone="+1 503 555 0100",
        )
    )
    await db.flush()
    db.add(CustomerVehicle(tenant_id=HARBOR, customer_id=CAST.customer.customer_id, vehicle_id=CAR))
