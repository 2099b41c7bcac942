"""Sending a file, reading it another way, taking it in and out, in the browser and by nobody else."""

import re
from html.parser import HTMLParser

from tests.cast import CAR
from tests.domains.histories import written

HERE = f"/garage/{CAR}/histories"


async def test_from_a_file_to_the_logbook_and_back(browser, cast):
    dana, stranger = browser(cast.customer), browser(cast.stranger)
    for wrong, words in ((b"\x00\x01\x02", "no CSV file"), (b"hello", "no rows"), (b"   ", "empty")):
        refused = await dana.post(HERE, {}, files={"file": ("a.csv", wrong, "text/csv")})
        assert (refused.status_code, words in refused.text) == (422, True)
    sent = await dana.post(HERE, {}, files={"file": ("old <b>.csv", written.FUELLY.encode(), "text/csv")})
    assert sent.status_code == 303
    there = sent.headers["location"]
    shown = (await dana.get(there)).text
    assert "Fuelly" in shown
    assert "old &lt;b&gt;.csv" in shown
    how = {"day_order": "mdy", "decimal_mark": ".", "distance": "mi", "volume": "gal_us", "currency": "USD"}
    assert (await dana.post(there, how | {"car": "Civic"})).status_code == 303
    bad = await dana.post(there, how | {"day-0": "77"})
    assert (bad.status_code, "choose one of these" in bad.text) == (422, True)
    assert "It belongs to another car: Truck." in (await dana.get(there)).text
    assert (await dana.post(f"{there}/taking", {})).status_code == 303
    assert re.search(r"3 entries of this file are in the logbook", (await dana.get(there)).text)
    table = await dana.get(f"/garage/{CAR}/logbook.csv")
    assert table.text.count("\r\n") == 4
    assert len((await dana.get(f"/garage/{CAR}/logbook.json")).json()["entries"]) == 3
    assert (await dana.post(there, how)).status_code == 409
    assert (await dana.post(f"{there}/removal", {})).status_code == 409
    for path in (there, f"{there}/rows", f"/garage/{CAR}/logbook.csv", HERE):
        assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(f"{there}/undoing", {})).status_code == 404
    assert (await dana.post(f"{there}/undoing", {})).status_code == 303
    assert (await dana.get(f"/garage/{CAR}/logbook.csv")).text.count("\r\n") == 1
    assert (
        await dana.post(there, how | {"car": ""})
    ).status_code == 303  # read another way, now that it is out
    assert (await dana.post(f"{there}/removal", {})).status_code == 303
    assert (await dana.get(there)).status_code == 404


class _Form(HTMLParser):
    """What a browser would send of the form whose button says how a file is read, untouched."""

    def __init__(self):
        super().__init__()
        self.sent, self._forms, self._select = {}, [], ""

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "form":
            self._forms.append({})
        elif tag in ("input", "select") and at.get("name") and self._forms:
            self._select = at["name"] if tag == "select" else ""
            assert at["name"] not in self._forms[-1], f"two fields are called {at['name']}"
            self._forms[-1][at["name"]] = at.get("value", "")
        elif tag == "option" and self._select and "selected" in at:
            self._forms[-1][self._select] = at.get("value", "")
        self.sent = max(self._forms, key=len, default={})


async def test_reading_a_file_as_it_was_read_changes_nothing(browser, cast):
    dana = browser(cast.customer)
    sent = await dana.post(HERE, {}, files={"file": ("fuel.csv", written.FUELLY.encode(), "text/csv")})
    there = sent.headers["location"]
    before = (await dana.get(there)).text
    form = _Form()
    form.feed(before)
    assert (await dana.post(there, form.sent)).status_code == 303
    counts = re.compile(r"<dd[^>]*>(\d+)")
    assert counts.findall((await dana.get(there)).text) == counts.findall(before)
    assert "left this table out" not in (await dana.get(there)).text
