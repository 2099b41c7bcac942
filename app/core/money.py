"""Money as whole minor units of an ISO 4217 currency."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import msgspec
from babel.numbers import get_currency_precision


class Money(msgspec.Struct, frozen=True):
    """An amount in the smallest unit of its currency: Money(1250, "USD") is $12.50, Money(1250, "VND") ₫1250."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other

    @property
    def major(self) -> Decimal:
        """The amount as people write it."""
        return to_major(self.minor, self.currency)


@lru_cache(maxsize=64)
def decimals(currency: str) -> int:
    """Digits after the point: 2 for USD, 0 for VND, 3 for KWD."""
    return get_currency_precision(currency)


def to_major(minor: int, currency: str) -> Decimal:
    """1250 minor units of USD are Decimal("12.50")."""
    return Decimal(minor).scaleb(-decimals(currency))


def to_minor(major: Decimal, currency: str) -> int:
    """Decimal("12.50") in USD is 1250; half a unit rounds up (away from zero)."""
    return rounded(major.scaleb(decimals(currency)))


def rounded(amount: Decimal) -> int:
    """To a whole minor unit, half away from zero: the way invoices round."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros: 2, 2.0 and 2.00 are one quantity."""
    return format(number.normalize(), "f") if number else "0"
