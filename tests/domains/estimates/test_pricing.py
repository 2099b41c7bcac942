"""Totals are sums of rounded lines, whatever the currency."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domains.estimates import pricing


@dataclass(frozen=True)
class Line:
    quantity: Decimal
    unit_price_minor: int
    unit_cost_minor: int = 0
    tax_rate: Decimal = Decimal(0)
    kind: str = "part"


# A dong has no decimals, a dollar two, a dinar three: the same sum in minor units differs a thousandfold.
PRICES = st.one_of(
    st.integers(0, 300_000), st.integers(0, 50_000_000), st.integers(0, 3_000_000), st.integers(-5_000, 0)
)
LINES = st.lists(
    st.builds(
        Line,
        quantity=st.decimals("0.01", "200", places=2),
        unit_price_minor=PRICES,
        unit_cost_minor=st.integers(0, 50_000_000),
        tax_rate=st.decimals("0", "0.27", places=4),
        kind=st.sampled_from(["labor", "part", "fee", "sublet"]),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("quantity", "unit", "net"),
    [("1", 1099, 1099), ("0.5", 1, 1), ("2.5", 3, 8), ("1.5", -1, -2), ("0.33", 10000, 3300)],
)
def test_a_half_is_rounded_away_from_zero(quantity: str, unit: int, net: int) -> None:
    assert pricing.price_line(Line(Decimal(quantity), unit)).net_minor == net


def test_tax_is_taken_from_the_rounded_net_of_each_line() -> None:
    line = Line(Decimal("1.15"), 9995, tax_rate=Decimal("0.08875"))
    price = pricing.price_line(line)
    assert (price.net_minor, price.tax_minor, price.total_minor) == (11494, 1020, 12514)
    three = pricing.price_lines([Line(Decimal(1), 105, tax_rate=Decimal("0.1"))] * 3)
    assert three.tax_minor == 33, "10.5 three times is 33 by line, not 32 on the sum"


@given(LINES)
def test_a_total_is_the_sum_of_its_lines(lines: list[Line]) -> None:
    whole = pricing.price_lines(lines)
    each = [pricing.price_line(line) for line in lines]
    assert whole.net_minor == sum(price.net_minor for price in each)
    assert whole.tax_minor == sum(price.tax_minor for price in each)
    assert whole.total_minor == whole.net_minor + whole.tax_minor
    assert sum(pricing.by_kind(lines).values(), pricing.Price()) == whole
    assert sum(pricing.by_tax_rate(lines).values(), pricing.Price()) == whole


@given(LINES, st.randoms())
def test_the_order_of_lines_changes_nothing(lines: list[Line], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert pricing.price_lines(shuffled) == pricing.price_lines(lines)


@given(LINES)
def test_no_line_is_rounded_by_more_than_half_a_minor_unit(lines: list[Line]) -> None:
    for line in lines:
        price = pricing.price_line(line)
        assert abs(price.net_minor - line.quantity * line.unit_price_minor) <= Decimal("0.5")
        assert abs(price.tax_minor - price.net_minor * line.tax_rate) <= Decimal("0.5")


@given(LINES)
def test_margin_is_sales_less_cost_of_the_lines_whose_cost_is_known(lines: list[Line]) -> None:
    price = pricing.price_lines(lines)
    unknown = [one for one in lines if not one.unit_cost_minor and pricing.price_line(one).net_minor > 0]
    known = pricing.price_lines([one for one in lines if one not in unknown])
    assert price.uncosted == len(unknown)
    assert price.margin_minor == known.net_minor - known.cost_minor
    assert (price.margin_share is None) == (known.net_minor == 0 or known.cost_minor == 0)
    if price.margin_share is not None:
        exact = Decimal(price.margin_minor) / known.net_minor
        assert abs(price.margin_share - exact) <= Decimal("0.00005")


def test_a_line_without_a_cost_is_no_profit() -> None:
    price = pricing.price_lines([Line(Decimal(1), 10000, 6000), Line(Decimal(2), 5000)])
    assert (price.margin_minor, price.margin_share, price.uncosted) == (4000, Decimal("0.4"), 1)
