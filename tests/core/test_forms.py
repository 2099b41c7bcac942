"""Numbers as people of any country write them, and numbers nobody means."""

import time
from decimal import Decimal

import msgspec
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.forms import read
from app.core.legible import LARGEST
from app.core.money import to_minor


class Sum(msgspec.Struct):
    amount: Decimal


class Count(msgspec.Struct):
    count: int


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1234.5", "1234.5"), ("1234,5", "1234.5"), ("1,234.5", "1234.5"), ("1.234,5", "1234.5"), ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"), ("1’234.5", "1234.5"), ("١٬٢٣٤٫٥", "1234.5"), ("۱۲۳", "123"), ("−3", "-3"), ("1,234,567", "1234567"),
        ("1e3", "1000"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_every_way_of_writing_it(typed: str, meant: str) -> None:
    assert read(Sum, {"amount": typed}).amount == Decimal(meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("82000", 82000),
        ("82,000", 82000),
        ("82.000", 82000),
        ("1.234.567", 1234567),
        ("82.0", 82),
        ("١٢٣", 123),
    ],
)
def test_nobody_drives_eighty_two_miles_with_three_decimals(typed: str, meant: int) -> None:
    assert read(Count, {"count": typed}).count == meant


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["en", "de", "fr", "de_CH", "ar_EG"]))
def test_what_is_shown_in_a_language_is_read_again(number: Decimal, language: str) -> None:
    written = format_decimal(number, format="#,##0.00", locale=language, numbering_system="default")
    assert read(Sum, {"amount": written}).amount == number


HUGE = st.one_of(
    st.sampled_from(["1e400", "-1e400", "1e-400", "1E900000", "0e999999", "NaN", "sNaN", "inf", "-Infinity", "9" * 60]),
    st.integers(10**15, 10**6000).map(lambda number: hex(number)[2:].translate(str.maketrans("abcdef", "123456"))),
    st.text("0123456789٠١٢٣eE+-.,_ ²½\u00a0", max_size=80),
    st.text(max_size=20),
)  # fmt: skip


@given(HUGE)
def test_whatever_is_typed_is_a_number_that_can_be_kept_or_a_message_beside_its_field(typed: str) -> None:
    began = time.process_time()
    for kind, field in ((Sum, "amount"), (Count, "count")):
        errors: dict[str, str] = {}
        given = 0
        try:
            given = getattr(read(kind, {field: typed}), field)
        except Invalid as wrong:
            errors = wrong.errors
        assert set(errors) <= {field}
        assert abs(to_minor(Decimal(given), "KWD")) <= LARGEST
    assert time.process_time() - began < 0.5
