"""Who may do what: the table of roles against the words it was asked for in, and every route against the table."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from litestar import Litestar, get

from app.asgi import _every_route_declares
from app.core.permissions import BY_ROLE, CUSTOMER, KNOWN, PUBLIC, SIGNED_IN
from app.core.visit import needs
from tests.browsing import Answer, Browser
from tests.cast import CAST
from tests.tenancy import fields
from tests.tenancy.belonging import read_catalogue
from tests.tenancy.shops import HARBOR_SHOP, VOLT_SHOP
from tests.tenancy.site_map import NOT_HARVESTED, Harvest, Route, body_for, query_for, routes, struct_of
from tests.tenancy.test_crawl import NOT_OURS, beside

__all__ = ["beside"]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/decisions/roles-and-permissions.md"

ASKED_FOR = {
    "customer": (
        "read:own_profile, update:own_profile, read:own_vehicles, manage:own_vehicles, read:own_appointments, "
        "manage:own_appointments, read:own_maintenance_history, make:payments"
    ),
    "advisor": (
        "read:customers, update:customers, read:all_appointments, manage:appointments, create:quotes, "
        "create:invoices, read:inventory, update:service_progress"
    ),
    "technician": (
        "read:assigned_appointments, update:service_progress, read:parts, request:parts, read:service_checklists"
    ),
}
"""Word for word; "staff" are our advisors, and "admin *" is a business's owner."""

GAPS = {
    "update:inventory": {"advisor", "owner", "parts_counter", "parts_owner"},
    "update:service_checklists": {"advisor", "technician", "owner"},
    "chat:appointment": {"customer", "advisor", "technician", "owner", "parts_counter", "parts_owner"},
    "read:own_invoices": {"customer"},
    "approve:estimates": {"customer"},
    "manage:purchase_orders": {"owner"},
    "void:sales": {"owner"},
}
"""Named in no role's list where they came from, and who holds them here."""

OURS = {
    "order:parts": "every driver's, and the workshop's people at its tablet",
    "report:telematics": "a driver's own, for the service that reads their car from afar",
    "buy:parts": "paying for parts in the workshop's name: the desk's",
    "sell:parts": "the counter of a parts shop: requests, quotes, fitment lists",
    "take:payments": "cash and cards at the counter",
    "manage:center": "the owner's: hours, bays, payments, refunds, credit notes",
    "manage:staff": "the owner's: people, roles, shifts, invitations",
    "manage:services": "the owner's: what can be booked, canned jobs",
    "read:reports": "the owner's numbers",
    "read:audit": "the trail of one's own business, and of the network",
    "manage:network": "the network's administrators, who are nobody in a business",
}
"""What we named ourselves."""

HELD = {"customer": CUSTOMER, **BY_ROLE}


def _words(listed: str) -> set[str]:
    return set(listed.split(", "))


@pytest.mark.parametrize("role", ASKED_FOR)
def test_each_role_holds_what_was_asked_for(role):
    assert _words(ASKED_FOR[role]) <= HELD[role]


def test_the_gaps_are_closed_and_nothing_else_was_added():
    asked = set().union(*map(_words, ASKED_FOR.values()))
    assert KNOWN - {PUBLIC, SIGNED_IN} == asked | set(GAPS) | set(OURS)
    for permission, roles in GAPS.items():
        assert {role for role in HELD if permission in HELD[role]} == roles, permission


def test_an_owner_may_do_everything_in_the_business_and_nothing_on_the_network():
    everything = KNOWN - {"manage:network", "sell:parts", PUBLIC, SIGNED_IN}
    assert BY_ROLE["owner"] | CUSTOMER == everything
    assert BY_ROLE["network_admin"] == {"manage:network", "read:audit"}


def table() -> str:
    """The table as the decision shows it."""
    roles = list(HELD)
    lines = ["| permission | " + " | ".join(roles) + " |", "|---" * (len(roles) + 1) + "|"]
    for permission in sorted(KNOWN - {PUBLIC, SIGNED_IN}):
        marks = ["✓" if permission in HELD[role] else "" for role in roles]
        lines.append(f"| `{permission}` | " + " | ".join(marks) + " |")
    return "\n".join(lines)


