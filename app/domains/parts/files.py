"""Whole lists from a file: what each of its rows says, or why it says nothing."""

import csv
import re
from collections.abc import Callable
from typing import Any

import msgspec

from app.core.errors import Invalid
from app.core.spreadsheet import table_in
from app.core.words import _
from app.domains.parts import chains, lists
from app.domains.parts.chains import Followers, SupersessionFacts
from app.domains.parts.lists import FitmentFacts
from app.domains.parts.names import fold

MOST_LINES = 200_000

COLUMNS: dict[str, dict[str, str]] = {
    "fitments": {
        "number": "number partnumber partno part articlenumber teilenummer artikelnummer nummer sku",
        "kind": "kind numberkind type art",
        "brand": "brand manufacturer hersteller",
        "name": "name partname description designation bezeichnung teilebezeichnung benennung",
        "make": "make carmake marke fahrzeugmarke vehiclemake",
        "model": "model carmodel modell vehiclemodel",
        "year_from": "yearfrom from firstyear start baujahrvon jahrvon von",
        "year_to": "yearto to until lastyear end baujahrbis jahrbis bis",
        "engine": "engine motor motorisation",
        "note": "note notes qualifier remark hinweis bemerkung",
        "excludes": "excludes excluded notfor doesnotfit passtnicht",
    },
    "supersessions": {
        "make": "make marke brand hersteller manufacturer",
        "old_number": "oldnumber old replaced from altenummer alt",
        "new_number": "newnumber new replacement to neuenummer neu",
        "both_ways": "bothways interchangeable wechselseitig",
        "source": "source quelle",
    },
}
"""What the columns of a file may be called."""
NEEDED = {"fitments": ("number", "make"), "supersessions": ("make", "old_number", "new_number")}
WORDS = {
    "oem": "oem oe original genuine",
    "aftermarket": "aftermarket am iam nachbau zubehoer zubehor",
    "yes": "yes y true 1 x ja oui si",
    "no": "no n false 0 nein non",
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the file: what it says, or why it cannot be taken."""

    at: int
    """Counted as a spreadsheet counts."""
    cells: list[str]
    facts: FitmentFacts | SupersessionFacts | None = None
    why: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a file."""

    head: list[str] = []
    lines: list[Line] = []
    why: str = ""
    """Why nothing of it can be taken."""

    @property
    def good(self) -> list[Any]:
        return [one.facts for one in self.lines if one.facts is not None]

    @property
    def refused(self) -> list[Line]:
        return [one for one in self.lines if one.facts is None]


def read_file(list_name: str, content: bytes, followers: Followers | None = None) -> Found:
    """Every row of a file with a fitment list or with supersessions. `followers` are the chains that stand in the list
    already: a row that would close a circle with them is refused."""
    try:
        rows = table_in(content)
    except csv.Error:
        return Found(why=_("This is no table. Please save it as CSV and send that."))
    head = next((row for row in rows if any(row)), [])
    places = _places(list_name, head)
    missing = [one for one in NEEDED[list_name] if one not in places]
    if missing:
        return Found(
            head=head,
            why=_("The first row must name the columns. Missing: %(columns)s.", columns=", ".join(missing)),
        )
    if len(rows) > MOST_LINES:
        return Found(head=head, why=_("At most %(count)s rows, please.", count=MOST_LINES))
    chain: Followers = {} if followers is None else followers
    take = _fitment if list_name == "fitments" else lambda said: _supersession(said, chain)
    first = rows.index(head)
    lines = [_line(at, row, places, take) for at, row in enumerate(rows[first + 1 :], first + 2) if any(row)]
    return Found(head=head, lines=lines)


def _places(list_name: str, head: list[str]) -> dict[str, int]:
    """Which field stands in which column; the first that has its name."""
    found: dict[str, int] = {}
    for at, said in enumerate(head):
        name = next(
            (one for one, known in COLUMNS[list_name].items() if fold(said) in (fold(one), *known.split())),
            "",
        )
        if name:
            found.setdefault(name, at)
    return found


Said = dict[str, str]


def _line(at: int, row: list[str], places: dict[str, int], take: Callable[[Said], Any]) -> Line:
    said = {name: row[place] if place < len(row) else "" for name, place in places.items()}
    try:
        return Line(at=at, cells=row, facts=take(said))
    except Invalid as wrong:
        return Line(at=at, cells=row, why=" ".join(dict.fromkeys(wrong.errors.values())))


def _fitment(said: Said) -> FitmentFacts:
    facts: dict[str, Any] = _short(said, FitmentFacts)
    for name in ("year_from", "year_to"):
        facts[name] = _year(said.get(name, ""))
    facts["kind"] = _word(said.get("kind", ""), ("oem", "aftermarket"), "oem")
    facts["excludes"] = _word(said.get("excludes", ""), ("yes", "no"), "no") == "yes"
    return lists.accepted(FitmentFacts(**facts))


def _supersession(said: Said, followers: Followers) -> SupersessionFacts:
    facts: dict[str, Any] = _short(said, SupersessionFacts)
    facts["both_ways"] = _word(said.get("both_ways", ""), ("yes", "no"), "no") == "yes"
    taken = chains.accepted(SupersessionFacts(**facts))
    if wrong := chains.refusal(followers, taken):
        raise Invalid({"new_number": wrong})
    chains.follow(followers, taken)
    return taken


LONG = ("model", "engine", "note", "source")


def _short(said: Said, kind: type[Any]) -> dict[str, Any]:
    for name, text in said.items():
        if len(text) > (200 if name in LONG else 60):
            raise Invalid({name: _("“%(text)s…” is too long.", text=text[:20])})
    return {name: text for name, text in said.items() if name in kind.__struct_fields__}


def _year(text: str) -> int | None:
    """A spreadsheet may have made 2012.0 of a year."""
    if not text:
        return None
    found = re.fullmatch(r"([12]\d{3})(?:[.,]0+)?", text)
    if found is None:
        raise Invalid({"year": _("“%(text)s” is no year with four digits.", text=text[:20])})
    return int(found[1])


def _word(text: str, known: tuple[str, str], empty: str) -> str:
    if not text:
        return empty
    for word in known:
        if fold(text) in WORDS[word].split():
            return word
    raise Invalid({"word": _("“%(text)s” is not understood.", text=text[:20])})
