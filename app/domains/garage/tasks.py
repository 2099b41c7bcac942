"""The maintenance a car needs, and how often most makers ask for it."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from app.core.words import N_

BURNS = frozenset({"gasoline", "diesel", "hybrid", "plug_in_hybrid"})
SPARKS = BURNS - {"diesel"}
CHARGES = frozenset({"electric", "plug_in_hybrid"})
ANY = BURNS | CHARGES


@dataclass(frozen=True, slots=True)
class Task:
    """Work that comes round again: after so many months or kilometres, whichever is first."""

    name: str
    months: int | None = None
    km: int | None = None
    fuels: frozenset[str] = ANY


# Typical figures of makers' service schedules for cars of the last twenty years, from the middle of what they name: no open
# list of each maker's own exists. The car's own booklet goes before them, and the page says so.
TASKS: dict[str, Task] = {
    "oil": Task(N_("Engine oil and filter"), 12, 15_000, BURNS),
    "inspection": Task(N_("Service inspection"), 12, 20_000),
    "air_filter": Task(N_("Engine air filter"), 48, 45_000, BURNS),
    "cabin_filter": Task(N_("Cabin air filter"), 24, 25_000),
    "fuel_filter": Task(N_("Fuel filter"), 48, 60_000, frozenset({"diesel"})),
    "spark_plugs": Task(N_("Spark plugs"), 72, 90_000, SPARKS),
    "glow_plugs": Task(N_("Glow plugs"), None, 120_000, frozenset({"diesel"})),
    "timing_belt": Task(N_("Timing belt"), 84, 120_000, BURNS),
    "drive_belt": Task(N_("Accessory belt"), 72, 100_000, BURNS),
    "coolant": Task(N_("Engine coolant"), 60, 100_000, BURNS),
    "transmission_oil": Task(N_("Transmission fluid"), None, 80_000, BURNS),
    "diesel_exhaust_fluid": Task(N_("Diesel exhaust fluid"), None, 10_000, frozenset({"diesel"})),
    "brake_fluid": Task(N_("Brake fluid"), 24),
    "brakes": Task(N_("Brake pads and discs: check"), 12, 20_000),
    "brake_pads": Task(N_("New brake pads"), None, 50_000),
    "tyre_rotation": Task(N_("Tire rotation"), 12, 12_000),
    "tyre_pressure": Task(N_("Tire pressure"), 1),
    "tyres": Task(N_("New tires"), 72, 50_000),
    "alignment": Task(N_("Wheel alignment"), 24, 30_000),
    "starter_battery": Task(N_("12-volt battery: check"), 12),
    "new_starter_battery": Task(N_("New 12-volt battery"), 60),
    "wipers": Task(N_("Wiper blades"), 12),
    "air_conditioning": Task(N_("Air conditioning service"), 24),
    "steering": Task(N_("Steering and suspension: check"), 24, 40_000),
    "battery_coolant": Task(N_("High-voltage battery coolant"), 60, 120_000, CHARGES),
    "battery_health": Task(N_("High-voltage battery: health check"), 12, 30_000, CHARGES),
    "brake_service": Task(N_("Brakes: clean and lubricate"), 12, 20_000, CHARGES),
    "gear_oil": Task(N_("Reduction gear oil"), None, 120_000, frozenset({"electric"})),
    "charge_port": Task(N_("Charging port and cable: check"), 12, None, CHARGES),
    "official_inspection": Task(N_("Official inspection"), 24),
    "registration": Task(N_("Registration"), 12),
}

FIRST = ("oil", "inspection", "brake_fluid", "tyre_rotation", "battery_health", "official_inspection")
"""What most cars are taken to a workshop for: offered first."""


def tasks_for(fuel: str, *, but: Collection[str] = ()) -> list[str]:
    """The codes of the tasks a car of this fuel has, the common ones first; of a car whose fuel is unknown all of them."""
    fitting = [code for code, task in TASKS.items() if fuel not in ANY or fuel in task.fuels]
    ordered = [*(code for code in FIRST if code in fitting), *(code for code in fitting if code not in FIRST)]
    return [code for code in ordered if code not in but]


# What workshops and parts shops call it, in English and in German: whole words, without case. Where a name says two things
# ("Oil and filter, wipers") it is both. What only looks at something is no work of it, so "check" keeps its own words.
_CALLED: dict[str, str] = {
    "oil": r"oil (and|&|\+) filter|(engine )?oil (change|service)|oil filter|engine oil|ölwechsel|motoröl|ölfilter",
    "inspection": r"(multi-?point|service|annual|yearly) inspection|inspektion",
    "air_filter": r"(engine )?air filter|luftfilter",
    "cabin_filter": r"(cabin|pollen)( air)? filter|innenraumfilter|pollenfilter",
    "fuel_filter": r"fuel filter|kraftstofffilter|dieselfilter",
    "spark_plugs": r"spark plugs?|zündkerzen?",
    "glow_plugs": r"glow plugs?|glühkerzen?",
    "timing_belt": r"timing belt( kit)?|zahnriemen(satz)?",
    "drive_belt": r"(accessory|drive|serpentine|v-ribbed) belt|keil(rippen)?riemen",
    "coolant": r"(engine )?coolant|kühlmittel|kühlflüssigkeit",
    "transmission_oil": r"(automatic )?transmission (fluid|oil)|atf|getriebeöl",
    "brake_fluid": r"brake fluid|bremsflüssigkeit",
    "brakes": r"brakes? (check|inspection)|bremsen ?(check|prüfung|prüfen)",
    "brake_pads": r"(brake|front|rear) pads?( set)?|discs and pads|bremsbeläge|bremsbelagsatz|bremsklötze",
    "brake_service": r"(ev )?brake service|clean and lubricate brakes|bremsen ?(service|pflege)",
    "tyre_rotation": r"(tire|tyre) rotation|rotate (tires|tyres)",
    "tyres": r"(new|four|set of) (new )?(tires|tyres)|neue reifen|reifensatz",
    "alignment": r"((four-)?wheel )?alignment|achsvermessung|spureinstellung",
    "starter_battery": r"battery (check|test)|batterie ?(test|check|prüfung)",
    "new_starter_battery": r"(new )?(12[ -]?v(olt)?) battery(, (agm|efb))?|(agm|efb|starter) battery|starterbatterie",
    "wipers": r"wipers?( blades?)?|wischerblätter|scheibenwischer",
    "air_conditioning": r"(air conditioning|a/c) service|klimaservice|klimaanlagenservice",
    "steering": r"(steering|suspension) check",
    "battery_coolant": r"(high-voltage )?battery coolant( change)?|batteriekühlmittel",
    "battery_health": r"(ev|high-voltage|hv)( high-voltage)?( battery)? health( check)?|batteriezertifikat",
    "gear_oil": r"(reduction )?gear oil",
    "charge_port": r"charg(e|ing) port( and cable)? check",
}
_LONGER = ("cabin_filter", "battery_coolant", "starter_battery", "brakes")
"""Whose words hold another task's: "cabin air filter" is no engine air filter. They are read first, and taken out."""
_ONLY_LOOKED_AT = (
    r"(?!\W*(level|check|test|inspect|leak|sensor|light|warning|pump|housing|cap|prüf|stand|verlust))"
)
"""A leak of brake fluid that was found has changed none."""
_READ = {
    code: re.compile(rf"(?<![^\W_])(?:{said})(?![^\W_])" + _ONLY_LOOKED_AT, re.IGNORECASE)
    for code, said in _CALLED.items()
}


def tasks_in(words: str) -> list[str]:
    """The tasks that a job, a service or a part is of, read from what it is called, in the order of `TASKS`. Empty where
    the words say none: nothing is guessed."""
    found = set()
    for code in (*_LONGER, *_READ):
        if _READ[code].search(words):
            found.add(code)
            words = _READ[code].sub(" ", words) if code in _LONGER else words
    return [code for code in TASKS if code in found]
