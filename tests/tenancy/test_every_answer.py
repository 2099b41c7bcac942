"""What holds for the answer of every route, looked at with one's own things in it."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import httpx
import pypdf
import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.domains.notifications import outbox
from app.domains.notifications.models import Mail
from app.domains.notifications.sending import letter_of
from app.gateways.mail import compose
from tests.tenancy.shops import HARBOR_SHOP
from tests.tenancy.site_map import routes, struct_of
from tests.tenancy.test_crawl import Crawl, _crawl, _rows_of, _walked, beside

__all__ = ["beside"]

PAYLOAD = (
    """'"`><tqbroke tqattr=1></script></title></textarea></style><!--<tqbroke tqattr=1>-->"""
    """{{7*7}}${7*7}{%x%}<%=7*7%>#panic("x") $x$ *b* @ref <lbl> \\u003ctqbroke\\u003e&lt;tqbroke&gt;&#60;tqbroke&#62;"""
    "javascript:alert(1)\r\nX-Evil: 1\r\n\u2028\u202eevil\u2066]]>"
)
"""Ends an attribute, an element, a comment, a script, a text of CSS; code of templates and of Typst; escapes that one
unescaping too many would bring to life; a line of a header; letters that run backwards."""
TITLE = """'"><i tqattr=1>{{7*7}}\r\nX-Evil: 1"""
BREAKS = ("tqbroke", "tqattr", "lbl")
SAID_OF_ALL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip
OF_NOBODY = re.compile(r"^/manifest\.webmanifest$|^/sw\.js$|^/favicon\.ico$|^/api/v1/shops")
"""The same for everybody who asks."""
READING_LEAVES = {"audit_logs", "audit_values", "audit_chain"}
"""Sensitive reads are told of."""
HERE_LAST = ("last_seen_at", "last_used_at", "read_at")
"""When somebody was last here, and that the list which is opened has been read."""


def plain(text: str) -> str:
    """Without what a page, a mail or a sheet of paper may lay out as it likes."""
    return "".join(text.split()).casefold()


WHOLE = plain(PAYLOAD)
AS_JSON = plain(json.dumps(PAYLOAD, ensure_ascii=False)[1:-1])
"""As the audit trail shows the values of rows."""


def is_changed(text: str) -> bool:
    """Whether a text shows the payload otherwise than it was written. It may be cut at its end."""
    before, _begins, rest = plain(text).replace(WHOLE, "").replace(AS_JSON, "").rpartition(WHOLE[:2])
    return "tqbroke" in before or ("tqbroke" in rest and not WHOLE[2:].startswith(rest.rstrip("….")))


class Marks(HTMLParser):
    """Whether a text of ours became an element or an attribute, or the address of a link, or is not what was written."""

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
            elif is_changed(value or "") and name not in ADDRESSES:
                self.found.append(f"{tag} {name} is changed: {value}")

    def handle_data(self, data: str) -> None:
        if is_changed(data):
            self.found.append(f"a text is changed: {data}")


ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post")
"""What is written into them is escaped once more, as the part of an address."""


WRITTEN = re.compile("lighthousesecret|Harbor Lane Garage|Dana O'Neil")


async def poison(db: Any) -> int:
    """Put the payload into every text that the shop's people wrote, and into its name and its driver's; how many columns
    hold it now."""
    columns = await db.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) WHERE table_schema = 'public' "
        "AND (data_type IN ('text', 'jsonb') OR udt_name = '_text') AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
    )
    written = {
        "text": "regexp_replace({0}, $1, $2, 'g')",
        "jsonb": "regexp_replace({0}::text, $1, $2, 'g')::jsonb",
        "ARRAY": "ARRAY(SELECT regexp_replace(x::text, $1, $2, 'g') FROM unnest({0}) x)",
    }
    poisoned = 0
    await db.execute("SET session_replication_role = replica")
    for table, column, kind in columns:
        done = await db.execute(
            f"UPDATE {table} SET {column} = {written[kind].format(column)} WHERE {column}::text ~ $1",
            WRITTEN.pattern,
            (json.dumps(PAYLOAD)[1:-1] if kind == "jsonb" else PAYLOAD).replace("\\", r"\\"),
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
    said += [f"{name} is two lines" for name, value in answer.headers.items() if {*"\r\n"} & {*value}]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return said + LOOKED_AT.get(kind, lambda _answer: [])(answer)


def wrong_with_html(html: str) -> list[str]:
    marks = Marks()
    marks.feed(html)
    marks.close()
    return marks.found


def wrong_with_json(answer: httpx.Response) -> list[str]:
    return [f"a text is changed: {one}" for one in texts_of(answer.json()) if is_changed(one)]


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, str):
        yield value


