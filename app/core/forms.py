"""From what a browser sends to a typed struct, or to a message for each field in the user's words."""

import re
import types
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from babel.numbers import get_group_symbol
from litestar.datastructures import FormMultiDict, UploadFile

from app.core.errors import Invalid
from app.core.legible import is_keepable
from app.core.money import decimals, to_minor
from app.core.words import _, spoken

S = TypeVar("S", bound=msgspec.Struct)

_LISTS = (list, tuple)


_THOUSANDS = msgspec.Meta(extra={"thousands": True})
Amount = Annotated[Decimal, _THOUSANDS]
"""Money: thousands may be written as the reader's language writes them, 1,200 in English and 1.200 in German."""


def read(kind: type[S], form: FormMultiDict | Mapping[str, Any]) -> S:
    """Convert a form to a struct. Texts are stripped, empty fields take their default.

    Lists collect every value of their name. Raises Invalid with one message a field and the values as sent.
    """
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in msgspec.structs.fields(kind):
        raw = _raw(form, field.encode_name, hints[field.name])
        if raw is None:
            if field.required:
                errors[field.name] = _("Please fill this in.")
            continue
        if _holds_nul(raw):
            errors[field.name] = _("This holds a character that cannot be kept.")
            continue
        try:
            found[field.name] = _convert(raw, hints[field.name])
        except (msgspec.ValidationError, ValueError) as error:
            errors[field.name] = _words_for(_bare(hints[field.name]), str(error))
    if errors:
        raise Invalid(errors, values=values_of(form))
    return kind(**found)


