"""Figures of common electric cars: battery capacity, and the most it takes from a DC charger.

A VIN names neither. The figures are the makers' own for the pack most cars of that name were sold with (gross
capacity in kWh, peak DC power in kW); where a name was sold with several packs, nothing is guessed.
"""

from decimal import Decimal
from typing import NamedTuple


class Pack(NamedTuple):
    """What one battery holds and takes, for model years from `since` to `until`."""

    since: int
    until: int
    kwh: Decimal
    kw: Decimal


def _pack(since: int, until: int, kwh: str, kw: int) -> Pack:
    return Pack(since, until, Decimal(kwh), Decimal(kw))


PACKS: dict[tuple[str, str], tuple[Pack, ...]] = {
    ("audi", "e-tron gt"): (_pack(2021, 2024, "93.4", 270),),
    ("bmw", "i3"): (
        _pack(2013, 2016, "22", 50),
        _pack(2017, 2018, "33.2", 50),
        _pack(2019, 2022, "42.2", 50),
    ),
    ("bmw", "i4"): (_pack(2022, 2026, "83.9", 205),),
    ("chevrolet", "bolt ev"): (_pack(2017, 2019, "60", 55), _pack(2020, 2023, "66", 55)),
    ("chevrolet", "bolt euv"): (_pack(2022, 2023, "66", 55),),
    ("chevrolet", "spark ev"): (_pack(2014, 2014, "21.3", 50), _pack(2015, 2016, "19", 50)),
    ("fiat", "500e"): (_pack(2013, 2019, "24", 7), _pack(2024, 2026, "42", 85)),
    ("ford", "focus electric"): (_pack(2012, 2016, "23", 7), _pack(2017, 2018, "33.5", 50)),
    ("honda", "prologue"): (_pack(2024, 2026, "85", 150),),
    ("hyundai", "ioniq 9"): (_pack(2025, 2027, "110.3", 233),),
    ("hyundai", "kona electric"): (_pack(2019, 2023, "64", 77),),
    ("jaguar", "i-pace"): (_pack(2018, 2024, "90", 104),),
    ("kia", "niro ev"): (_pack(2019, 2022, "64", 77), _pack(2023, 2026, "64.8", 85)),
    ("kia", "soul ev"): (_pack(2015, 2017, "27", 50), _pack(2018, 2019, "30", 50)),
    ("mazda", "mx-30"): (_pack(2020, 2025, "35.5", 50),),
    ("nissan", "leaf"): (_pack(2011, 2015, "24", 50), _pack(2018, 2018, "40", 50)),
    ("polestar", "polestar 3"): (_pack(2024, 2026, "111", 250),),
    ("polestar", "polestar 4"): (_pack(2024, 2026, "100", 200),),
    ("renault", "zoe"): (_pack(2013, 2016, "25.9", 22),),
    ("smart", "fortwo electric drive"): (_pack(2013, 2017, "17.6", 22),),
    ("subaru", "solterra"): (_pack(2023, 2025, "72.8", 100),),
    ("toyota", "bz4x"): (_pack(2023, 2025, "72.8", 100),),
    ("volkswagen", "e-golf"): (_pack(2015, 2016, "24.2", 40), _pack(2017, 2020, "35.8", 40)),
    ("volkswagen", "id. buzz"): (_pack(2025, 2026, "91", 200),),
}  # fmt: skip


def pack_of(make: str | None, model: str | None, year: int | None) -> Pack | None:
    """The pack of a car, or None where it is unknown or there were several."""
    if not (make and model and year):
        return None
    packs = PACKS.get((make.lower(), model.lower()), ())
    return next((pack for pack in packs if pack.since <= year <= pack.until), None)
