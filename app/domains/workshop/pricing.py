"""What work costs: line, job and document totals in minor units of one currency.

Method: a line's net is quantity × unit price, its tax is net × rate, each rounded half away from zero to
the minor unit; everything above a line is a plain sum. Rounding happens nowhere else, so a total is always
the sum of what is printed, in currencies with no, two or three decimals alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from app.core.money import rounded


class Sellable(Protocol):
    """What a line must say of itself to be priced."""

    @property
    def kind(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def unit_cost_minor(self) -> int: ...
    @property
    def tax_rate(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Price:
    """Sums in minor units. `cost_minor` is the shop's own and never leaves the staff's pages."""

    net_minor: int = 0
    tax_minor: int = 0
    cost_minor: int = 0

    def __add__(self, other: "Price") -> "Price":
        return Price(
            self.net_minor + other.net_minor,
            self.tax_minor + other.tax_minor,
            self.cost_minor + other.cost_minor,
        )

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def margin_minor(self) -> int:
        """Gross profit: sales before tax less cost."""
        return self.net_minor - self.cost_minor

    @property
    def margin_share(self) -> Decimal | None:
        """Gross profit ÷ sales, to four places; None when nothing is sold, or at no cost that is known."""
        if self.net_minor == 0 or self.cost_minor == 0:
            return None
        return (Decimal(self.margin_minor) / self.net_minor).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def price_line(line: Sellable) -> Price:
    """What one line adds up to."""
    net = rounded(line.quantity * line.unit_price_minor)
    return Price(net, rounded(net * line.tax_rate), rounded(line.quantity * line.unit_cost_minor))


def price_lines(lines: Iterable[Sellable]) -> Price:
    """What a job, or a whole document, adds up to."""
    return sum((price_line(line) for line in lines), Price())


def labor_hours(lines: Iterable[Sellable]) -> Decimal:
    """Sold hours of labour."""
    return sum((line.quantity for line in lines if line.kind == "labor"), Decimal(0))
