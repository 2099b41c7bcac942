"""Each row of a file as what it will be in the logbook, or with the reason why it will not be there."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from app.core import clock
from app.core.money import to_minor
from app.core.words import _
from app.domains.garage.facts import FURTHEST_KM
from app.domains.histories.conventions import Conventions, day_in, km_in, litres_in, number_in, yes_in
from app.domains.histories.programs import (
    BY_COLUMN,
    COMPUTED,
    ENTRY_KINDS,
    READINGS,
    UNTOLD,
    Part,
    plain_header,
)
from app.domains.histories.sections import Line, Section
from app.domains.logbook import Written
from app.domains.logbook.facts import LONGEST_NOTE, LONGEST_TITLE

EARLIEST = date(1950, 1, 1)
LARGEST_COST = Decimal(10_000_000)
KIND_WORDS = {
    "gas": "fuel", "fuel": "fuel", "fill-up": "fuel", "refuelling": "fuel", "charging": "charge", "charge": "charge",
    "service": "service", "maintenance": "service", "repair": "repair", "upgrade": "upgrade", "tuning": "upgrade",
    "tyres": "tyres", "tires": "tyres", "registration": "tax", "tax": "tax", "insurance": "insurance",
}  # fmt: skip
"""What programs call the kinds of costs. Every other word is a note with its cost, and stays as a tag."""

Outcome = Literal["entry", "reading", "left_out", "wrong"]


class Row(msgspec.Struct, kw_only=True):
    """One row of a file, read."""

    line: int
    part: str
    outcome: Outcome
    why: str = ""
    """In its owner's words, where it is left out or wrong."""
    kind: str = ""
    day: date | None = None
    km: int | None = None
    title: str = ""
    note: str = ""
    cost_minor: int | None = None
    currency: str = ""
    amount: Decimal | None = None
    is_full: bool = True
    is_missed: bool = False
    tags: list[str] = []
    tasks: list[str] = []
    written: Written | None = None
    """As it would stand in the logbook."""
    known_id: str = ""
    """Of an entry that was exported from here."""


def rows_of(
    sections: Sequence[Section], parts: Sequence[Part], conventions: Conventions, *, car: str = ""
) -> Iterator[Row]:
    """Every row of the file, in its order. `car` is the one to take where a file holds several."""
    categories = _categories(sections)
    for section, part in zip(sections, parts, strict=True):
        for line in section.lines:
            yield _Reader(section, part, line, conventions, categories).row(car)


def cars_in(sections: Sequence[Section], parts: Sequence[Part]) -> list[str]:
    """What the file calls the cars it holds, when it holds several."""
    named = {
        cell
        for section, part in zip(sections, parts, strict=True)
        if "car" in part.columns and part.kind
        for cell in section.column(part.columns["car"])
        if cell
    }
    return sorted(named) if len(named) > 1 else []


def _categories(sections: Sequence[Section]) -> dict[str, str]:
    """The names of a file's own categories, by their number."""
    for section in sections:
        heads = [plain_header(cell) for cell in section.header]
        if section.name.casefold() == "costcategories" and {"costtypeid", "name"} <= set(heads):
            numbers, names = (section.column(heads.index(one)) for one in ("costtypeid", "name"))
            return dict(zip(numbers, names, strict=True))
    return {}