def values_of(form: FormMultiDict | Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, to show it again: text only."""
    return {name: value.replace("\x00", "") for name, value in form.items() if isinstance(value, str)}


def safe_next(url: str, otherwise: str) -> str:
    """A path on this site to go on to, never another site's."""
    plain = url.strip()
    if (
        plain.startswith("/")
        and not plain.startswith(("//", "/\\"))
        and plain.isprintable()
        and "\\" not in plain
    ):
        return plain
    return otherwise


def _raw(form: FormMultiDict | Mapping[str, Any], name: str, hint: Any) -> Any:
    if get_origin(_bare(hint)) in _LISTS:
        every = form.getall(name, []) if isinstance(form, FormMultiDict) else form.get(name, [])
        kept = [one for one in every if _is_filled(one)]
        return kept or None
    value = form.get(name)
    if isinstance(value, str):
        value = value.strip()
    return value if _is_filled(value) else None


def _holds_nul(raw: Any) -> bool:
    """PostgreSQL's text cannot; no keyboard writes it either."""
    return any(isinstance(one, str) and "\x00" in one for one in (raw if isinstance(raw, list) else [raw]))


def _is_filled(value: Any) -> bool:
    if isinstance(value, UploadFile):
        return bool(value.filename)
    return value not in (None, "")


def _bare(hint: Any) -> Any:
    """Without Annotated and without None."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        left = [one for one in get_args(hint) if one is not type(None)]
        return _bare(left[0]) if len(left) == 1 else hint
    return hint


def _convert(raw: Any, hint: Any) -> Any:
    bare = _bare(hint)
    if bare is UploadFile or (get_origin(bare) in _LISTS and get_args(bare)[0] is UploadFile):
        return raw
    if bare is bool:
        return raw in ("on", "true", "1", "yes")
    if bare is Decimal and isinstance(raw, str):
        return msgspec.convert(_sum_of(raw) if _is_sum(hint) else number_of(raw), hint)
    if bare is int and isinstance(raw, str):
        return msgspec.convert(_whole(raw), hint)
    if bare is datetime and isinstance(raw, str) and len(raw) == len("2026-11-24T16:30"):
        raw += ":00"  # a datetime-local field leaves full minutes without seconds
    if bare is time and isinstance(raw, str):
        raw = time.fromisoformat(raw).isoformat()  # as does a time field
    return msgspec.convert(raw, hint, strict=False)


LONGEST_NUMBER = 60
_BETWEEN_GROUPS = re.compile(r"[\s'’\u066c]+")
_UNSEEN = re.compile(r"[\u061c\u200e\u200f]+")
_IN_GROUPS = re.compile(r"[+-]?(?:[1-9]\d{0,2}([., ])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d\d)+,\d{3})")
"""Thousands, and India's hundreds of thousands."""


def number_of(typed: str) -> Decimal:
    """A number as people of any country write it: 1234.5, 1234,5, 1,234.5, 1.234,5, 1 234,5, ١٢٣٤٫٥. Raises ValueError
    for what is none, and for one that nothing can be reckoned with."""
    return _number(_plain_digits(typed))


def _is_sum(hint: Any) -> bool:
    return hint is _THOUSANDS or any(_is_sum(one) for one in get_args(hint))


def _sum_of(typed: str) -> Decimal:
    text = _plain_digits(typed)
    is_grouped = get_group_symbol(spoken()) in text and _IN_GROUPS.fullmatch(text)
    return _number(_joined(text) if is_grouped else text)


def _number(text: str) -> Decimal:
    head, mark, tail = text.rpartition("," if text.rfind(",") > text.rfind(".") else ".")
    if mark not in head and _IN_GROUPS.fullmatch(head):
        text = f"{_joined(head)}.{tail}"
    elif text.count(mark) != 1 and _IN_GROUPS.fullmatch(text):
        text = _joined(text)
    try:
        number = Decimal(text.replace(",", "."))
    except ArithmeticError:
        raise ValueError("no number") from None
    if not number.is_finite():
        raise ValueError("no number")
    if not is_keepable(number):
        raise ValueError("number <= the largest" if number.adjusted() >= 0 else "too many decimals")
    return number


def _whole(typed: str) -> int:
    """Three digits behind a point or comma are thousands: nobody writes whole numbers with decimals."""
    text = _plain_digits(typed)
    number = _number(_joined(text) if _IN_GROUPS.fullmatch(text) else text)
    if number != number.to_integral_value():
        raise ValueError("no whole number")
    return int(number)


def _joined(groups: str) -> str:
    return groups.translate({ord(mark): None for mark in "., "})


def _plain_digits(typed: str) -> str:
    """The digits of every script as ours, and one sign for what only groups them. Raises ValueError when it is endless."""
    if len(typed) > LONGEST_NUMBER:
        raise ValueError("number <= the largest" if typed.strip("+-").isdecimal() else "no number")
    text = _BETWEEN_GROUPS.sub(" ", _UNSEEN.sub("", typed)).strip()
    plain = "".join(str(unicodedata.decimal(one, one)) for one in text)
    return plain.replace("\u066b", ".").replace("\u2212", "-").replace("- ", "-")


def minor_of(amount: Decimal, currency: str, field: str = "amount") -> int:
    """A typed sum in minor units. Raises Invalid for `field` when it was written with more decimals than the currency
    knows, be they zeros: 1,200 dollars are not 1.20."""
    if _is_finer(amount, decimals(currency)):
        raise Invalid(
            {
                field: _(
                    "This has more decimals than %(currency)s knows. Please write thousands without a sign: 1000.",
                    currency=currency,
                )
            }
        )
    return to_minor(amount, currency)


def quantity_of(number: Decimal, field: str = "quantity") -> Decimal:
    """A typed number of things or hours, again. Raises Invalid for `field` when it may mean thousands, as 1,250 does, and
    when it was written with more than four decimals: those are kept."""
    if _is_finer(number, 4):
        raise Invalid({field: _("At most four decimals, please.")})
    if _is_finer(number, 2) and not _is_finer(number, 3) and abs(number) >= 1:
        raise Invalid({field: _("This may mean thousands. Please write them without a sign: 1000.")})
    return number


def _is_finer(number: Decimal, places: int) -> bool:
    return -int(number.as_tuple().exponent) > places


def _words_for(bare: Any, error: str) -> str:
    if "length <=" in error:
        return _("This is too long.")
    if "length >=" in error:
        return _("This is too short.")
    if bare is Decimal and "decimals" in error:
        return _("This has more decimals than can be kept.")
    if ">=" in error or "<=" in error or "> " in error or "< " in error:
        return _("This number is out of range.")
    if get_origin(bare) is Literal:
        return _("Please choose one of the options.")
    return {
        int: _("Please enter a whole number."),
        Decimal: _("Please enter a number."),
        float: _("Please enter a number."),
        date: _("Please enter a date."),
        datetime: _("Please enter a date and time."),
        time: _("Please enter a time."),
        UUID: _("Please choose one of the options."),
    }.get(bare, _("This does not look right."))


def check_email(email: str) -> None:
    """Raise Invalid for what cannot be an address."""
    local, at, host = email.partition("@")
    if not (local and at and "." in host) or any(sign.isspace() or ord(sign) < 32 for sign in email):
        raise Invalid({"email": _("Please enter an email address.")})


def stale_words() -> str:
    """Above a form that comes back because what it was drawn from has changed: what was typed is not thrown away."""
    return _(
        "This was changed while you were writing. What you typed stands below; saving again puts it in place of what stands there now."
    )
