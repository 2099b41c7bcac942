"""How often a task comes round for a car of this drive and age: the usual intervals, and where they differ.

Typical figures of makers' schedules and of the trade, in our own words, as those of `garage.TASKS`: no open list of each
maker's own exists, and the car's booklet goes before them.
"""

from dataclasses import dataclass
from typing import Final

from app.core.words import N_
from app.domains import garage
from app.domains.garage.tasks import ANY, BURNS

HYBRIDS = frozenset({"hybrid", "plug_in_hybrid"})
ELECTRIC = frozenset({"electric"})
RECUPERATES = HYBRIDS | ELECTRIC


@dataclass(frozen=True, slots=True)
class Interval:
    """After how many months or kilometres, whichever is first, and why that differs from the usual."""

    months: int | None
    km: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    task: str
    fuels: frozenset[str]
    from_years: int
    interval: Interval


_OLD = N_("shorter, for the car's age")
_RECUPERATES = N_("longer, for it brakes with its motor")
_BELT = N_("where it has a belt and no chain")
_HEAVY = N_("shorter, for the car's weight and torque")
_ROWS: Final = (
    _Row("oil", BURNS, 15, Interval(12, 10_000, _OLD)),
    _Row("inspection", ANY - ELECTRIC, 12, Interval(12, 15_000, _OLD)),
    _Row("inspection", ELECTRIC, 0, Interval(24, 30_000, N_("longer, for an electric car has less to service"))),
    _Row("spark_plugs", BURNS, 20, Interval(48, 50_000, _OLD)),
    _Row("coolant", BURNS, 20, Interval(36, 60_000, _OLD)),
    _Row("timing_belt", BURNS, 0, Interval(84, 120_000, _BELT)),
    _Row("timing_belt", BURNS, 15, Interval(72, 90_000, _BELT)),
    _Row("drive_belt", BURNS, 15, Interval(60, 80_000, _OLD)),
    _Row("transmission_oil", HYBRIDS, 0, Interval(None, 100_000, N_("longer, for a hybrid's transmission"))),
    _Row("brake_pads", RECUPERATES, 0, Interval(None, 100_000, _RECUPERATES)),
    _Row("tyres", ELECTRIC, 0, Interval(72, 40_000, _HEAVY)),
    _Row("tyre_rotation", ELECTRIC, 0, Interval(12, 10_000, _HEAVY)),
    _Row("new_starter_battery", ELECTRIC, 0, Interval(48, None, N_("shorter, for it works while the car charges"))),
)  # fmt: skip
"""Where a drive or an age asks for another interval than the usual one."""

NOT_SUGGESTED = frozenset({"tyre_pressure", "diesel_exhaust_fluid", "official_inspection", "registration"})
"""What is looked at every month, what a lamp says, and what the law of each country says: reminders have them."""


def tasks_of(fuel: str) -> list[str]:
    """The tasks suggested for a car of this fuel; where nobody knows it, those that every car has."""
    codes = garage.tasks_for(fuel)
    if fuel not in ANY:
        codes = [code for code in codes if garage.TASKS[code].fuels == ANY]
    return [code for code in codes if code not in NOT_SUGGESTED]


def interval_of(task: str, fuel: str, years: int | None) -> Interval:
    """How often a task comes round for a car of this fuel that is so many years old; None: nobody knows how old."""
    fitting = [
        row for row in _ROWS if row.task == task and fuel in row.fuels and row.from_years <= (years or 0)
    ]
    if fitting:
        return max(fitting, key=lambda row: row.from_years).interval
    usual = garage.TASKS[task]
    return Interval(usual.months, usual.km)
