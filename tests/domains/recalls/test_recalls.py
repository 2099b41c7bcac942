"""From the operator's file to the page of whoever's car it is: found, told once, answered."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains import garage
from app.domains.garage.models import Vehicle
from app.domains.notifications.models import Notification
from app.domains.recalls import Recall, loading
from app.settings import settings
from tests.cast import CAR, CAST, OTHER_CAR
from tests.domains.recalls.recall_files import file_of, line

HERE = f"/garage/{CAR}/recalls"
JSON = f"/api/v1/customers/vehicles/{CAR}/recalls"


@pytest.fixture
def load(site, tmp_path):
    async def load(*lines, **options):
        engine = create_async_engine(settings().sqlalchemy_owner_url)
        try:
            with file_of(tmp_path, *lines, **options).open("rb") as sent:
                return await loading.take_in(engine, sent)
        finally:
            await engine.dispose()

    return load


async def lines_of(person):
    async with transaction(user=person.user_id) as db:
        rows = await db.scalars(
            select(Notification).where(
                Notification.user_id == person.user_id, Notification.type == "maintenance"
            )
        )
        return list(rows)


async def test_the_same_file_twice_changes_nothing(load):
    lines = [line(), line(campaign="26V001001", year="9999"), line(year="x"), line(), line(RCLTYPECD="E")]
    first = await load(*lines)
    assert (first.new, first.changed, first.same, first.twice, first.others, first.broken, first.cars) == (2, 0, 0, 1, 1, 1, 1)  # fmt: skip
    assert [one.number for one in first.first_broken] == [3]
    again = await load(*lines)
    assert (again.new, again.changed, again.same, again.cars) == (0, 0, 2, 0)
    corrected = await load(line(CORRECTIVE_ACTION="Owners wait."))
    assert (corrected.new, corrected.changed, corrected.cars) == (0, 1, 0)


async def test_a_campaign_finds_its_cars_and_no_others(load, browser, cast):
    await load(
        line(campaign="26V100000", make="Honda ", model="ACC-ORD"),
        line(campaign="26V200000", year="9999"),
        line(campaign="26V300000", year="2004"),
        line(campaign="26V400000", model="ACCORD HYBRID"),
        line(campaign="26V500000", model="ACC"),
        line(campaign="26V600000", make="VOLKSWAGEN", model="ID 3", year="2022"),
        line(campaign="26V100000", component="SEAT BELTS"),
    )
    dana = browser(cast.customer)
    found = (await dana.json("GET", JSON)).json()
    assert {one["campaign"] for one in found} == {"26V100000", "26V200000"}
    [first] = [one for one in found if one["campaign"] == "26V100000"]
    assert first["components"] == ["AIR BAGS", "SEAT BELTS"]
    assert [one["names_year"] for one in found if one["campaign"] == "26V200000"] == [False]
    shown = (await dana.get(HERE)).text
    assert "The inflator may burst." in shown
    assert "its maker says by its VIN" in shown
    partial = await dana.get(HERE, headers={"hx-request": "true"})
    assert "Read all 2 recalls" in partial.text
    sam = browser(cast.stranger)
    theirs = (await sam.json("GET", f"/api/v1/customers/vehicles/{OTHER_CAR}/recalls")).json()
    assert [one["campaign"] for one in theirs] == ["26V600000"]


async def test_a_family_means_its_members(load, browser, cast):
    async with transaction(user=CAST.customer.user_id) as db:
        (await db.get_one(Vehicle, CAR)).model = "Accord Tourer"
    await load(line(), line(campaign="26V700000", model="ACCORD TOUR"))
    assert [one["campaign"] for one in (await browser(cast.customer).json("GET", JSON)).json()] == [
        "26V001000"
    ]


async def test_its_owner_says_what_became_of_it_and_takes_it_back(load, browser, cast):
    await load(line())
    dana, stranger = browser(cast.customer), browser(cast.stranger)
    for said in ("done", "done", "not_mine", ""):
        assert (await dana.post(HERE, {"campaign": "26V001000", "answer": said})).status_code == 303
        assert [one["answer"] for one in (await dana.json("GET", JSON)).json()] == [said]
    assert (await dana.post(HERE, {"campaign": "26V999999", "answer": "done"})).status_code == 404
    assert (await dana.post(HERE, {"campaign": "26V001000", "answer": "maybe"})).status_code == 422
    for who in (stranger, browser(cast.advisor)):
        assert (await who.post(HERE, {"campaign": "26V001000", "answer": "done"})).status_code == 404
        assert (await who.get(HERE)).status_code == 404
        assert (await who.json("GET", JSON)).status_code == 404
    assert [one["answer"] for one in (await dana.json("GET", JSON)).json()] == [""]


async def test_a_new_recall_is_told_once_in_one_line_a_car(load, run_reactions, cast):
    taken = await load(line(), line(campaign="26V001001"))
    assert taken.cars == 1
    await run_reactions()
    [told] = await lines_of(cast.customer)
    assert told.title == "2 recalls may concern your car"
    assert told.url == HERE
    assert await lines_of(cast.stranger) == []
    await load(line(), line(campaign="26V001001"), line(make="VOLVO"))
    await run_reactions()
    assert len(await lines_of(cast.customer)) == 1
    await load(line(campaign="26V001002"))
    await run_reactions()
    assert [one.title for one in await lines_of(cast.customer)].count("A recall may concern your car") == 1


async def test_who_has_put_the_car_away_is_not_told(load, run_reactions, cast):
    async with transaction(user=CAST.customer.user_id) as db:
        me: Viewer = cast.customer.viewer
        await garage.archive(db, await garage.find_own(db, me, CAR), by=me)
    assert (await load(line())).cars == 0
    await run_reactions()
    assert await lines_of(cast.customer) == []


async def test_the_site_itself_writes_no_recalls(load):
    await load(line())
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with transaction(user=CAST.customer.user_id) as db:
            (await db.scalars(select(Recall))).one().defect = "nothing"


async def test_the_command_says_what_it_did(site, tmp_path, capsys):
    path = file_of(tmp_path, line(), line(year=""), line(model="Citroën ë"), encoding="cp1252")
    assert await loading.load(settings().sqlalchemy_owner_url, path) == 1
    said = capsys.readouterr()
    assert "2 new, 0 changed, 0 as they were." in said.out
    assert "1 cars in a garage" in said.out
    assert "line 2: no model year" in said.err
    assert await loading.load(settings().sqlalchemy_owner_url, tmp_path / "none") == 2
    assert "none" in capsys.readouterr().err
