"""Tables that people open in a spreadsheet, and tables that come out of one."""

import csv
import io
from collections.abc import Sequence
from typing import Any

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SEPARATORS = (";", "\t", ",", "|")


def cell(value: object) -> str:
    """A cell that a spreadsheet takes for text, whatever it begins with."""
    said = str(value)
    return (
        f"'{said}"
        if said.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠"))
        else said
    )


def csv_line(cells: Sequence[Any]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([cell(one) for one in cells])
    return file.getvalue()


def table_in(content: bytes) -> list[list[str]]:
    """The rows of a CSV file, whatever encoding and separator it was saved with: a mark at its beginning says the
    encoding, else it is UTF-8 if it can be and Windows' western one if not; the separator is the one that is most often
    in the first line. Cells are as written, without the spaces around them. Raises csv.Error for what is no table."""
    text = text_of(content)
    if "\x00" in text:
        raise csv.Error("binary")
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [[one.strip() for one in row] for row in rows]


def text_of(content: bytes) -> str:
    """A file as text: a mark at its beginning says the encoding, else it is UTF-8 if it can be, else Windows' western one."""
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
