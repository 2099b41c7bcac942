"""Every kind of audience the code names: whose pages open it, and that its stream is of no use to anybody else.

A client never names a topic: a page it may see signs them for it. So what a topic asks for is what its pages ask for, and
that stands here, kind by kind.
"""

import html
import importlib
import inspect
import re
from pathlib import Path
from uuid import UUID

import pytest

import app.domains
from app.core.live import read_stream_token
from app.core.permissions import PUBLIC, SIGNED_IN
from tests.cast import HARBOR
from tests.tenancy.site_map import Route
from tests.tenancy.test_crawl import ASKERS, Crawl, _crawl, _walked, beside

__all__ = ["beside"]

OWNER, TECHNICIAN, DRIVER = "Harbor Lane's owner", "Harbor Lane's technician", "Harbor Lane's driver"
OUTSIDERS = ("a visitor", "a driver of no shop", "Voltwerk's advisor", "Voltwerk's owner")
SHOP, HOUSE, THEIRS = {OWNER, TECHNICIAN}, {OWNER, TECHNICIAN, DRIVER}, {OWNER, DRIVER}
OPENED_BY = {
    "parts_order:*": {DRIVER},
    "parts_order:*:bids": set(),  # the shops' that were asked
    "appointment:*": THEIRS,
    "center:*:appointments": {OWNER},
    "center:*:board": SHOP,
    "center:*:invoices": {OWNER},
    "center:*:market": set(),  # a parts shop's, and Harbor Lane repairs
    "center:*:slots": THEIRS,
    "inspection:*": SHOP,
    "invoice:*": THEIRS,
    "job:*:parts": SHOP,
    "order:*:customer": HOUSE,
    "order:*:staff": SHOP,
    "technician:*:bench": SHOP,
    "thread:*": THEIRS,
    "user:*": HOUSE,
}
"""Who hears of Harbor Lane's. A new kind needs its line here."""

ID = UUID(int=7)
STREAM = re.compile(r'hx-sse:connect="(/live\?topics=([^"&]+)[^"]*)"')


def declared() -> set[str]:
    """Every kind there is, by the functions that name its topics; `user` is written where it is rung."""
    kinds = {"user:*"}
    for file in Path(app.domains.__file__).parent.glob("*/live.py"):
        module = importlib.import_module(f"app.domains.{file.parent.name}.live")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.endswith("_topic") and function.__module__ == module.__name__:
                kinds.add(kind_of(function(ID)))
        spelled = set(re.findall(r'Ring\((?:topic=)?f"([^"]*)"', file.read_text()))
        assert spelled <= {"user:{event.user_id}"}, f"{file.parent.name}: name the topic by a function"
    return kinds


def kind_of(topic: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", topic)


def may_open_one(route: Route) -> bool:
    """A page of a domain that rings somebody, or of a screen that names topics. The others have none to sign."""
    if route.method != "GET" or route.is_json:
        return False
    module = Path(inspect.getfile(route.handler.fn))
    domain = next((one for one in module.parents if one.parent.name == "domains"), None)
    return (domain / "live.py").exists() if domain else "topic" in module.read_text()


async def heard(crawl: Crawl, paths: set[str] | None = None) -> dict[str, tuple[str, str]]:
    """{topic: (path, stream)} of every page of Harbor Lane's that this person is shown."""
    found = {}
    for route in _walked():
        if not may_open_one(route) or (paths is not None and route.path not in paths):
            continue
        if paths is None and route.needs not in (PUBLIC, SIGNED_IN, *crawl.person.viewer.permissions):
            continue  # refused, as tests/tenancy/test_roles.py shows
        shop = crawl.ours if crawl.ours.shop.tenant_id == HARBOR else crawl.theirs
        answer = await crawl.browser.get(route.address(await shop.all(route)))
        if opens := STREAM.search(answer.text):
            for topic in read_stream_token(opens[2]).topics:
                found.setdefault(topic, (route.path, html.unescape(opens[1])))
    return found


@pytest.mark.timeout(300)
async def test_each_audience_is_its_own(browser, beside):
    walks = {who: await _crawl(browser, beside, who) for who in ASKERS}
    inside = {who: await heard(walks[who]) for who in (OWNER, TECHNICIAN, DRIVER)}
    paths = {path for found in inside.values() for path, _stream in found.values()}
    everybody = inside | {who: await heard(walks[who], paths) for who in OUTSIDERS}
    of_the_shop = {topic for found in inside.values() for topic in found}
    opened: dict[str, set[str]] = {kind: set() for kind in declared()}
    for who, found in everybody.items():
        for topic in of_the_shop & set(found):
            opened[kind_of(topic)].add(who)
    assert opened == OPENED_BY
    for who, found in inside.items():
        streams = {kind_of(topic): stream for topic, (_path, stream) in found.items()}
        for other in ASKERS.keys() - {who}:
            for kind, stream in streams.items():
                refused = await walks[other].browser.get(stream)
                assert refused.status_code == 401, (kind, who, other)
