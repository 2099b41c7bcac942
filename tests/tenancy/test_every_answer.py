"""What holds for the answer of every route, looked at with one's own things in it."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.tenancy.site_map import routes, struct_of
from tests.tenancy.test_crawl import Crawl, _crawl, _rows_of, _walked, beside

__all__ = ["beside"]

PAYLOAD = """'"><tqbroke tqattr=1>{{7*7}}"""
BREAKS = ("tqbroke", "tqattr")
SAID_OF_ALL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
OF_NOBODY = re.compile(r"^/manifest\.webmanifest$|^/sw\.js$|^/favicon\.ico$|^/api/v1/shops")
"""The same for everybody who asks."""
READING_LEAVES = {"audit_logs", "audit_values", "audit_chain"}
"""Sensitive reads are told of."""
HERE_LAST = ("last_seen_at", "last_used_at", "read_at")
"""When somebody was last here, and that the list which is opened has been read."""


class Marks(HTMLParser):
    """Whether a text of ours became an element or an attribute, or the address of a link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        if tag in BREAKS or any(name in BREAKS for name in names):
            self.found.append(f"<{tag} {' '.join(names)}>")
        for name, value in attrs:
            if name in ("href", "src", "action", "formaction") and (value or "").strip().lower().startswith(
                ("javascript:", "data:text")
            ):
                self.found.append(f"{tag} {name}={value}")


async def poison(db: Any, mark: str) -> int:
    """Put the payload into every text that the shop's people wrote; how many columns hold it now."""
    columns = await db.fetch(
        "SELECT table_name, column_name FROM information_schema.columns c JOIN information_schema.tables t "
        "USING (table_schema, table_name) WHERE table_schema = 'public' AND data_type = 'text' "
        "AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
    )
    poisoned = 0
    await db.execute("SET session_replication_role = replica")
    for table, column in columns:
        done = await db.execute(
            f"UPDATE {table} SET {column} = replace({column}, $1, $2) WHERE position($1 in {column}) > 0",
            mark,
            PAYLOAD,
        )
        poisoned += done != "UPDATE 0"
    await db.execute("SET session_replication_role = origin")
    return poisoned


def wrong_with(answer: httpx.Response) -> list[str]:
    said = [
        f"{name} is {answer.headers.get(name)!r}"
        for name, wanted in SAID_OF_ALL.items()
        if answer.headers.get(name) != wanted
    ]
    policy = answer.headers.get("content-security-policy", "")
    if "frame-ancestors 'none'" not in policy:
        said.append(f"its policy is {policy!r}")
    if answer.headers.get("cache-control") != "no-store" and not OF_NOBODY.search(answer.request.url.path):
        said.append(f"a cache may keep it: {answer.headers.get('cache-control')!r}")
    if answer.headers.get("content-type", "").startswith("text/html"):
        marks = Marks()
        marks.feed(answer.text)
        said += marks.found
        if "tqattr=1&gt;49" in answer.text:
            said.append("a template ran what was written")
    return said


async def answers(crawl: Crawl) -> Any:
    for route in _walked():
        if route.method == "GET":
            yield route, await crawl.browser.get(route.address(await crawl.ours.all(route)))


@pytest.mark.parametrize("who", ["Harbor Lane's owner", "Harbor Lane's driver"])
async def test_nothing_that_people_write_becomes_markup_and_every_answer_is_fenced(browser, beside, who):
    assert await poison(beside, "lighthousesecret") > 40
    crawl = await _crawl(browser, beside, who)
    shown, wrong = 0, []
    async for route, answer in answers(crawl):
        shown += "tqbroke" in answer.text
        wrong += [f"{route.label} ({answer.status_code}): {said}" for said in wrong_with(answer)]
    assert not wrong, "\n".join(wrong)
    assert shown > (25 if "owner" in who else 5)


async def test_reading_changes_nothing(browser, beside):
    crawl = await _crawl(browser, beside, "Harbor Lane's owner")
    before = await _rows_of(beside, crawl.ours.catalogue, crawl.ours.shop, HERE_LAST)
    asked = [answer.status_code async for _route, answer in answers(crawl)]
    after = await _rows_of(beside, crawl.ours.catalogue, crawl.ours.shop, HERE_LAST)
    assert asked.count(200) > 80
    assert {table for table in after if after[table] != before[table]} <= READING_LEAVES


def test_a_program_that_sends_a_field_nobody_knows_is_told_so():
    """Mass assignment: what a body may hold is written down, and nothing else is read from it."""
    loose = []
    for route in routes():
        kind = struct_of(route)
        if (
            route.is_json
            and route.method != "GET"
            and kind
            and not kind.__struct_config__.forbid_unknown_fields
        ):
            loose.append(f"{route.label}: {kind.__name__}")
    assert not loose, "\n".join(loose)
