"""Whoever tries too often waits, at every door that counts."""

import pytest

from app.core import limits
from app.core.permissions import PUBLIC, SIGNED_IN
from tests.cast import CAST
from tests.tenancy.belonging import read_catalogue
from tests.tenancy.shops import HARBOR_SHOP
from tests.tenancy.site_map import Harvest, Route, body_for, query_for, routes
from tests.tenancy.test_crawl import beside

__all__ = ["beside"]

OF_A_PROVIDER = "/sign-in/with/"
"""No sign-on by another site is set up here, so there is nothing at its address."""
COUNTING = [
    (route, limit)
    for route in routes()
    if not route.path.startswith(OF_A_PROVIDER)
    for limit in route.handler.opt.get("limits", ())
]


def somebody_who_may(route: Route):
    if route.needs == PUBLIC:
        return None
    return next(
        person
        for person in (CAST.owner, CAST.customer, CAST.seller)
        if route.needs == SIGNED_IN or route.needs in person.viewer.permissions
    )


@pytest.mark.parametrize(
    ("route", "limit"), COUNTING, ids=lambda one: getattr(one, "label", None) or one.name
)
async def test_one_try_too_many_has_to_wait_and_is_told_how_long(browser, beside, route, limit):
    person = somebody_who_may(route)
    who = str(person.user_id) if limit.per == "person" else limits.place("127.0.0.1")
    ours = Harvest(beside, await read_catalogue(beside), HARBOR_SHOP)
    url = route.address(await ours.all(route))
    query = await query_for(route, ours)
    body = await body_for(route, ours)
    one = browser(person)

    async def ask():
        if route.method == "GET":
            return await one.get(url, params=query)
        return await (one.json(route.method, url, body) if route.is_json else one.post(url, body))

    await limits._valkey().set(limits._key(limit, who), limit.times - 1, ex=60)
    last = await ask()
    assert last.status_code not in (429, 500), last.text[:200]
    answer = await ask()
    assert answer.status_code == 429, answer.text[:200]
    assert 0 < int(answer.headers["retry-after"]) <= 60