def wrong_with_csv(answer: httpx.Response) -> list[str]:
    cells = [cell for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))) for cell in row]
    formulas = [f"a formula: {one}" for one in cells if one.startswith(("=", "+", "-", "@", "\t", "\r"))]
    values = (texts_of(json.loads(one)) if one.startswith("{") else [one] for one in cells)
    return formulas + [f"a cell is changed: {one}" for some in values for one in some if is_changed(one)]


def wrong_with_pdf(answer: httpx.Response) -> list[str]:
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    links = [str(one.get_object()) for page in pages for one in page.get("/Annots", [])]
    text = plain("".join(page.extract_text() for page in pages))
    code = plain("""{{7*7}}${7*7}{%x%}<%=7*7%>#panic("x") $x$ *b* @ref <lbl>""")
    said = [] if code in text else [f"the paper does not show what was written: {text[:300]}"]
    return said + [one for one in links if "javascript" in one.lower()]


LOOKED_AT: dict[str, Callable[[httpx.Response], list[str]]] = {
    "text/html": lambda answer: wrong_with_html(answer.text),
    "application/json": wrong_with_json,
    "text/csv": wrong_with_csv,
    "application/pdf": wrong_with_pdf,
}


async def answers(crawl: Crawl) -> Any:
    for route in _walked():
        if route.method == "GET":
            yield route, await crawl.browser.get(route.address(await crawl.ours.all(route)))


@pytest.mark.parametrize("who", ["Harbor Lane's owner", "Harbor Lane's driver"])
async def test_nothing_that_people_write_becomes_markup_and_every_answer_is_fenced(browser, beside, who):
    assert await poison(beside) > 40
    crawl = await _crawl(browser, beside, who)
    shown, wrong, kinds = 0, [], set()
    async for route, answer in answers(crawl):
        shown += "tqbroke" in answer.text
        kinds.add(answer.headers.get("content-type", "").partition(";")[0])
        wrong += [f"{route.label} ({answer.status_code}): {said}" for said in wrong_with(answer)]
    assert not wrong, "\n".join(wrong)
    assert shown > (25 if "owner" in who else 5)
    assert LOOKED_AT.keys() - kinds <= {"text/csv"}
    assert "text/csv" in kinds or "driver" in who


async def test_nothing_that_people_write_becomes_markup_or_a_header_of_a_mail(browser, beside, run_reactions):
    """Everything that has happened is told by mail once more, with the payload in every name and text."""
    await beside.execute("DELETE FROM mails")
    await poison(beside)
    sent = {"customer_id": str(HARBOR_SHOP.customer_id), "title": TITLE, "message": PAYLOAD}
    owner = browser(HARBOR_SHOP.owner)
    assert (await owner.json("POST", "/api/v1/notifications/send", sent)).status_code == 202
    await run_reactions()
    async with transaction() as db:
        await outbox._see_all(db)
        mails = (await db.scalars(select(Mail).where(Mail.html.contains("tqbroke")))).all()
    assert {one.template for one in mails} >= {
        "message",
        "estimate_ready",
        "invoice_issued",
        "payment_received",
    }
    for mail in mails:
        assert wrong_with_html(mail.html) == [], mail.template
        assert not is_changed(mail.text), mail.template
        letter = letter_of(mail)
        message = message_from_bytes(
            compose(letter, sender="Site <no-reply@site.test>").as_bytes(), policy=policy.default
        )
        assert {*message.keys()} == HEADERS | ({"Reply-To"} if letter.reply_to else set()), mail.template


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
