"""Numbers as people of any country write them, and numbers nobody means."""

import time
from decimal import Decimal

import msgspec
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.forms import Amount, minor_of, number_of, quantity_of, read
from app.core.legible import LARGEST
from app.core.money import to_minor
from app.core.words import speaking


class Sum(msgspec.Struct):
    amount: Decimal


class Price(msgspec.Struct):
    amount: Amount | None = None


class Count(msgspec.Struct):
    count: int


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1234.5", "1234.5"), ("1234,5", "1234.5"), ("1,234.5", "1234.5"), ("1.234,5", "1234.5"), ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"), ("1’234.5", "1234.5"), ("١٬٢٣٤٫٥", "1234.5"), ("۱۲۳", "123"), ("−3", "-3"), ("1,234,567", "1234567"),
        ("1e3", "1000"), ("1.234.567", "1234567"), ("1 234 567", "1234567"), ("12,34,567.5", "1234567.5"), ("- 3", "-3"), ("1,200", "1.200"),
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


@pytest.mark.parametrize("kind", [Sum, Count])
@pytest.mark.parametrize(
    "typed",
    ["1,2,3", "0,001,5", "1,23.45,6", "1,234.567,8", "1.23.456", "1 2", "12 34", "0,000,001", "1,234 567"],
)
def test_signs_that_group_no_thousands_make_no_number(kind: type[Sum | Count], typed: str) -> None:
    with pytest.raises(Invalid):
        read(kind, {"amount": typed, "count": typed})


def test_too_many_decimals_are_not_told_as_too_large() -> None:
    for typed, words in (("1e-40", "more decimals than can be kept"), ("1e40", "out of range")):
        with pytest.raises(Invalid) as wrong:
            read(Sum, {"amount": typed})
        assert words in wrong.value.errors["amount"]


def test_what_may_be_thousands_is_no_sum_and_no_quantity() -> None:
    for typed in ("1,200", "1.200", "1.000"):
        with pytest.raises(Invalid):
            minor_of(number_of(typed), "USD")
        with pytest.raises(Invalid):
            quantity_of(number_of(typed))
    assert minor_of(number_of("1,200"), "KWD") == 1200
    assert minor_of(number_of("1,200.5"), "USD") == 120050
    assert quantity_of(number_of("0,625")) == Decimal("0.625")  # kilograms of refrigerant


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        ("en", "1,200", "1200"), ("en", "1,20", "1.20"), ("en", "1.200", "1.200"), ("de", "1.200", "1200"), ("de", "1,200", "1.200"),
        ("en", "-1,200", "-1200"),
    ],
)  # fmt: skip
def test_thousands_of_money_are_read_as_the_readers_language_writes_them(
    language: str, typed: str, meant: str
) -> None:
    with speaking(language):
        assert str(read(Price, {"amount": typed}).amount) == meant


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
