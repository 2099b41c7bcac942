"""A place on a form: by its town, by a choice among several, by a point; with and without scripts."""

import json

import pytest

from app.core.errors import Invalid
from app.core.locating import place_values, read_place
from app.settings import settings
from tests.gateways.test_places import ADDRESS, answering


async def asked_back(form):
    with pytest.raises(Invalid) as refused:
        await read_place(form)
    return refused.value


async def test_words_are_settled_by_choosing_and_what_was_typed_stays():
    wrong = await asked_back({"place": "springfield", "place_find": "yes", "note": "Ring twice"})
    found = wrong.values["place_candidates"]
    assert wrong.values["note"] == "Ring twice"
    assert 1 < len(found) <= 8
    illinois = next(one for one in found if "Illinois" in one.label)
    chosen = {"place": "springfield", "place_for": "springfield", "place_pick": illinois.as_choice}
    assert await read_place(chosen) == illinois
    # Other words than those it was offered for are other words.
    assert "Berlin" in (await asked_back(chosen | {"place": "berlin"})).values["place_candidates"][0].label
    # A stored place is its own again, until its words change.
    stored = place_values(illinois)
    assert await read_place(stored) == illinois
    assert (await asked_back(stored | {"place": "Berlin"})).values["place_candidates"]


async def test_a_point_put_by_hand_counts_whatever_is_written_beside_it():
    point = {"place_latitude": "40,7484", "place_longitude": "-73.9857"}
    there = await read_place(point | {"place": "Ayşe's garage, gate 3"})
    assert (there.label, there.latitude, there.longitude, there.country) == (
        "Ayşe's garage, gate 3", 40.7484, -73.9857, "US",
    )  # fmt: skip
    assert (await read_place(point)).label.endswith("New York, United States")


async def test_what_is_no_place_is_said_beside_its_field():
    assert (await asked_back({})).errors == {"place": "Write a town or an address first."}
    assert await read_place({}, required=False) is None
    assert "Nothing is known" in (await asked_back({"place": "qzxwv"})).errors["place"]
    for latitude in ("91", "north", "nan", ""):
        wrong = await asked_back({"place": "x", "place_latitude": latitude, "place_longitude": "13.4"})
        assert list(wrong.errors) == ["place_latitude"]
    for pick in ("", "1,2", "91,0,DE,Nowhere", "x,y,DE,Z", "52.5,13.4,DE,"):
        assert await asked_back({"place": "Berlin", "place_for": "Berlin", "place_pick": pick})


async def test_a_street_keeps_its_words_and_a_geocoder_knows_where_it_is(site, monkeypatch):
    typed = {"place": "12 Dock Street, Hoboken", "place_find": "yes"}
    (town, *_others) = (await asked_back(typed)).values["place_candidates"]
    assert town.label == "12 Dock Street, Hoboken, New Jersey, United States"
    for body, first in ((json.dumps([ADDRESS]).encode(), ADDRESS["display_name"]), (b"<html>", town.label)):
        async with answering(body) as (url, _asked):
            monkeypatch.setenv("GEOCODER_URL", url)
            settings.cache_clear()
            found = (await asked_back(typed)).values["place_candidates"]
        assert found[0].label == first
