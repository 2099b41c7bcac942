"""The tables of a file. Some programs write several into one: a line names each, its columns follow."""

import csv
import io
import re

import msgspec

from app.core.spreadsheet import SEPARATORS, text_of

MOST_ROWS, MOST_COLUMNS, MOST_TABLES = 50_000, 200, 50
_TITLE = re.compile(r"#{1,3}\s*(\S.*)$")
_TITLES = {"metadata", "vehicles", "expenses", "trips", "services"}


class Line(msgspec.Struct, frozen=True):
    number: int
    """Of the file, from 1, as an editor shows it."""
    cells: list[str]


class Section(msgspec.Struct, frozen=True):
    """One table: its name (empty when the file has only one), its columns, its rows."""

    name: str
    header: list[str]
    lines: list[Line]

    def column(self, place: int) -> list[str]:
        """What stands in one column; rows that end before it have nothing there."""
        return [line.cells[place] if place < len(line.cells) else "" for line in self.lines]


def sections_in(content: bytes) -> list[Section]:
    """The tables of a CSV file of any encoding and separator, without those that have no rows.

    Raises csv.Error for what is no table, or is larger than MOST_ROWS, MOST_COLUMNS, MOST_TABLES say.
    """
    text = text_of(content)
    if "\x00" in text:
        raise csv.Error("binary")
    # As the first line that holds any: further down, notes and decimal commas hold more of the others.
    head = next((line for line in text.splitlines() if any(one in line for one in SEPARATORS)), "")
    separator = max(SEPARATORS, key=head.count)
    found: list[Section] = []
    name, header, lines = "", [], []  # type: tuple[str, list[str], list[Line]]
    for line in _lines(text, separator):
        title = _title(line.cells)
        if title:
            found.append(Section(name, header, lines))
            name, header, lines = title, [], []
        elif not header:
            header = line.cells
        else:
            lines.append(line)
    found.append(Section(name, header, lines))
    if len(found) > MOST_TABLES:
        raise csv.Error("too many tables")
    return [one for one in found if one.lines]


def _lines(text: str, separator: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines: list[Line] = []
    began = 1
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            lines.append(Line(began, cells))
        if len(lines) > MOST_ROWS or len(cells) > MOST_COLUMNS:
            raise csv.Error("too large")
        began = reader.line_num + 1
    return lines


def _title(cells: list[str]) -> str:
    """A line that names the table below it: alone in its line, and a title by its look."""
    if any(cells[1:]):
        return ""
    hashes = _TITLE.match(cells[0])
    if hashes:
        return hashes[1].strip()
    said = cells[0].casefold()
    return cells[0] if said in _TITLES or said.endswith(" records") else ""