class _Reader:
    def __init__(
        self,
        section: Section,
        part: Part,
        line: Line,
        conventions: Conventions,
        categories: Mapping[str, str],
    ) -> None:
        self.section, self.part, self.line = section, part, line
        self.conventions, self.categories = conventions, categories

    def row(self, car: str) -> Row:
        row = Row(line=self.line.number, part=self.part.name, outcome="left_out")
        row.why = self._left_out(car)
        if row.why:
            row.title = ", ".join(cell for cell in self.line.cells if cell)[:120]
            return row
        try:
            self._read(row)
        except ValueError as wrong:
            row.outcome, row.why = "wrong", str(wrong)
            row.title = row.title or ", ".join(cell for cell in self.line.cells if cell)[:120]
        return row

    def _left_out(self, car: str) -> str:
        if not self.part.kind:
            return _(self.part.why) if self.part.why else _("You left this table out.")
        if car and self._cell("car") not in ("", car):
            return _("It belongs to another car: %(car)s.", car=self._cell("car"))
        if yes_in(self._cell("template")):
            return _("A template: it has not happened.")
        if yes_in(self._cell("income")):
            return _("Income is no cost of the car.")
        if self._is_reminder():
            return _("A reminder, nothing that has happened. Set it among your reminders.")
        return ""

    def _is_reminder(self) -> bool:
        due = any(self._cell(name).strip("0-.: ") for name in ("remind_km", "remind_day"))
        return due and not self._cell("cost").strip("0., ")

    def _read(self, row: Row) -> None:
        row.kind = self._kind(row)
        row.title, row.note = self._title()
        row.tags = sorted({*row.tags, *self._list("tags")})
        row.tasks, row.known_id = self._list("tasks"), self._cell("id")
        row.day = self._day()
        row.km = self._km()
        if row.kind == READINGS:
            if row.km is None:
                raise ValueError(_("It says no mileage."))
            row.outcome = "reading"
            return
        if row.kind in ("fuel", "charge"):
            amount = self._number("amount")
            if amount is None or amount <= 0:
                raise ValueError(_("It says not how much was filled in."))
            row.amount = litres_in(amount, self.conventions)
            row.is_full = self._is_full()
            row.is_missed = yes_in(self._cell("missed"))
        row.currency = self._cell("currency").upper() or self.conventions.currency
        row.cost_minor = self._cost(row.currency)
        if not (row.title or row.note or row.cost_minor or row.km or row.amount):
            raise ValueError(_("It says nothing but a day."))
        row.outcome = "entry"

    def _kind(self, row: Row) -> str:
        said = self._cell("kind")
        category = self.categories.get(said, "")
        if category:
            row.tags = [category]
        if self.part.kind != BY_COLUMN and not category:
            return self.part.kind
        word = (category or said).casefold()
        if word in ENTRY_KINDS or word == READINGS:
            return word
        if word not in KIND_WORDS and not category:
            raise ValueError(_("“%(text)s” is no kind of entry.", text=said[:40]))
        return KIND_WORDS.get(word, self.part.kind if self.part.kind != BY_COLUMN else "note")

    def _day(self) -> date:
        said = self._cell("day")
        if not said:
            raise ValueError(_("It says no day."))
        day = day_in(said, self.conventions)
        if not EARLIEST <= day <= clock.now().date().replace(month=12, day=31):
            raise ValueError(_("“%(text)s” is no day a car can have been used on yet.", text=said[:40]))
        return day

    def _km(self) -> int | None:
        number = self._number("km")
        if number is None or (number == 0 and self.part.kind != READINGS):
            return None
        km = km_in(number, self.conventions)
        if not 0 <= km <= FURTHEST_KM:
            raise ValueError(_("“%(text)s” is no mileage.", text=self._cell("km")[:40]))
        return km

    def _cost(self, currency: str) -> int | None:
        cost = self._number("cost")
        price, amount = self._number("price"), self._number("amount")
        if cost is None and price is not None and amount is not None:
            cost = price * amount
        if cost is None:
            return None
        if not 0 <= cost <= LARGEST_COST:
            raise ValueError(_("“%(text)s” is no cost.", text=self._cell("cost")[:40]))
        return to_minor(cost, currency)

    def _is_full(self) -> bool:
        if "partial" in self.part.columns:
            return not yes_in(self._cell("partial"))
        return yes_in(self._cell("full")) if "full" in self.part.columns else True

    def _title(self) -> tuple[str, str]:
        """What was done, and the note; of a title that is too long the rest is in the note."""
        title, note = self._cell("title"), self._note()
        if len(title) > LONGEST_TITLE:
            return title[: LONGEST_TITLE - 1] + "…", f"{title}\n{note}".strip()[:LONGEST_NOTE]
        return title, note

    def _note(self) -> str:
        """The note, and behind it whatever else the row says: nothing that was written down is lost."""
        taken = set(self.part.columns.values())
        more = [
            f"{head}: {cell}"
            for place, (head, cell) in enumerate(zip(self.section.header, self.line.cells, strict=False))
            if place not in taken
            and cell.strip("0. ")
            and plain_header(head) not in COMPUTED | UNTOLD
            and head
        ]
        shop = self._cell("by")
        if shop:
            more.append(_("Written by %(shop)s.", shop=shop))
        return "\n".join(one for one in [self._cell("note"), *more] if one)[:LONGEST_NOTE]

    def _number(self, name: str) -> Decimal | None:
        said = self._cell(name)
        return number_in(said, self.conventions) if said else None

    def _list(self, name: str) -> list[str]:
        said = self._cell(name).replace(";", ",")
        # LubeLogger writes its tags with blanks between them, others with commas.
        words = said.split(",") if "," in said else said.split()
        return [word.strip()[:40] for word in words if word.strip()]

    def _cell(self, name: str) -> str:
        place = self.part.columns.get(name)
        return self.line.cells[place] if place is not None and place < len(self.line.cells) else ""
