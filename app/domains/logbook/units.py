"""Litres and kWh as their readers count them: L/100 km, km/L, miles to the gallon of either kind."""

from decimal import Decimal

import msgspec

from app.core.places import usual_fuel_unit
from app.core.render import KM_PER_MILE, number
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage import Vehicle

LITRES_PER_GALLON = Decimal("3.785411784")
"""US, by definition of 1959."""
LITRES_PER_IMPERIAL_GALLON = Decimal("4.54609")
"""By the Weights and Measures Act 1985."""


class Measure(msgspec.Struct, frozen=True):
    """How somebody counts what a car uses: distances as its dashboard does, consumption as they are used to."""

    distance: str
    """km or mi."""
    fuel: str
    """One of `core.places.FUEL_UNITS`."""

    @property
    def by_gallon(self) -> bool:
        """Whether fuel is bought by the US gallon; in Britain the pumps count litres."""
        return self.fuel == "mpg_us"


def measure_of(me: Viewer, car: Vehicle) -> Measure:
    """As they chose in their settings, else as is usual where they live for a car that counts as this one does."""
    return Measure(car.odometer_unit, me.fuel_unit or usual_fuel_unit(me.zone, car.odometer_unit))


def to_stored(typed: Decimal, kind: str, by: Measure) -> Decimal:
    """An amount as typed in litres, US gallons or kWh. To four decimals, as it is kept."""
    litres = typed * LITRES_PER_GALLON if kind == "fuel" and by.by_gallon else typed
    return litres.quantize(Decimal("0.0001"))


def as_typed(amount: Decimal, kind: str, by: Measure) -> Decimal:
    """The amount as its owner would type it; `to_stored` of it is the same amount to the third decimal."""
    shown = amount / LITRES_PER_GALLON if kind == "fuel" and by.by_gallon else amount
    return shown.quantize(Decimal("0.001")).normalize()


def amount_unit(kind: str, by: Measure) -> str:
    """What an amount is counted in."""
    if kind == "charge":
        return _("kWh")
    return _("gal") if by.by_gallon else _("L")


def amount_words(amount: Decimal, kind: str, by: Measure) -> str:
    """38.2 L, 10.1 gal, 22.5 kWh."""
    return f"{number(as_typed(amount, kind, by))} {amount_unit(kind, by)}"


def usage(amount: Decimal, km: int, kind: str, by: Measure) -> Decimal:
    """Consumption in the reader's unit (`usage_unit`). `amount`, litres or kWh, and `km` are above 0."""
    miles = km / KM_PER_MILE
    if kind == "charge":
        if by.fuel in ("km_l", "mpg_uk"):
            return (miles if by.fuel == "mpg_uk" else km) / amount
        return amount * 100 / (miles if by.distance == "mi" else Decimal(km))
    if by.fuel == "mpg_us":
        return miles / (amount / LITRES_PER_GALLON)
    if by.fuel == "mpg_uk":
        return miles / (amount / LITRES_PER_IMPERIAL_GALLON)
    return km / amount if by.fuel == "km_l" else amount * 100 / Decimal(km)


def usage_unit(kind: str, by: Measure) -> str:
    """What `usage` is counted in."""
    if kind == "charge":
        if by.fuel in ("km_l", "mpg_uk"):
            return _("mi/kWh") if by.fuel == "mpg_uk" else _("km/kWh")
        return _("kWh/100 mi") if by.distance == "mi" else _("kWh/100 km")
    return {"mpg_us": _("mpg"), "mpg_uk": _("mpg (UK)"), "km_l": _("km/L")}.get(by.fuel, _("L/100 km"))


def per_distance(minor_per_1000_km: Decimal, unit: str) -> Decimal:
    """Minor units for each kilometre or mile."""
    return minor_per_1000_km / 1000 * (KM_PER_MILE if unit == "mi" else 1)
