"""Litres and kWh as their readers count them: with kilometres litres and L/100 km, with miles US gallons and mpg."""

from decimal import Decimal

from app.core.render import KM_PER_MILE, number
from app.core.words import _

LITRES_PER_GALLON = Decimal("3.785411784")


def to_stored(typed: Decimal, kind: str, unit: str) -> Decimal:
    """An amount as typed in litres, US gallons or kWh. To four decimals, as it is kept."""
    litres = typed * LITRES_PER_GALLON if kind == "fuel" and unit == "mi" else typed
    return litres.quantize(Decimal("0.0001"))


def as_typed(amount: Decimal, kind: str, unit: str) -> Decimal:
    """The amount as its owner would type it; `to_stored` of it is the same amount to the third decimal."""
    shown = amount / LITRES_PER_GALLON if kind == "fuel" and unit == "mi" else amount
    return shown.quantize(Decimal("0.001")).normalize()


def amount_unit(kind: str, unit: str) -> str:
    """What an amount is counted in."""
    if kind == "charge":
        return _("kWh")
    return _("gal") if unit == "mi" else _("L")


def amount_words(amount: Decimal, kind: str, unit: str) -> str:
    """38.2 L, 10.1 gal, 22.5 kWh."""
    return f"{number(as_typed(amount, kind, unit))} {amount_unit(kind, unit)}"


def usage(amount: Decimal, km: int, kind: str, unit: str) -> Decimal:
    """Consumption in the reader's unit: L/100 km, mpg (US), kWh/100 km or kWh/100 mi. `km` and `amount` above 0."""
    if kind == "fuel" and unit == "mi":
        return (km / KM_PER_MILE) / (amount / LITRES_PER_GALLON)
    return amount * 100 / (km / KM_PER_MILE if unit == "mi" else Decimal(km))


def usage_unit(kind: str, unit: str) -> str:
    """What `usage` is counted in."""
    if kind == "charge":
        return _("kWh/100 mi") if unit == "mi" else _("kWh/100 km")
    return _("mpg") if unit == "mi" else _("L/100 km")


def per_distance(minor_per_1000_km: Decimal, unit: str) -> Decimal:
    """Minor units for each kilometre or mile."""
    return minor_per_1000_km / 1000 * (KM_PER_MILE if unit == "mi" else 1)
