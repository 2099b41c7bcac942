"""A working day at two shops, with a car in every stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from app.core import clock
from app.demo import acts, service_packages, weeks
from app.demo.acts import Look
from app.demo.stage import EVERYBODY, Stage
from app.demo.visits import Arrival, book, check_in
from app.demo.weeks import Visit, agree
from app.domains import inspections, workshop
from app.domains.booking.models import Appointment
from app.domains.notifications.service_reminding import remind_of_services
from app.domains.workshop.models import RepairOrder

BEN, LUZ, OMAR, KIM = "advisor@demo.test", "technician@demo.test", "omar@demo.test", "kim@demo.test"
JONAS, EMRE = "outsider@demo.test", "emre@demo.test"
ROUND = ("front", "left", "rear", "right")


@contextmanager
def hours_ago(hours: float) -> Iterator[None]:
    """Let the block happen that long before now."""
    with clock.moved_by(timedelta(hours=-hours)):
        yield


async def play(stage: Stage) -> None:
    """Take every car in and let each come as far as it is now."""
    for shop, owner in (("harbor", "owner@demo.test"), ("volt", "petra@demo.test")):
        async with stage.acting(owner) as (db, _me):
            await inspections.install_sheets(db, stage.centers[shop].tenant_id)
    await service_packages.last_year(stage)
    await _last_summer(stage)
    await weeks.play(stage)
    for visit in (
        _delivered,
        _ready,
        _checked,
        _blocked,
        _in_progress,
        _planned,
        _waiting_for_answer,
        _being_inspected,
        _just_arrived,
    ):
        await visit(stage)
    await _at_voltwerk(stage)
    await _coming_up(stage)
    await remind_of_services()
    await service_packages.remind(stage)


async def _arrive(stage: Stage, arrival: Arrival, photos: tuple[str, ...] = ROUND) -> RepairOrder:
    order = await check_in(stage, arrival)
    advisor = JONAS if arrival.shop == "volt" else BEN
    with hours_ago(arrival.hours_ago - 0.05):
        await acts.walk_around(stage, advisor, order, stage.cars[arrival.car].plate, photos)
    return order


def _name(stage: Stage, car: str) -> str:
    return EVERYBODY[stage.owners[car]].name


async def _do(
    stage: Stage, technician: str, checker: str, order: RepairOrder, title: str, began: float, took: float
) -> None:
    with hours_ago(began):
        await acts.start(stage, technician, order, title)
    with hours_ago(began - took):
        await acts.finish(stage, technician, order, title)
    with hours_ago(began - took - 0.1):
        await acts.check(stage, checker, order, title)


async def _last_summer(stage: Stage) -> None:
    """The Outback was here before: its oil done with Comfort, which was sold that day, the struts put off. Today the shop
    offers them again."""
    days = 24 * 68
    order = await _arrive(
        stage,
        Arrival(
            "outback",
            days + 6,
            "Oil service before the holidays.",
            technician=OMAR,
            key_tag="4",
            km_less=68 * 42,
        ),
        photos=("front", "odometer"),
    )
    with hours_ago(days + 5.5):
        await acts.propose(stage, BEN, order, "oil-service", "shock-absorbers")
        await service_packages.sell(stage, "outback", service_packages.COMFORT)
        estimate = await acts.send_estimate(stage, BEN, order)
    with hours_ago(days + 5):
        await acts.answer(
            stage,
            estimate,
            {"Front struts": ("deferred", "Not before the winter.")},
            driver=_name(stage, "outback"),
            advisor=BEN,
        )
    await _do(stage, OMAR, LUZ, order, "Oil and filter service", days + 4.5, 0.6)
    await service_packages.count(stage, order)
    with hours_ago(days + 3):
        invoice = await acts.bill(stage, BEN, order)
        await acts.take_cash(stage, BEN, invoice, invoice.total_minor + 300)
        await acts.move(stage, BEN, order, "delivered")


async def _delivered(stage: Stage) -> None:
    order = await _arrive(
        stage,
        Arrival("civic", 9, "Yearly oil service.", technician=OMAR, promised_in_hours=-2, key_tag="18"),
        ("front",),
    )
    with hours_ago(8.5):
        await acts.propose(stage, BEN, order, "oil-service", "cabin-filter")
        estimate = await acts.send_estimate(stage, BEN, order)
    with hours_ago(8):
        await acts.answer(stage, estimate, {}, driver=_name(stage, "civic"), advisor=BEN)
    await _do(stage, OMAR, KIM, order, "Oil and filter service", 7.5, 0.5)
    await _do(stage, OMAR, KIM, order, "Cabin air filter", 6.8, 0.3)
    with hours_ago(5):
        invoice = await acts.bill(stage, BEN, order)
        await acts.take_cash(stage, BEN, invoice, invoice.total_minor)
        await acts.move(stage, BEN, order, "delivered")
        await acts.come_again(stage, BEN, order, days=12)  # near enough for its reminder to leave today


async def _ready(stage: Stage) -> None:
    order = await _arrive(
        stage,
        Arrival(
            "cx5",
            8,
            "Battery light came on yesterday.",
            technician=KIM,
            promised_in_hours=1,
            key_tag="17",
            lights=("battery",),
        ),
        ("front", "rear"),
    )
    with hours_ago(7):
        await acts.propose(stage, BEN, order, "diagnosis", "battery-12v")
        estimate = await acts.send_estimate(stage, BEN, order)
    with hours_ago(6.5):
        await acts.answer(stage, estimate, {}, driver=_name(stage, "cx5"), advisor=BEN)
    await _do(stage, KIM, LUZ, order, "Diagnosis", 6, 0.8)
    await _do(stage, KIM, LUZ, order, "12 V battery", 4.5, 0.4)
    with hours_ago(1):
        await acts.bill(stage, BEN, order)


async def _checked(stage: Stage) -> None:
    order = await _arrive(
        stage,
        Arrival("bmw", 7, "Coolant smell after a long drive.", technician=LUZ, bay="Bay 2", promised_in_hours=0.5, key_tag="16", lights=("coolant",)),
        ("front", "odometer"),
    )  # fmt: skip
    with hours_ago(6.2):
        await acts.inspect(
            stage, LUZ, order, "general",
            {
                "Coolant level and condition": Look("red", note="Below minimum, brown. Cap seal is torn.", picture=("coolant", "min"), is_proposed=True),
                "Engine air filter": Look("yellow", note="Grey, two winters old.", picture=("filter", "")),
                "Rear tires, tread": Look("yellow", "3.4", picture=("tyre", "3.4 mm")),
            },
        )  # fmt: skip
        estimate = await acts.send_estimate(stage, BEN, order)
    with hours_ago(5):
        await acts.answer(stage, estimate, {}, driver=_name(stage, "bmw"), advisor=BEN)
    with hours_ago(4):
        await acts.start(stage, LUZ, order, "Coolant change")
    with hours_ago(2.2):
        await acts.finish(
            stage,
            LUZ,
            order,
            "Coolant change",
            "Cap and coolant renewed, pressure test held 1.4 bar for 20 min.",
        )


async def _blocked(stage: Stage) -> None:
    order = await _arrive(
        stage,
        Arrival("crv", 26, "Clunk from the front left over speed bumps.", technician=KIM, bay="Bay 2", promised_in_hours=-1, key_tag="15"),
        ("front", "left"),
    )  # fmt: skip
    with hours_ago(25):
        await acts.propose(stage, BEN, order, "control-arm", "wheel-alignment")
        estimate = await acts.send_estimate(stage, BEN, order)
    with hours_ago(24):
        await acts.answer(stage, estimate, {}, driver=_name(stage, "crv"), advisor=BEN)
    with hours_ago(23):
        await acts.start(stage, KIM, order, "Front lower control arms")
    with hours_ago(22):
        await acts.block(
            stage,
            KIM,
            order,
            "Front lower control arms",
            "parts",
            "Right arm delivered damaged, replacement tomorrow 9:00.",
        )
    await acts.plan_start(stage, BEN, order, "Four-wheel alignment", hours=16)


async def _in_progress(stage: Stage) -> None:
    order = await _arrive(
        stage,
        Arrival("camry", 5, "Four new tires as agreed on the phone.", technician=LUZ, bay="Bay 3", promised_in_hours=1, key_tag="14", is_waiter=True),
        ("left", "right"),
    )  # fmt: skip
    with hours_ago(4.5):
        await acts.propose(stage, BEN, order, "front-tires", "rear-tires")
        estimate = await acts.send_estimate(stage, BEN, order)
    with hours_ago(4.2):
        await acts.answer(stage, estimate, {}, driver=_name(stage, "camry"), advisor=BEN)
    with hours_ago(0.4):
        await acts.start(stage, LUZ, order, "Two tires, front")
    await acts.plan_start(stage, BEN, order, "Two tires, rear", hours=0.3)


async def _planned(stage: Stage) -> None:
    """Left at the counter this morning; Omar begins when he has time for it."""
    visit = Visit("Signe Halvorsen", "+1 207 555 0130", ("Mazda", "3", 2019, "1256 SH", "Red"), 84_900, "Squeals from the rear when it rains.", OMAR, {"rear-brake-pads": 0})  # fmt: skip
    with hours_ago(1.1):
        order, _jobs = await agree(stage, visit, BEN)
    start = await acts.plan_start(stage, BEN, order, "Rear brake pads", hours=0.8)
    async with stage.acting(BEN) as (db, me):
        await workshop.plan(db, order, by=me, promise_at=start + timedelta(hours=2.5), key_tag="10")


async def _waiting_for_answer(stage: Stage) -> None:
    """The story's car: its estimate is in the driver's mail."""
    order = await _arrive(
        stage,
        Arrival(
            "outback", 4.5, "Grinding noise from the front when braking, worse in the last week.", technician=LUZ,
            bay="Bay 1", promised_in_hours=4, key_tag="11", lights=("brakes",),
        ),
    )  # fmt: skip
    with hours_ago(3.5):
        await acts.inspect(
            stage, LUZ, order, "general",
            {
                "Front brake pads": Look("red", "1.8", "Down to the wear mark, inner pad worst.", ("pad", "1.8 mm"), is_filmed=True, is_proposed=True),
                "Brake fluid, water content": Look("yellow", "2.4", "Due for a change."),
                "Front tires, tread": Look("yellow", "3.1", "Good for this winter, not for the next.", ("tyre", "3.1 mm")),
                "Cabin filter": Look("yellow", note="Leaves and dust.", picture=("filter", ""), is_proposed=True),
                "12 V battery": Look("green", "12.6", picture=("battery", "12.6 V")),
            },
        )  # fmt: skip
    with hours_ago(1.2):
        await acts.propose(stage, BEN, order, "brake-fluid")
        await acts.send_estimate(stage, BEN, order)


async def _being_inspected(stage: Stage) -> None:
    order = await _arrive(
        stage,
        Arrival("id4", 1.5, "Charges slowly at home since the cold came.", technician=LUZ, bay="Bay 4 EV", promised_in_hours=5, key_tag="13", charge_percent=34),
        ("front", "rear"),
    )  # fmt: skip
    with hours_ago(0.7):
        await acts.inspect(
            stage, LUZ, order, "ev_hv",
            {
                "High-voltage warning labels and orange cables": Look("green"),
                "Manual service disconnect (MSD)": Look("green", picture=("high_voltage", "")),
                "State of health (SoH)": Look("green", "91"),
                "Charging port: lock and flap": Look("yellow", note="Latch sticks below freezing."),
            },
            finish=False,
        )  # fmt: skip
        await acts.move(stage, BEN, order, "diagnosing")


async def _just_arrived(stage: Stage) -> None:
    await _arrive(
        stage,
        Arrival(
            "f150",
            0.3,
            "Oil service is due, and please look at the wipers.",
            promised_in_hours=3,
            key_tag="12",
            is_waiter=True,
        ),
    )


async def _at_voltwerk(stage: Stage) -> None:
    id3 = await _arrive(
        stage,
        Arrival("id3", 3, "Warnung Hochvoltsystem beim Start.", shop="volt", technician=EMRE, bay="HV 1", promised_in_hours=6, charge_percent=61),
        ("front",),
    )  # fmt: skip
    with hours_ago(2.5):
        await acts.propose(stage, JONAS, id3, "hv-diagnosis")
        await acts.send_estimate(stage, JONAS, id3)
    await _arrive(
        stage,
        Arrival(
            "zoe", 2, "Ladeklappe entriegelt nicht mehr.", shop="volt", promised_in_hours=8, charge_percent=18
        ),
        ("rear",),
    )


async def _coming_up(stage: Stage) -> None:
    """Visits that have been booked for today and the next days. A car that is in the shop now is booked for
    another visit, next week."""
    soon, booked = clock.now() + timedelta(hours=1), {}
    for car, shop, codes, days, nth in (
        ("rav4", "harbor", ("brake-check",), 0, 0),
        ("golf", "harbor", ("oil-service", "inspection"), 0, 2),
        ("model3", "harbor", ("ev-health", "ev-brakes"), 2, 3),
        ("cx5", "harbor", ("diagnosis",), 6, 1),
        ("camry", "harbor", ("oil-service", "inspection"), 8, 5),
        ("f150", "harbor", ("brake-check",), 9, 2),
        ("zoe", "volt", ("ev-health",), 7, 4),
    ):
        day = clock.today(stage.centers[shop].zone) + timedelta(days=days)
        with hours_ago(20 + days):
            booked[car] = await book(stage, car, shop, codes, day=day, not_before=soon, nth=nth)
    await _asked_before_coming(stage, booked["model3"])


async def _asked_before_coming(stage: Stage, visit: Appointment) -> None:
    """Maya and the desk write to each other about the Tesla; the last answer is still to be read."""
    maya = stage.owners["model3"]
    for hours, email, words, picture in (
        (
            18,
            maya,
            "Hi! One more thing for the visit: the left front wheel grinds when I brake slowly. "
            "Could you look at it while you have the car?",
            ("disc", "scored"),
        ),
        (
            17.6,
            BEN,
            "Hello Maya, of course: we take the wheels off for the brakes anyway. "
            "Does it also grind when you do not brake?",
            None,
        ),
        (17.5, maya, "No, only when braking, and only when it is cold.", None),
        (
            1.5,
            BEN,
            "Thank you, that helps. It is probably rust on the disc; I have planned half an hour more for it. "
            "If you would like to wait: there is a quiet desk, and coffee.",
            None,
        ),
    ):
        with hours_ago(hours):
            await acts.write_about(stage, email, visit, words, picture)
