"""A car's logbook: who reads and writes it, what it adds up to, and what a shop vouches for."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from app.core import clock
from app.core.db import new_id, transaction
from app.core.errors import Invalid, NotFound, Refused
from app.domains import logbook
from app.domains.billing import crediting, invoicing, paying
from app.domains.garage.models import OdometerReading, Vehicle
from app.domains.logbook import reckoning, verified
from app.domains.logbook.facts import Written
from app.domains.logbook.models import Entry, EntryFile
from app.domains.workshop.models import Job, RepairOrder
from tests.cast import CAR, CAST, HARBOR
from tests.core import pictures
from tests.domains.billing.bills import TOTAL, finished

DANA = CAST.customer
HERE = f"/garage/{CAR}/logbook"
FILL = {
    "kind": "fuel", "day": "2026-03-02", "mileage": "205,000", "amount": "38,5", "cost": "61.40", "currency": "EUR", "full": "yes",
}  # fmt: skip


async def the_car(db) -> Vehicle:
    return await db.get_one(Vehicle, CAR)


async def only_entry() -> Entry:
    async with transaction(user=DANA.user_id) as db:
        return (await db.scalars(select(Entry))).one()


async def test_a_fill_up_is_written_down_read_changed_removed_and_taken_back_by_its_owner_only(browser):
    dana, sam, avery = browser(DANA), browser(CAST.stranger), browser(CAST.advisor)
    wrong = await dana.post(HERE, FILL | {"cost": "about ten", "amount": ""})
    assert wrong.status_code == 422
    assert 'value="about ten"' in wrong.text
    assert (await dana.post(HERE, FILL)).status_code == 303
    entry = await only_entry()
    assert (entry.amount, entry.cost_minor, entry.currency, entry.is_full) == (
        Decimal("38.5"),
        6140,
        "EUR",
        True,
    )
    page = (await dana.get(HERE)).text
    assert "€61.40" in page
    for one in (sam, avery):
        assert (await one.get(HERE)).status_code == 404
        assert (await one.get(f"{HERE}/{entry.id}")).status_code == 404
        assert (await one.post(HERE, FILL)).status_code == 404
        assert (await one.post(f"{HERE}/{entry.id}/remove", {})).status_code == 404
    newer = FILL | {"mileage": str(entry.km + 10), "cost": "1,200", "version": "1"}
    assert (await dana.post(f"{HERE}/{entry.id}", newer)).status_code == 303
    assert (await only_entry()).cost_minor == 120000
    stale = await dana.post(f"{HERE}/{entry.id}", newer | {"cost": "5"})
    assert stale.status_code == 409
    assert (await only_entry()).cost_minor == 120000
    assert 'value="5"' in stale.text, "what was typed is not thrown away"
    assert 'name="version" value="2"' in stale.text
    gone = await dana.post(f"{HERE}/{entry.id}/remove", {})
    page = (await dana.get(gone.headers["location"])).text
    assert "is removed" in page
    assert "€1,200.00" not in page
    assert (await dana.post(f"{HERE}/{entry.id}/return", {})).status_code == 303
    assert "€1,200.00" in (await dana.get(HERE)).text


async def test_a_doubtful_mileage_is_asked_about_and_a_further_one_is_the_cars(site):
    me = DANA.viewer
    async with transaction(user=DANA.user_id) as own:
        car = await the_car(own)
        far, today = (car.mileage_km or 0) + 500, clock.now().date()
        await logbook.log(own, car, Written(kind="note", day=today, km=far, title="Far"), by=me)
        assert car.mileage_km == far
        assert await own.scalar(select(func.count()).where(OdometerReading.source == "logbook")) == 1
        before = today - timedelta(days=30)
        with pytest.raises(Invalid) as asked:
            await logbook.log(own, car, Written(kind="note", day=before, km=far + 1, title="Odd"), by=me)
        assert set(asked.value.errors) == {"km", "confirmed"}
        await logbook.log(own, car, Written(kind="note", day=before, km=far - 1, title="Fine"), by=me)
        assert car.mileage_km == far


async def settle(order_id) -> None:
    async with transaction(tenant=HARBOR) as db:
        await verified.settle(db, order_id, by=CAST.advisor.viewer)


async def test_finished_work_is_of_the_tasks_its_jobs_say(site, run_reactions):
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        order = await finished(db)
        await db.execute(
            update(Job).where(Job.order_id == order.id).values(title="Brake fluid and oil change")
        )
    await settle(order.id)
    assert (await only_entry()).tasks == ["oil", "brake_fluid"]


async def test_finished_work_writes_itself_in_once_and_follows_the_invoice(browser, run_reactions):
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        order = await finished(db)
    await run_reactions()
    await settle(order.id)
    entry = await only_entry()
    assert (entry.title, entry.cost_minor, entry.km) == ("Front brakes", None, order.mileage_in_km)
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        held = await db.get_one(RepairOrder, order.id)
        invoice = await invoicing.issue(db, held, by=CAST.advisor.viewer)
    await run_reactions()
    entry = await only_entry()
    assert (entry.cost_minor, entry.currency, entry.is_verified) == (TOTAL, "USD", True)

    dana = browser(DANA)
    page = (await dana.get(f"{HERE}/{entry.id}")).text
    assert "Verified by Harbor Lane" in page
    assert f"/orders/{order.id}/track" in page
    for path, body in (("", FILL | {"version": str(entry.version)}), ("/remove", {})):
        assert (await dana.post(f"{HERE}/{entry.id}{path}", body)).status_code == 409
    history = (await dana.get("/api/v1/customers/maintenance-history")).json()["records"]
    assert [(one["description"], one["cost_minor"], one["is_verified"]) for one in history] == [
        ("Front brakes", TOTAL, True)
    ]
    nobody = await browser(CAST.stranger).get("/api/v1/customers/maintenance-history")
    assert nobody.json()["records"] == []

    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        held = await db.get_one(type(invoice), invoice.id)
        await paying.take_cash(db, held, amount=TOTAL, by=CAST.advisor.viewer)
        await crediting.credit(db, held, reason="Wrong pads", by=CAST.owner.viewer)
    await run_reactions()
    entry = await only_entry()
    assert (entry.cost_minor, entry.removed_at) == (None, None)  # it was done; nothing is asked for it
    async with transaction(user=DANA.user_id) as db:
        assert (await db.execute(delete(Entry))).rowcount == 0


async def test_a_shop_reads_what_it_wrote_and_nothing_of_its_customers_costs(browser):
    await browser(DANA).post(HERE, FILL)
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        order = await finished(db)
        await verified.settle(db, order.id, by=CAST.advisor.viewer)
        assert [one.order_id for one in await db.scalars(select(Entry))] == [order.id]
    async with transaction(user=CAST.outsider.user_id, tenant=CAST.outsider.tenant_id) as db:
        assert (await db.scalars(select(Entry))).all() == []


async def test_a_receipt_stays_with_its_entry_until_it_is_taken_away(browser):
    dana = browser(DANA)
    photo = ("files", ("receipt.jpg", pictures.jpeg(), "image/jpeg"))
    assert (await dana.post(HERE, FILL, files=[photo])).status_code == 303
    entry = await only_entry()
    async with transaction(user=DANA.user_id) as db:
        [kept] = (await db.scalars(select(EntryFile))).all()
    assert "receipt.jpg" in (await dana.get(f"{HERE}/{entry.id}/edit")).text
    gone = f"{HERE}/{entry.id}/files/{kept.file_id}/remove"
    assert (await browser(CAST.stranger).post(gone, {})).status_code == 404
    assert (await dana.post(gone, {})).status_code == 303
    async with transaction(user=DANA.user_id) as db:
        assert (await db.scalars(select(EntryFile))).all() == []
        with pytest.raises(NotFound):
            await logbook.find(db, DANA.viewer, new_id(), entry.id)


async def test_search_and_filters_narrow_the_list_and_the_rest_follows_page_by_page(browser):
    async with transaction(user=DANA.user_id) as db:
        car = await the_car(db)
        many = [
            Written(kind="note", day=date(2025, 1, 1) + timedelta(days=n % 40), title=f"Note {n} 100%")
            for n in range(120)
        ]
        many.append(
            Written(
                kind="tyres",
                day=date(2024, 5, 5),
                title="Winter",
                tags=["cold"],
                cost_minor=500,
                currency="USD",
            )
        )
        await logbook.log_many(db, car, many, by=DANA.viewer, import_id=new_id())
    dana, seen, before = browser(DANA), [], ""
    while True:
        answer = (await dana.get(f"/api/v1/customers/vehicles/{CAR}/logbook?before={before}")).json()
        seen += answer["entries"]
        if not (before := answer["next_before"]):
            break
    assert [one["id"] for one in seen] == list(dict.fromkeys(one["id"] for one in seen))
    assert len(seen) == 121
    for query, count in (
        ("q=note 7 100%25", 21),
        ("kind=tyres", 1),
        ("tag=cold", 1),
        ("year=2024", 1),
    ):
        found = (await dana.get(f"/api/v1/customers/vehicles/{CAR}/logbook?{query}")).json()["entries"]
        assert len(found) == min(count, 50), query
    assert (await dana.get(f"{HERE}?before=nonsense&year=x&kind=x")).status_code == 200
    pdf = await dana.get(f"{HERE}/pdf?kind=tyres")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")


FILLS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.none() | st.integers(1000, 3000),
        st.integers(1, 60),
        st.booleans(),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=12,
)


def by_hand(fills) -> tuple[int, int] | None:
    """Litres and kilometres, walking from one full tank to the next."""
    litres = km = 0
    begun: int | None = None
    poured, is_broken = 0, False
    for _day, at, amount, is_full, is_missed in fills:
        poured += amount
        is_broken = is_broken or is_missed
        if is_full and at is not None:
            if begun is not None and not is_broken and at > begun:
                litres, km = litres + poured, km + at - begun
            begun, poured, is_broken = at, 0, False
    return (litres, km) if km else None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fills=FILLS)
async def test_consumption_is_what_went_in_between_full_tanks(site, fills):
    ordered = sorted(fills, key=lambda one: (one[0], one[1] is None, one[1] or 0))
    async with transaction(user=DANA.user_id) as db:
        await db.execute(delete(Entry))
        for day, km, amount, is_full, is_missed in ordered:
            db.add(
                Entry(
                    id=new_id(), vehicle_id=CAR, user_id=DANA.user_id, kind="fuel", day=date(2026, 1, 1 + day), km=km,
                    amount=Decimal(amount), is_full=is_full, is_missed=is_missed,
                )
            )  # fmt: skip
            await db.flush()
        used = await reckoning.consumption(db, CAR)
        assert reckoning.on_average(used, "fuel") == by_hand(ordered)
        await db.rollback()


async def test_sums_are_those_of_the_entries_and_of_no_removed_one(site):
    async with transaction(user=DANA.user_id) as own:
        car, year = await the_car(own), clock.now().year
        for kind, on, km, cost, currency in (
            ("fuel", date(year, 1, 1), 1000, 5000, "USD"), ("tax", date(year, 1, 1), None, 700, "USD"),
            ("repair", date(year - 1, 6, 1), 500, 30000, "USD"), ("fuel", date(year - 1, 7, 1), None, 4000, "CAD"),
        ):  # fmt: skip
            amount = Decimal(40) if kind == "fuel" else None
            entry = await logbook.log(
                own, car,
                Written(kind=kind, day=on, km=km, cost_minor=cost, currency=currency, title="x", amount=amount),
                by=DANA.viewer, confirmed=True,
            )  # fmt: skip
        await logbook.remove(own, car, entry, by=DANA.viewer)
        found = await reckoning.sums(own, CAR, year=year)
        assert (found.count, found.km) == (3, 500)
        [cost] = found.costs
        assert (cost.this_year_minor, cost.minor, cost.per_1000_km_minor) == (5700, 35700, Decimal(71400))
        with pytest.raises(Refused):
            await logbook.change(
                own,
                car,
                entry,
                Written(kind="note", day=date(year, 1, 1), title="x"),
                version=1,
                by=DANA.viewer,
            )


async def test_one_search_goes_through_all_cars_of_the_garage_and_no_others(browser):
    dana, sam = browser(DANA), browser(CAST.stranger)
    answer = await dana.post("/garage", {"make": "Volvo", "model": "240", "year": "1989"})
    other = answer.headers["location"]
    for at, title in ((HERE, "Winter tires"), (f"{other}/logbook", "Winter coolant"), (HERE, "Summer tires")):
        said = {"kind": "service", "day": "2026-03-02", "title": title}
        assert (await dana.post(at, said)).status_code == 303
    found = (await dana.get("/garage/logbook?q=winter")).text
    assert "Winter tires" in found
    assert "Winter coolant" in found
    assert "1989 Volvo 240" in found
    assert "Summer tires" not in found
    assert "Winter" not in (await sam.get("/garage/logbook?q=winter")).text.replace('value="winter"', "")


async def test_an_earlier_year_is_reckoned_by_itself(browser):
    dana = browser(DANA)
    for day, km, cost in (
        ("2024-03-02", "201000", "10"),
        ("2024-05-02", "201500", "20"),
        ("2025-05-02", "202000", "40"),
    ):
        said = FILL | {"day": day, "mileage": km, "confirmed": km, "cost": cost, "currency": "USD"}
        assert (await dana.post(HERE, said)).status_code == 303
    told = (await dana.get(f"{HERE}/totals?year=2024")).text
    assert "In 2024" in told
    assert "$30.00" in told
    assert "$40.00" not in told.partition("As a table")[2].partition("</table>")[0]
    assert (await dana.get(f"{HERE}/totals?year=soon")).status_code == 200


async def test_a_line_follows_the_unit_its_reader_chooses(browser):
    """The list keeps what it drew; another unit is another line."""
    dana = browser(DANA)
    assert (await dana.post(HERE, FILL)).status_code == 303
    profile = {"name": "Dana", "locale": "en", "zone": "UTC", "distance_unit": "km"}
    shown = []
    for unit in ("l_100km", "mpg_us"):
        assert (await dana.post("/settings/profile", profile | {"fuel_unit": unit})).status_code == 303
        shown.append((await dana.get(HERE)).text)
    assert shown[0] != shown[1]
    assert " gal<" in shown[1]
    assert " gal<" not in shown[0]


async def test_an_earlier_days_mileage_is_a_reading_where_it_fits(browser):
    dana = browser(DANA)
    assert (await dana.post(f"/garage/{CAR}/readings", {"mileage": "200000"})).status_code == 303
    for day, km in (("2025-01-02", "190000"), ("2025-06-02", "195000"), ("2025-03-02", "199000")):
        said = FILL | {"day": day, "mileage": km, "confirmed": km}
        assert (await dana.post(HERE, said)).status_code == 303
    async with transaction(user=DANA.user_id) as db:
        rows = await db.execute(
            select(OdometerReading.km).where(OdometerReading.vehicle_id == CAR, OdometerReading.source == "logbook").order_by(OdometerReading.at)
        )  # fmt: skip
        read = [row.km for row in rows]
        car = await the_car(db)
    assert len(read) == 2, "the one that contradicts the others is none"
    assert read[0] < read[1] < car.mileage_km
