"""The place field in a browser without scripts, and the choices that come while one types."""

import re
from html import unescape


async def test_a_place_is_found_and_chosen_without_scripts(browser):
    visitor = browser()
    typed = {"place": "N'Djamena"}
    asked = await visitor.get("/dev/patterns", params=typed | {"place_find": "yes"})
    assert asked.status_code == 422
    assert 'value="N&#39;Djamena"' in asked.text
    (choice,) = map(unescape, re.findall(r'name="place_pick" value="([^"]+)"', asked.text))
    done = await visitor.get("/dev/patterns", params=typed | {"place_for": "N'Djamena", "place_pick": choice})
    assert done.status_code == 200
    assert 'name="shop_place_country" value="TD"' in done.text


async def test_choices_come_while_one_types_and_for_a_point(browser):
    visitor = browser()
    typed = (await visitor.get("/places", params={"field": "shop", "shop": "SAO PAU"})).text
    assert re.search(r'name="shop_pick" value="-23\.\d+,-46\.\d+,BR,São Paulo, Brazil"', typed)
    assert "GeoNames" in typed
    point = (await visitor.get("/places?latitude=40.7&longitude=-74.0")).text
    assert re.search(r'value="40\.700000,-74\.000000,US,[^"]+" checked', point)
    for nonsense in (
        "latitude=x&longitude=1",
        "latitude=nan&longitude=nan",
        "field=<b>",
        "place=%00",
        "latitude=95&longitude=0",
    ):
        assert (await visitor.get(f"/places?{nonsense}")).status_code in (200, 400, 404), nonsense
