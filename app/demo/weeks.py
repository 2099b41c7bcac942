"""The weeks before today: people who rang or walked in, whose cars were put right, paid for and driven home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.demo import acts, cards
from app.demo.stage import Stage
from app.demo.visits import ADVISORS, introduce
from app.domains import customers, estimates, workshop
from app.domains.customers import Customer, CustomerFacts
from app.domains.customers.records import lookalikes
from app.domains.estimates.approval import Answer, Decision, Verdict, decide
from app.domains.garage import Vehicle, VehicleFacts
from app.domains.workshop import Intake, work
from app.domains.workshop.models import Job, RepairOrder

LUZ, OMAR, KIM, EMRE = "technician@demo.test", "omar@demo.test", "kim@demo.test", "emre@demo.test"
CHECKERS = {LUZ: OMAR, OMAR: KIM, KIM: LUZ, EMRE: "petra@demo.test"}
DAYS = 62
OPENED = (time(8, 10), time(10, 40), time(9, 25), time(12, 15))
PAID_OUT_BEFORE = 25
"""What is paid by card from this visit on still lies at the provider."""
LATER: Final = "deferred"
NO: Final = "declined"
YES: tuple[Decision, str] = ("approved", "")


@dataclass(frozen=True)
class Visit:
    """A car that came and went on one day. `took` is the minutes on the clock, by canned job, in the order of the
    work; `put_off` is the answer and its reason to what was offered besides."""

    who: str
    phone: str
    car: tuple[str, str, int, str, str] | str
    """Make, model, year, plate, color; of somebody with an account the key in `cars.CARS`."""
    km: int
    concern: str
    technician: str
    took: Mapping[str, int]
    put_off: Mapping[str, tuple[Decision, str]] = field(default_factory=dict)
    by_card: bool = False
    shop: str = "harbor"


OUTBACK = ("Subaru", "Outback")
VISITS = (
    Visit("Carol Thibodeau", "+1 207 555 0121", (*OUTBACK, 2018, "3381 RV", "Silver"), 121_300, "Oil service.", OMAR, {"oil-service": 47}),
    Visit("Hank Lindqvist", "+1 207 555 0122", ("Ford", "Ranger", 2020, "LOBSTAH", "Blue"), 74_900, "Steering wheel shakes when braking from highway speed.", KIM, {"diagnosis": 41, "front-brake-pads": 96}, by_card=True),
    Visit("Mei Tanaka", "+1 207 555 0123", ("Toyota", "Prius", 2017, "5520 KD", "White"), 138_700, "Smells musty with the fan on.", OMAR, {"cabin-filter": 16, "oil-service": 33}),
    Visit("Rosa Delgado", "+1 207 555 0124", (*OUTBACK, 2020, "8846 WC", "Green"), 68_100, "Oil service, and the brakes squeal in the morning.", OMAR, {"oil-service": 44, "front-brake-pads": 108}, {"brake-fluid": (LATER, "With the next service.")}),
    Visit("Peter Nowak", "+1 207 555 0125", ("Honda", "Civic", 2014, "2093 HS", "Grey"), 203_500, "Check engine light, runs rough when cold.", KIM, {"diagnosis": 78}, {"wheel-alignment": (NO, "Selling the car soon.")}),
    Visit("Abdi Warsame", "+1 207 555 0126", ("Toyota", "Sienna", 2019, "6117 TX", "Black"), 156_200, "Two front tires are worn on the outside.", LUZ, {"front-tires": 36, "wheel-alignment": 64}, by_card=True),
    Visit("Frieda Kohl", "+49 30 5550 0127", ("Hyundai", "Kona Electric", 2021, "B-FK 210E", "Rot"), 57_400, "Bremsen quietschen.", EMRE, {"front-brake-pads": 88}, by_card=True, shop="volt"),
    Visit("Louise Pelletier", "+1 207 555 0128", (*OUTBACK, 2016, "4410 LP", "Red"), 187_600, "Oil service before the trip to Quebec.", KIM, {"oil-service": 52, "cabin-filter": 19}, {"front-brake-pads": (LATER, "After the trip.")}),
    Visit("Jamal Edwards", "+1 207 555 0129", ("Chevrolet", "Equinox", 2018, "7732 CN", "Black"), 98_300, "Grinding from the front.", OMAR, {"front-brake-pads": 91}, by_card=True),
    Visit("Signe Halvorsen", "+1 207 555 0130", ("Mazda", "3", 2019, "1256 SH", "Red"), 83_600, "Yearly oil service.", OMAR, {"oil-service": 35}),
    Visit("Walter Finch", "", "bmw", 199_800, "Oil service, and two tires for the rear.", LUZ, {"oil-service": 41, "rear-tires": 38}, {"cabin-filter": (LATER, "Not this month.")}),
    Visit("Dorothy Blake", "+1 207 555 0131", ("Buick", "Encore", 2017, "DOTTIE", "White"), 52_900, "Battery was flat twice this week.", KIM, {"diagnosis": 55, "battery-12v": 26}),
    Visit("Omari Johnson", "+1 207 555 0132", (*OUTBACK, 2019, "9038 OJ", "White"), 104_200, "Brake pedal pulsates.", LUZ, {"front-brake-pads": 116}, by_card=True),
    Visit("Irene Castellano", "+1 207 555 0133", ("Kia", "Sorento", 2016, "3674 IC", "Silver"), 149_000, "Oil and a new cabin filter, please.", OMAR, {"oil-service": 31, "cabin-filter": 14}),
    Visit("Tom Wadsworth", "+1 207 555 0134", ("Ford", "Escape", 2018, "5581 TW", "Grey"), 117_700, "Four new tires, these are at the mark.", OMAR, {"front-tires": 33, "rear-tires": 31}, by_card=True),
    Visit("Yara Haddad", "+1 207 555 0135", (*OUTBACK, 2021, "6290 YH", "Blue"), 49_500, "Oil service is due.", KIM, {"oil-service": 46}),
    Visit("Greg Paulson", "+1 207 555 0136", ("Jeep", "Wrangler", 2015, "MUD 207", "Green"), 166_400, "Whistles above 50, and pulls to the right.", KIM, {"diagnosis": 67, "wheel-alignment": 58}, {"control-arm": (NO, "Too much money for this car.")}),
    Visit("June Whitcomb", "", "golf", 153_200, "Pads were low at the last inspection.", OMAR, {"front-brake-pads": 102}, {"rear-brake-pads": (LATER, "Next visit.")}),
    Visit("Sean Gallagher", "+1 207 555 0137", (*OUTBACK, 2017, "8174 SG", "Black"), 142_800, "Oil service, and it grinds when I brake.", OMAR, {"oil-service": 49, "front-brake-pads": 111}, by_card=True),
    Visit("Hatice Demir", "+49 30 5550 0138", ("Tesla", "Model Y", 2022, "B-HD 77E", "Schwarz"), 44_000, "12-V-Warnung im Display.", EMRE, {"battery-12v": 34}, by_card=True, shop="volt"),
    Visit("Mei Tanaka", "+1 207 555 0123", ("Toyota", "Prius", 2017, "5520 KD", "White"), 140_100, "Four new tires, please.", LUZ, {"front-tires": 39, "rear-tires": 35}, by_card=True),
    Visit("Bettina Rowe", "+1 207 555 0139", ("Nissan", "Rogue", 2019, "1907 BR", "Grey"), 92_100, "Hums on the highway.", KIM, {"diagnosis": 49, "front-tires": 44}),
    Visit("Ayọ̀ Bámidélé", "", "rav4", 87_000, "Oil service and front tires.", OMAR, {"oil-service": 36, "front-tires": 34}, {"cabin-filter": (NO, "Does that himself.")}),
    Visit("Felix Arsenault", "+1 207 555 0140", (*OUTBACK, 2015, "2745 FA", "Grey"), 214_900, "Grinding noise at the front.", LUZ, {"front-brake-pads": 121, "cabin-filter": 18}),
    Visit("Nina Petrov", "+1 207 555 0141", ("Honda", "CR-V", 2020, "4863 NP", "White"), 71_200, "Oil service, rear tires are at the mark.", OMAR, {"oil-service": 34, "rear-tires": 40}, by_card=True),
    Visit("Carol Thibodeau", "+1 207 555 0121", (*OUTBACK, 2018, "3381 RV", "Silver"), 123_700, "It squeaks when braking now.", OMAR, {"front-brake-pads": 105}, by_card=True),
    Visit("Hank Lindqvist", "+1 207 555 0122", ("Ford", "Ranger", 2020, "LOBSTAH", "Blue"), 76_800, "No heat on the passenger side.", KIM, {"diagnosis": 92}, {"coolant-service": (LATER, "When the part is in.")}),
    Visit("Jamal Edwards", "+1 207 555 0129", ("Chevrolet", "Equinox", 2018, "7732 CN", "Black"), 99_900, "Oil service.", OMAR, {"oil-service": 37}, by_card=True),
)  # fmt: skip
"""In the order in which they came."""


async def play(stage: Stage) -> None:
    """One visit after the other, over the days on which both shops were open."""
    today = clock.today("America/New_York")
    days = [day for ago in range(DAYS, 1, -1) if (day := today - timedelta(days=ago)).weekday() < 5]
    for number, visit in enumerate(VISITS):
        if number == PAID_OUT_BEFORE:
            await cards.pay_out(stage.centers["harbor"].tenant_id)
        zone = ZoneInfo(stage.centers[visit.shop].zone)
        day = days[number * len(days) // len(VISITS)]
        with clock.moved_to(datetime.combine(day, OPENED[number % len(OPENED)], zone)):
            await _come(stage, visit)


async def _come(stage: Stage, visit: Visit) -> None:
    advisor, came = ADVISORS[visit.shop], clock.now()
    order, jobs = await agree(stage, visit, advisor)
    with clock.moved_to(came + timedelta(minutes=25)):
        done = await _work(stage, visit, jobs)
    with clock.moved_to(done + timedelta(minutes=35)):
        invoice = await acts.bill(stage, advisor, order)
        if not (visit.by_card and await cards.pay(stage, advisor, invoice)):
            await acts.take_cash(stage, advisor, invoice, invoice.total_minor)
        await acts.move(stage, advisor, order, "delivered")


async def agree(stage: Stage, visit: Visit, advisor: str) -> tuple[RepairOrder, Sequence[Job]]:
    """At the counter: the car is taken in, and the customer says yes and no to the prices on the screen."""
    if isinstance(visit.car, str):
        await introduce(stage, visit.car, visit.shop)
    async with stage.acting(advisor) as (db, me):
        customer, car = await _who(db, stage, visit, me)
        order = await workshop.open_order(
            db, center=stage.centers[visit.shop], customer=customer, vehicle_id=car.id, by=me,
            technician_id=stage.staff[visit.technician].id, promise_at=clock.now() + timedelta(hours=7),
            intake=Intake(concern=visit.concern, mileage_km=visit.km, signed_name=visit.who),
        )  # fmt: skip
        verdicts = {}
        agreed = []
        for code in (*visit.took, *visit.put_off):
            job = await workshop.propose_job(db, order, canned_code=code, by=me)
            verdicts[job.id] = Verdict(*visit.put_off.get(code, YES))
            if code in visit.took:
                agreed.append(job)
        estimate = await estimates.draft(db, order, by=me)
        await estimates.send(db, estimate, revision=None, by=me)
        await decide(
            db, estimate, Answer(verdicts=verdicts, signed_name=visit.who, method="in_person"), by=me
        )
    return order, agreed


async def _who(db: AsyncSession, stage: Stage, visit: Visit, me: Viewer) -> tuple[Customer, Vehicle]:
    """Who stands at the counter: with an account, known from an earlier visit, or new."""
    tenant_id = stage.centers[visit.shop].tenant_id
    if isinstance(visit.car, str):
        [customer] = await customers.bringers_of(db, stage.cars[visit.car], tenant_id=tenant_id)
        return customer, stage.cars[visit.car]
    facts = CustomerFacts(name=visit.who, phone=visit.phone)
    if known := await lookalikes(db, facts, tenant_id=tenant_id):
        [car] = await customers.cars_of(db, known[0])
        return known[0], car
    customer = await customers.create(db, facts, tenant_id=tenant_id, by=me)
    make, model, year, plate, color = visit.car
    car_facts = VehicleFacts(
        make=make,
        model=model,
        year=year,
        plate=plate,
        color=color,
        odometer_unit="km" if visit.shop == "volt" else "mi",
    )
    return customer, await customers.add_car(db, customer, car_facts, by=me)


async def _work(stage: Stage, visit: Visit, jobs: Sequence[Job]) -> datetime:
    """One job after the other on the clock, then looked at by somebody else. Returns when that was."""
    at = clock.now()
    async with stage.acting(visit.technician) as (db, me):
        for job, minutes in zip(jobs, visit.took.values(), strict=True):
            job = await db.get_one(Job, job.id)
            with clock.moved_to(at):
                await work.start(db, job, by=me)
            at += timedelta(minutes=minutes)
            with clock.moved_to(at):
                await acts.tick_off(db, job, by=me)
                await work.finish(db, job, by=me)
            at += timedelta(minutes=6)
    async with stage.acting(CHECKERS[visit.technician]) as (db, me):
        with clock.moved_to(at):
            for job in jobs:
                await work.check(db, await db.get_one(Job, job.id), passed=True, by=me)
    return at
