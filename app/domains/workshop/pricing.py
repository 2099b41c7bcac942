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
    costed_minor: int = 0
    """The part of the net whose cost is known; gross profit is reckoned on it alone."""
    uncosted: int = 0
    """How many lines are sold at a cost nobody has written down."""

    def __add__(self, other: "Price") -> "Price":
        return Price(
            self.net_minor + other.net_minor,
            self.tax_minor + other.tax_minor,
            self.cost_minor + other.cost_minor,
            self.costed_minor + other.costed_minor,
            self.uncosted + other.uncosted,
        )

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def margin_minor(self) -> int:
        """Gross profit: sales before tax less cost, of the lines whose cost is known."""
        return self.costed_minor - self.cost_minor

    @property
    def margin_share(self) -> Decimal | None:
        """Gross profit ÷ sales, to four places; None when nothing is sold, or at no cost that is known."""
        if self.costed_minor == 0 or self.cost_minor == 0:
            return None
        return (Decimal(self.margin_minor) / self.costed_minor).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def price_line(line: Sellable) -> Price:
    """What one line adds up to. A price without a cost is of unknown cost, not free; what is taken off costs nothing."""
    net, cost = rounded(line.quantity * line.unit_price_minor), rounded(line.quantity * line.unit_cost_minor)
    unknown = net > 0 and not line.unit_cost_minor
    return Price(net, rounded(net * line.tax_rate), cost, 0 if unknown else net, int(unknown))


def price_lines(lines: Iterable[Sellable]) -> Price:
    """What a job, or a whole document, adds up to."""
    return sum((price_line(line) for line in lines), Price())


def labor_hours(lines: Iterable[Sellable]) -> Decimal:
    """Sold hours of labour."""
    return sum((line.quantity for line in lines if line.kind == "labor"), Decimal(0))
