"""How a file writes days, numbers and distances: guessed from all of its rows together, corrected by its owner."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from app.core.words import _

DayOrder = Literal["ymd", "dmy", "mdy"]
Mark = Literal[".", ","]
DistanceUnit = Literal["km", "mi"]
VolumeUnit = Literal["l", "gal_us", "gal_uk", "kwh"]

KM_PER_MILE = Decimal("1.609344")
LITRES = {"l": Decimal(1), "gal_us": Decimal("3.785411784"), "gal_uk": Decimal("4.54609"), "kwh": Decimal(1)}
"""Litres in a unit of volume; kilowatt-hours stay what they are."""

_NUMERIC_DAY = re.compile(r"(\d{1,4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,4})(?:[T ,].*)?$")
_NAMED_DAYS = ("%b %d %Y", "%d %b %Y", "%B %d %Y", "%d %B %Y")
_GROUPED = {
    ".": re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d*)(\.\d+)?\.?$"),
    ",": re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d*)(,\d+)?,?$"),
}
"""Thousands stand in threes, or they are no thousands: "12,50" is not 1250."""
_BEFORE = re.compile(r"[^\d+-]*")
_AFTER = re.compile(r"[^\d]+$")
_BLANKS = re.compile(r"['\u00a0\u202f\s]")


class Conventions(msgspec.Struct, frozen=True):
    day_order: DayOrder = "ymd"
    decimal_mark: Mark = "."
    distance: DistanceUnit = "km"
    volume: VolumeUnit = "l"
    currency: str = "USD"


def day_order_of(said: Iterable[str], *, otherwise: DayOrder) -> DayOrder:
    """In which order the days of a column are written. `otherwise` decides where every one could be read both ways."""
    votes = {"ymd": 0, "dmy": 0, "mdy": 0}
    for text in said:
        found = _NUMERIC_DAY.match(text)
        if not found:
            continue
        first, second, third = (int(one) for one in found.groups())
        if len(found[1]) == 4:
            votes["ymd"] += 1
        elif first > 12 >= second:
            votes["dmy"] += 1
        elif second > 12 >= first and third:
            votes["mdy"] += 1
    best: DayOrder = max(("ymd", "dmy", "mdy"), key=lambda order: votes[order])
    return best if votes[best] else otherwise


def _digits(text: str) -> str:
    """A number without the currency sign or unit around it; ".50" and "$.50" keep their point, "Rs.50" has none."""
    before = _BEFORE.match(text)
    said = before[0] if before else ""
    begins = len(said)
    if said.endswith((".", ",")) and not any(sign.isalpha() for sign in said):
        begins -= 1
    return _BLANKS.sub("", _AFTER.sub("", text[begins:]))


def decimal_mark_of(said: Iterable[str], *, otherwise: Mark = ".") -> Mark:
    """The sign before the decimals of the columns: what can be nothing else decides, and `otherwise` where both could be.

    "1,234.5" and "12.5" say a point, "1.234,5" and "12,50" a comma; "1,234" alone says nothing.
    """
    points = commas = 0
    for text in said:
        digits = _digits(text)
        point, comma = digits.rfind("."), digits.rfind(",")
        if point >= 0 and comma >= 0:
            points, commas = (points + 1, commas) if point > comma else (points, commas + 1)
        elif comma >= 0 and digits.count(",") == 1 and len(digits) - comma - 1 != 3:
            commas += 1
        elif point >= 0 and digits.count(".") == 1 and len(digits) - point - 1 != 3:
            points += 1
    if commas == points:
        return otherwise
    return "," if commas > points else "."


def day_in(text: str, conventions: Conventions) -> date:
    """The day a cell says, whatever time stands behind it. Raises ValueError with words for its owner."""
    found = _NUMERIC_DAY.match(text)
    try:
        if found:
            return _numeric(found, conventions.day_order)
        plain = " ".join(text.replace(",", " ").replace("-", " ").split()[:3])
        for shape in _NAMED_DAYS:
            try:
                return datetime.strptime(plain, shape).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
    except ValueError:
        pass
    raise ValueError(_("“%(text)s” is no day.", text=text[:40]))


def _numeric(found: re.Match[str], order: DayOrder) -> date:
    first, second, third = (int(one) for one in found.groups())
    if len(found[1]) == 4:
        return date(first, second, third)
    year = third + (2000 if third < 70 else 1900) if len(found[3]) <= 2 else third
    return date(year, first, second) if order == "mdy" else date(year, second, first)


def number_in(text: str, conventions: Conventions) -> Decimal:
    """The number a cell says, without its currency sign, unit and thousands. Raises ValueError with words."""
    digits, mark = _digits(text), conventions.decimal_mark
    if _GROUPED[mark].match(digits):
        try:
            return Decimal(digits.replace("," if mark == "." else ".", "").replace(mark, "."))
        except InvalidOperation:
            pass
    raise ValueError(_("“%(text)s” is no number.", text=text[:40]))


def yes_in(text: str) -> bool:
    """Whether a cell says yes: 1, true, yes, x, full."""
    return text.casefold() in {"1", "true", "yes", "y", "x", "full", "on", "t"}


def km_in(number: Decimal, conventions: Conventions) -> int:
    """A distance of the file in whole kilometres."""
    return round(number if conventions.distance == "km" else number * KM_PER_MILE)


def litres_in(number: Decimal, conventions: Conventions) -> Decimal:
    """An amount of the file in litres, to the millilitre, or in kilowatt-hours."""
    return (number * LITRES[conventions.volume]).quantize(Decimal("0.001"))
