"""Whole lists from files: what is taken, what is not and why, and how fast."""

import csv
import io
import re
import time

import pytest
from sqlalchemy import func, select

from app.core.db import transaction
from app.core.spreadsheet import table_in
from app.domains.parts.files import read_file
from app.domains.parts.models import Fitment, Supersession

HEAD = "Part number;Make;Model;Year from;Year to;Engine;Note;Not for"
ROWS = f"""{HEAD}
0011 42 7.953;BMW;3 Series;2012;2018;2,0;;
0011 42 7.953;Škoda;Octavia;2012;;;ab 08/2016;
11427953;;3 Series;2012;2018;;;
1.14280E+10;BMW;3 Series;2012;2018;;;
=A1;BMW;3 Series;2018;2012;;;
A2;BMW;3 Series;12;;;;
A3;BMW;3 Series;;;;;maybe
0011427953;bmw;3-series;2012;2018;2,0;;no
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_table_is_read_however_it_was_saved(encoding, separator):
    said = [["Teilenummer", "Marke", "Hinweis"], ["007", "Škoda", "größer; als, 5"]]
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(said)
    assert table_in(file.getvalue().encode(encoding)) == said


@pytest.mark.parametrize("content", [b"\x00\x01PNG", b"a,b\n1,2", b"\n\n", b'"', b"\xff\xfe\x00"])
def test_what_is_no_list_is_refused_as_a_whole(content):
    found = read_file("fitments", content)
    assert found.why
    assert not found.lines


async def send(person, content: bytes, list_name: str = "fitments") -> str:
    sent = await person.post(
        "/parts/files", {"list": list_name}, files={"file": ("list.csv", content, "text/csv")}
    )
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


async def kept(cast, table) -> int:
    async with transaction(tenant=cast.seller.tenant_id) as db:
        return await db.scalar(select(func.count()).select_from(table))


async def test_a_file_is_looked_through_and_taken_in_when_the_shop_says_so(browser, cast):
    owner = browser(cast.seller)
    at = await send(owner, ROWS.encode("cp1250"))
    at = await send(owner, ROWS.encode())
    looked = await owner.get(at)
    assert "Take 2 rows in" in looked.text
    assert await kept(cast, Fitment) == 0
    refused = list(csv.reader(io.StringIO((await owner.get(f"{at}/refused")).text.lstrip("\ufeff"))))
    assert [row[0] for row in refused[1:]] == ["4", "5", "6", "7", "8"]
    assert refused[3][2] == "'=A1"
    for row, why in zip(
        refused[1:], ("make", "spreadsheet", "before the first", "four digits", "understood"), strict=True
    ):
        assert why in row[1]
    for _press in range(2):
        assert (await owner.post(f"{at}/loading")).status_code == 303
    assert "in the list." in (await owner.get(at)).text
    assert await kept(cast, Fitment) == 2
    async with transaction(tenant=cast.seller.tenant_id) as db:
        assert await db.scalar(select(Fitment.number).where(Fitment.make == "BMW")) == "0011 42 7.953"
    again = await send(owner, ROWS.encode())
    assert "nothing new" in (await owner.get(again)).text
    assert (await owner.get(at)).status_code == 404, "the file before has made room"
    assert (await browser(cast.outsider).get(again)).status_code == 403


async def test_a_list_that_says_what_its_parts_are_names_those_that_stand_there(browser, cast):
    owner = browser(cast.seller)
    for head, row, name in (
        ("", "", ""),
        (";Bezeichnung", ";Brake pads", "Brake pads"),
        ("", "", "Brake pads"),
    ):
        at = await send(owner, f"number;make;model{head}\nA-1;BMW;3 Series{row}\n".encode())
        assert ("Take one row in" in (await owner.get(at)).text) == (head != "" or name == "")
        assert (await owner.post(f"{at}/loading")).status_code == 303
        async with transaction(tenant=cast.seller.tenant_id) as db:
            [one] = (await db.scalars(select(Fitment))).all()
        assert (one.name, one.make_key) == (name, "bmw")
    assert "Brake pads" in (await owner.get("/parts/fitment", params={"q": "brake p"})).text


async def test_links_that_close_a_circle_are_left_out_with_their_reason(browser, cast):
    owner = browser(cast.seller)
    rows = "make,old number,new number\nBMW,A,B\nBMW,B,C\nBMW,C,A\nBMW,a,b\nAudi,C,A\n"
    at = await send(owner, rows.encode(), "supersessions")
    page = (await owner.get(at)).text
    assert "Take 3 rows in" in page
    assert page.count("round in a circle") == 1
    assert (await owner.post(f"{at}/loading")).status_code == 303
    assert await kept(cast, Supersession) == 3
    at = await send(owner, b"make,old number,new number\nBMW,C,A\nBMW,C,D\n", "supersessions")
    assert (await owner.post(f"{at}/loading")).status_code == 303
    assert (await owner.get(at)).text.count("round in a circle") == 1, (
        "loaded or not, what was left out is named"
    )
    assert await kept(cast, Supersession) == 4


async def test_no_file_no_table_and_too_much_are_said_beside_the_field(browser, cast):
    owner = browser(cast.seller)
    for files in (None, {"file": ("a.csv", b"  ", "text/csv")}):
        answer = await owner.post("/parts/files", {"list": "fitments"}, files=files)
        assert answer.status_code == 422
        assert 'id="f-file-error"' in answer.text


async def test_fifty_thousand_rows_come_in_while_one_waits(browser, cast):
    """Not measured to the second: a list of that size must not run into the minute a browser waits."""
    rows = [f"P-{at:05};BMW;3 Series;2010;2018;2.0;;" for at in range(50_000)]
    owner = browser(cast.seller)
    began = time.monotonic()
    at = await send(owner, "\n".join([HEAD, *rows]).encode())
    assert re.search(r"Take 50.?000 rows in", (await owner.get(at)).text)
    assert (await owner.post(f"{at}/loading")).status_code == 303
    took = time.monotonic() - began
    print(f"50,000 rows: {took:.1f} s")
    assert took < 45
    assert await kept(cast, Fitment) == 50_000