def test_the_decision_shows_the_table_as_it_is():
    assert table() in DOCUMENT.read_text(), f"copy this into {DOCUMENT.name}:\n{table()}"


def test_a_route_that_says_nothing_does_not_start():
    @get("/forgotten")
    async def forgotten() -> None: ...

    @get("/misspelt", opt={"needs": "read:custmers"})
    async def misspelt() -> None: ...

    @get("/known", opt=needs("read:customers"))
    async def known() -> None: ...

    with pytest.raises(RuntimeError, match="GET /forgotten"):
        _every_route_declares(Litestar([forgotten, known]))
    with pytest.raises(RuntimeError, match="GET /misspelt"):
        _every_route_declares(Litestar([misspelt, known]))
    _every_route_declares(Litestar([known]))
    with pytest.raises(ValueError, match="unknown permission"):
        needs("read:custmers")


def test_no_permission_is_asked_for_that_nobody_holds():
    asked = {route.needs for route in routes()} - {PUBLIC, SIGNED_IN}
    assert asked <= set().union(*HELD.values())


ROUTES = Path(__file__).with_name("routes.txt")
NEEDED = {
    f"{method} {path}": need
    for method, path, need, *_limits in map(str.split, ROUTES.read_text().splitlines())
}
"""What each route is to need, as somebody has read it."""


def line_of(route: Route) -> str:
    """A route as its line in routes.txt: method, path, permission, and how often whom."""
    limits = [
        f"{one.name.replace(' ', '-')}:{one.times}/{int(one.within.total_seconds())}s/{one.per}"
        for one in route.handler.opt.get("limits", ())
    ]
    return " ".join([route.label, route.needs, *limits])


def test_every_route_needs_and_counts_what_was_read():
    """Who weakens what a route asks for, or how often it answers, changes a line that a reader of the change sees."""
    now, then = {line_of(route) for route in routes()}, set(ROUTES.read_text().splitlines())
    changes = [f"+{line}" for line in sorted(now - then)] + [f"-{line}" for line in sorted(then - now)]
    assert not changes, f"read them, then write them into {ROUTES.name}:\n" + "\n".join(changes)


FURTHER = {
    "GET /garage/{vehicle_id:uuid}/edit": "a shop sees the car it may work on, its owner changes what is said of it",
    "GET /estimates/{estimate_id:uuid}": "prices are the advisor's and the driver's, a technician is in scope",
    "GET /estimates/{estimate_id:uuid}/state": "the same",
    "GET /api/v1/staff/jobs": "the jobs of whoever asks, who must be a technician of the shop",
}
"""Where the thing itself decides once more, after the route has let somebody in."""

NOT_NOW = {
    "GET /appointments/{appointment_id:uuid}/check-in": "the car is in the workshop already",
    "GET /settings/payments/payouts/{ref:str}": "payouts are kept by the provider, who is not here",
    "GET /api/v1/admin/payouts/{ref:str}": "payouts are kept by the provider, who is not here",
}

PEOPLE = {
    "advisor": CAST.advisor,
    "technician": CAST.technician,
    "owner": CAST.owner,
    "customer": CAST.customer,
    "stranger": CAST.stranger,
    "network_admin": CAST.network,
}


def _leads_to_the_door(answer: Answer) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


def _may(route: Route, who: str) -> bool:
    needed = NEEDED[route.label]
    if who == "visitor":
        return needed == PUBLIC
    return needed in (PUBLIC, SIGNED_IN) or needed in HELD.get(who, frozenset()) | CUSTOMER


