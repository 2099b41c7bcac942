"""A year and a half in the logbooks of the demo's driver: fuel and charging, services, tires, tax and insurance."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.demo.stage import Stage
from app.domains import garage, logbook
from app.domains.garage import Vehicle, mileage
from app.domains.logbook import Written
from app.domains.reminders import keeping
from app.domains.reminders.facts import Wanted

DAYS = 540
PER_DAY_KM = {"outback": 42, "model3": 31}


async def write(stage: Stage) -> None:
    """Each entry is written down on the evening of its day."""
    for car in PER_DAY_KM:
        async with stage.acting(stage.owners[car]) as (db, me):
            own = await garage.find_own(db, me, stage.cars[car].id)
            today, km = clock.today(me.zone), own.mileage_km or 0
            # The cars were put in three months ago with what they show today.
            first = (await garage.readings(db, own, most=100))[-1]
            day = first.at.astimezone(ZoneInfo(me.zone)).date()
            then = _at(car, km, (today - day).days)
            await mileage.correct(db, own, first, then, day, version=first.version, by=me, confirmed=True)
            for ago in range(120, DAYS, 60):
                day = today - timedelta(days=ago)
                await mileage.add(db, own, _at(car, km, ago), day, by=me, confirmed=True)
            for written in _entries(car, km, today):
                with clock.moved_to(datetime.combine(written.day, time(19), ZoneInfo(me.zone))):
                    await logbook.log(db, own, written, by=me, confirmed=True)
            if own.mileage_km != km:
                await garage.read_odometer(db, own, km, source="owner", by=me)
            if car == "outback":
                await _remind(db, own, today, me)


async def _remind(db: AsyncSession, car: Vehicle, today: date, me: Viewer) -> None:
    """One that is late, one that is near, and two that are far."""
    late, near = today - timedelta(days=6), today + timedelta(days=12)
    await keeping.add(db, car, Wanted(task="official_inspection", due_on=late, every_months=12), by=me)
    await keeping.add(
        db, car, Wanted(title="Winter tires on", due_on=near, every_months=12, is_fixed=True), by=me
    )
    await keeping.add_usual(db, car, ["oil", "brake_fluid"], by=me)


def _entries(car: str, km: int, today: date) -> Iterator[Written]:
    found = sorted([*_fills(car, km, today), *_others(car, km, today)], key=lambda one: one.day)
    return iter(found)


def _at(car: str, km: int, ago: int) -> int:
    """How far it had gone so many days ago."""
    return km - ago * PER_DAY_KM[car]


def _fills(car: str, km: int, today: date) -> Iterator[Written]:
    chance = Random(car)
    ago = DAYS
    before = ago
    while ago > 2:
        driven = (before - ago) * PER_DAY_KM[car]
        season = Decimal("1.12") if (today - timedelta(days=ago)).month in (12, 1, 2) else Decimal(1)
        spread = season * Decimal(chance.randint(93, 107)) / 100
        if car == "outback":
            amount = max(Decimal(18), Decimal(driven) * Decimal("0.088") * spread)
            price = Decimal(chance.randint(84, 104)) / 100
            yield _fill("fuel", today, ago, _at(car, km, ago), amount, price, chance.choice(["Irving, Commercial Street", "Cumberland Farms", "Shell, Forest Avenue", ""]))  # fmt: skip
            before, ago = ago, ago - chance.randint(9, 15)
        else:
            amount = max(Decimal(20), Decimal(driven) * Decimal("0.158") * spread)
            away = chance.random() < 0.2
            price = Decimal("0.44") if away else Decimal("0.19")
            yield _fill("charge", today, ago, _at(car, km, ago), amount, price, "Supercharger, Kennebunk" if away else "At home")  # fmt: skip
            before, ago = ago, ago - chance.randint(6, 11)


def _fill(kind: str, today: date, ago: int, km: int, amount: Decimal, price: Decimal, where: str) -> Written:
    amount = amount.quantize(Decimal("0.01"))
    return Written(
        kind=kind, day=today - timedelta(days=ago), km=km, amount=amount, is_full=True, title=where,
        cost_minor=int(amount * price * 100), currency="USD",
    )  # fmt: skip


def _others(car: str, km: int, today: date) -> Iterator[Written]:
    paid: dict[str, list[tuple[str, int, int | None, str, list[str]]]] = {
        "outback": [
            ("service", 800, 5_900, "Cabin air filter, at home", ["diy"]),
            ("service", 700, 64_000, "Brake pads all round and brake fluid change", []),
            ("service", 610, 23_800, "Spark plugs", []),
            ("insurance", 530, 64_200, "Half a year of insurance", ["yearly"]),
            ("tyres", 505, 12_000, "The other set of tires on", []),
            ("service", 430, 9_450, "Oil and filter, at home", ["diy"]),
            ("insurance", 348, 65_900, "Half a year of insurance", ["yearly"]),
            ("tax", 340, 21_150, "Excise tax", ["yearly"]),
            ("tyres", 330, 12_000, "The other set of tires on, balanced", []),
            ("service", 222, 10_120, "Oil and filter, wipers", ["diy"]),
            ("service", 270, 4_500, "Tire rotation", []),
            ("service", 200, 8_900, "Multi-point inspection and brake check", []),
            ("upgrade", 190, 31_900, "Roof bars", []),
            ("insurance", 166, 65_900, "Half a year of insurance", ["yearly"]),
            ("note", 120, None, "Stone chip in the windshield, left of the mirror: watch it", []),
        ],
        "model3": [
            ("insurance", 525, 71_300, "Half a year of insurance", ["yearly"]),
            ("tax", 338, 34_800, "Excise tax", ["yearly"]),
            ("insurance", 344, 72_700, "Half a year of insurance", ["yearly"]),
            ("repair", 281, 18_500, "Tire repaired, a screw in it", []),
            ("tyres", 240, 96_400, "Four new tires", []),
            ("insurance", 162, 72_700, "Half a year of insurance", ["yearly"]),
        ],
    }
    for kind, ago, cost, title, tags in paid[car]:
        yield Written(
            kind=kind, day=today - timedelta(days=ago), km=_at(car, km, ago), title=title, tags=tags,
            cost_minor=cost, currency="USD" if cost is not None else "", tasks=garage.tasks_in(title),
        )  # fmt: skip
