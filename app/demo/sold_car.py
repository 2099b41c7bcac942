"""The car the demo's driver had before: sold last year, its history handed over to whoever drives it now."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.core import clock
from app.demo.stage import Stage
from app.domains import garage, logbook
from app.domains.garage import Sale, VehicleFacts
from app.domains.handovers import issue_link, offering, taking
from app.domains.logbook import Written

SELLER, BUYER = "customer@demo.test", "june@demo.test"
FIT = VehicleFacts(
    make="Honda", model="Fit", year=2012, trim="Sport", body="Hatchback", fuel="gasoline", color="Blue",
    odometer_unit="mi", vin="JHMGE8H59CC014382",
)  # fmt: skip
WORK = (
    (1460, 61_800, "service", "Oil and filter", 4_290, ("oil",)),
    (1180, 72_100, "tyres", "Four all-season tires", 38_600, ("tyres",)),
    (980, 80_300, "repair", "Front brake pads and rotors", 31_450, ("brakes",)),
    (760, 88_900, "service", "Oil and filter, cabin filter", 7_120, ("oil", "cabin_filter")),
    (540, 96_200, "repair", "Battery", 14_999, ("starter_battery",)),
)
"""Days ago, kilometres, kind, words, what it cost in cents, and the maintenance tasks it was."""
SOLD_DAYS_AGO = 420


async def sell(stage: Stage) -> None:
    """Added, written down and sold on its own days; taken by the buyer at once: no mail goes out."""
    async with stage.acting(SELLER) as (db, me):
        today = clock.today(me.zone)
        noon = time(12, tzinfo=ZoneInfo(me.zone))
        first, last = (
            datetime.combine(today - timedelta(days=ago), noon) for ago in (WORK[0][0], SOLD_DAYS_AGO)
        )
        with clock.moved_to(first):
            car = await garage.add(db, FIT, by=me)
        for ago, km, kind, title, minor, tasks in WORK:
            day = today - timedelta(days=ago)
            written = Written(
                kind=kind, day=day, km=km, title=title, cost_minor=minor, currency="USD",
                tasks=list(tasks),
            )  # fmt: skip
            with clock.moved_to(datetime.combine(day, noon)):
                await logbook.log(db, car, written, by=me, confirmed=True)
        with clock.moved_to(last):
            claim = await garage.ownership(db, me, car)
            assert claim is not None
            sale = Sale(sold_on=last.date(), bought_minor=980_000, sold_minor=520_000, currency="USD")
            await garage.sell(db, car, claim, sale, by=me)
            asked = offering.Offered(email=BUYER, with_costs=True)
            token = issue_link(await offering.offer(db, car, asked, by=me))
    async with stage.acting(BUYER) as (db, me):
        with clock.moved_to(last):
            assert me.user_id is not None
            await taking.accept(db, await taking.opened(db, token), token, by=me, user_id=me.user_id)