@dataclass
class Round:
    """One person's way through all pages with their shop's own things."""

    who: str
    person: Browser
    harvest: Harvest
    wrong: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)
    """Fields that were shown to them, and by which route first."""
    let_in: int = 0
    refused: int = 0

    async def look(self, route: Route) -> None:
        url = route.address(await self.harvest.all(route))
        answer = await self.person.get(url, params=await query_for(route, self.harvest))
        for kept in fields.found_in(answer):
            self.read.setdefault(kept, route.label)
        if answer.status_code >= 500:
            self.wrong.append(f"{route.label} ({route.needs}): {answer.status_code}")
        elif _may(route, self.who):
            self.expect_in(route, answer)
        else:
            self.expect_out(route, answer)
            bare = await self.person.get(url)
            if bare.status_code != 400:  # what is missing in the query is said before anybody is asked for
                self.expect_out(route, bare)

    async def write(self, route: Route, theirs: Harvest) -> None:
        """Whoever may not is refused with everything right in the form: with one's own things and with others'."""
        for things in (self.harvest, theirs):
            url, body = route.address(await things.all(route)), await body_for(route, things)
            if route.is_json:
                answer = await self.person.json(route.method, url, body if struct_of(route) else None)
            else:
                answer = await self.person.post(
                    url, {name: value for name, value in body.items() if value is not None}
                )
            self.refused += 1
            self.expect_out(route, answer)

    def expect_out(self, route: Route, answer: Answer) -> None:
        if self.who == "visitor":
            is_out = answer.status_code == 401 if route.is_json else _leads_to_the_door(answer)
        else:
            is_out = answer.status_code == 403
            if route.is_json and is_out:
                assert answer.json() == {"error": "Insufficient permissions"}, route.label
        if not is_out:
            self.wrong.append(f"{route.label} ({route.needs}): {answer.status_code}, not denied")

    def expect_in(self, route: Route, answer: Answer) -> None:
        if answer.status_code == 403 and route.label not in FURTHER:
            self.wrong.append(f"{route.label} ({route.needs}): denied")
        if self.who in ("advisor", "technician", "owner") and route.needs not in {
            *CUSTOMER,
            PUBLIC,
            SIGNED_IN,
        }:
            self.let_in += 1
            if answer.status_code >= 400 and route.label not in FURTHER | NOT_NOW:
                self.wrong.append(f"{route.label} ({route.needs}): {answer.status_code}, of their own")


@pytest.mark.parametrize("who", ["visitor", *PEOPLE])
async def test_a_role_is_let_in_where_the_table_says_so_and_nowhere_else(browser, beside, who):
    """Each page and answer of Harbor Lane's own things, as each of the cast and as nobody. What stands in them that not
    every role may read is found by those who may, and by nobody else."""
    await fields.mark(beside)
    person = browser(PEOPLE.get(who))
    person.http._transport.raise_app_exceptions = False
    way = Round(who, person, Harvest(beside, await read_catalogue(beside), HARBOR_SHOP))
    for route in routes():
        if (
            route.method == "GET"
            and not NOT_OURS.search(route.path)
            and not set(route.names) & set(NOT_HARVESTED)
        ):
            await way.look(route)
    assert not way.wrong, "\n".join(way.wrong)
    theirs = {name for name, kept in fields.FIELDS.items() if who in kept.readers}
    assert not {name: by for name, by in way.read.items() if name not in theirs}
    assert not theirs - way.read.keys(), "nothing shows it: mark it where it is shown"
    assert way.let_in >= {"advisor": 30, "technician": 12, "owner": 40}.get(who, 0)


def test_what_only_some_may_set_is_set_only_where_they_are_let_in():
    """A price, a cost, a role, a rate: whichever form or JSON body names it asks for the permission it takes."""
    wrong, named = [], set()
    for route in routes():
        kind = struct_of(route) if route.method != "GET" else None
        for name in sorted(fields.SETTERS.keys() & fields.names_in(kind)):
            named.add(name)
            if route.needs not in fields.SETTERS[name]:
                wrong.append(f"{route.label} ({route.needs}) sets {name}")
    assert not wrong, "\n".join(wrong)
    assert named == fields.SETTERS.keys()


@pytest.mark.parametrize("who", ["visitor", *PEOPLE])
async def test_a_role_writes_nothing_where_the_table_says_no(browser, beside, who):
    person = browser(PEOPLE.get(who))
    person.http._transport.raise_app_exceptions = False
    catalogue = await read_catalogue(beside)
    way, theirs = (
        Round(who, person, Harvest(beside, catalogue, HARBOR_SHOP)),
        Harvest(beside, catalogue, VOLT_SHOP),
    )
    for route in routes():
        if route.method != "GET" and not NOT_OURS.search(route.path) and not _may(route, who):
            await way.write(route, theirs)
    assert not way.wrong, "\n".join(way.wrong)
    assert way.refused > {"owner": 6}.get(who, 40)
