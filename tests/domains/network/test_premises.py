from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.viewer import HeldRole
from app.domains.network import crew, premises
from app.domains.network.premises import BayFacts, CenterFacts
from tests.cast import HARBOR
from tests.conftest import viewing

FACTS = CenterFacts(
    name="Harbor Lane East",
    zone="America/New_York",
    currency="USD",
    working_hours={"mon": [["08:00", "17:00"]]},
)


async def test_an_owner_opens_a_second_center_and_works_there(db, cast):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    center = await premises.open_center(db, FACTS, by=owner)
    assert center.slug == "harbor-lane-east"
    again = await premises.open_center(db, FACTS, by=owner)
    assert again.slug == "harbor-lane-east-2"
    there = replace(
        owner, held=(*owner.held, *(HeldRole("owner", HARBOR, one.id) for one in (center, again)))
    )
    assert {one.name for one in await premises.centers_of(db, there)} == {
        "Harbor Lane Garage",
        "Harbor Lane East",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Mars/Base"),
        ("currency", "XXQ"),
        ("distance_unit", "league"),
        ("slot_minutes", 7),
        ("working_hours", {"mon": [["08:00", "nine"]]}),
    ],
)
async def test_nonsense_is_refused(db, cast, field, value):
    await viewing(db, cast.owner)
    with pytest.raises(Invalid) as wrong:
        await premises.open_center(db, replace_struct(FACTS, **{field: value}), by=cast.owner.viewer)
    assert any(name.startswith(field) for name in wrong.value.errors)


def replace_struct(facts: CenterFacts, **changes: object) -> CenterFacts:
    import msgspec

    return msgspec.structs.replace(facts, **changes)


async def test_a_day_with_other_hours_replaces_and_goes(db, cast):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    center = await premises.find_center(db, owner, cast.owner.center_id)
    day = clock.today(center.zone) + timedelta(days=3)
    await premises.set_exception(db, center, day, [], by=owner, note="Inventory")
    await premises.set_exception(db, center, day, [["10:00", "12:00"]], by=owner)
    [one] = await premises.exceptions_of(db, center)
    assert one.intervals == {"open": [["10:00", "12:00"]]}
    await premises.drop_exception(db, center, day, by=owner)
    assert await premises.exceptions_of(db, center) == []
    with pytest.raises(NotFound):
        await premises.drop_exception(db, center, day, by=owner)


@pytest.mark.parametrize(
    ("usual", "that_night", "is_open"), [([], [["22:00", "06:00"]], True), ([["22:00", "06:00"]], [], False)]
)
async def test_after_midnight_the_other_hours_of_yesterday_still_count(db, cast, usual, that_night, is_open):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    center = await premises.find_center(db, owner, cast.owner.center_id)
    await premises.set_hours(db, center, {"mon": usual, "tue": [["12:00", "15:00"]]}, by=owner)
    monday = datetime(2100, 1, 4, tzinfo=ZoneInfo(center.zone))
    await premises.set_exception(db, center, monday.date(), that_night, by=owner)
    tuesday = monday + timedelta(days=1, hours=2)
    with clock.moved_to(tuesday):
        stretches = await premises.open_stretches(db, center)
        assert any(opens <= tuesday < closes for opens, closes in stretches) is is_open
        assert (await premises.hours_for_anyone(db, center)).is_open is is_open
        assert await premises.hours_today(db, center) == "12:00\u202fPM–3:00\u202fPM"
        await premises.set_exception(db, center, tuesday.date(), [["09:00", "10:00"]], by=owner)
        assert await premises.hours_today(db, center) == "9:00\u202fAM–10:00\u202fAM"


async def test_bays_say_what_they_can_do(db, cast):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    center = await premises.find_center(db, owner, cast.owner.center_id)
    bay = await premises.add_bay(db, center, BayFacts(name="HV bay", capabilities=["hv", "lift"]), by=owner)
    assert bay.id in [one.id for one in await premises.bays_of(db, center)]
    with pytest.raises(Invalid):
        await premises.change_bay(db, bay, BayFacts(name="x", capabilities=["sauna"]), by=owner)


async def test_a_week_of_shifts_is_replaced_and_an_absence_noted(db, cast):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    center = await premises.find_center(db, owner, cast.owner.center_id)
    known = await crew.member(db, center, cast.technician.staff_id)
    await crew.set_week(db, known.profile, {"mon": [["08:00", "12:00"], ["13:00", "17:00"]]}, by=owner)
    begins = datetime(2100, 1, 4, tzinfo=UTC)
    await crew.add_absence(db, known.profile, begins, begins + timedelta(days=5), by=owner, reason="Leave")
    with pytest.raises(Invalid):
        await crew.add_absence(db, known.profile, begins, begins, by=owner)
    changed = await crew.member(db, center, cast.technician.staff_id)
    assert set(changed.week) == {"mon"}
    assert len(changed.week["mon"]) == 2
    [leave] = changed.absences
    await crew.end_absence(db, known.profile, leave.id, by=owner)
    assert (await crew.member(db, center, cast.technician.staff_id)).absences == []


async def test_another_shop_finds_nothing(db, cast):
    await viewing(db, cast.owner)
    center = await premises.find_center(db, cast.owner.viewer, cast.owner.center_id)
    bay = (await premises.bays_of(db, center))[0]
    outsider = cast.outsider.viewer
    await viewing(db, cast.outsider)
    with pytest.raises(NotFound):
        await premises.find_center(db, outsider, center.id)
    theirs = await premises.find_center(db, outsider, cast.outsider.center_id)
    with pytest.raises(NotFound):
        await premises.find_bay(db, theirs, bay.id)
    with pytest.raises(NotFound):
        await crew.member(db, theirs, cast.technician.staff_id)
