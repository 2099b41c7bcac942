"""Engines in free words: what "2.0 TDI" or "B48, petrol" says, and whether a car has such a one."""

import re

import msgspec

from app.domains.parts.names import Sure, words_of

FUELS = {
    "diesel": "diesel tdi sdi cdi hdi bluehdi dci jtd jtdm multijet crdi tdci d4d dti cdti bluetec",
    "gasoline": "gasoline petrol benzin benziner essence tsi tfsi fsi ecoboost puretech tce vtec",
    "hybrid": "hybrid hev mhev",
    "plug_in_hybrid": "phev plugin",
    "electric": "electric ev bev elektro",
}
FUEL_OF = {word: fuel for fuel, words in FUELS.items() for word in words.split()}
LITRE = {"l", "lt", "ltr", "liter", "litre", "liters", "litres"}
CYLINDERS = {"cyl", "cylinder", "cylinders", "zyl", "zylinder"}
NOISE = {"engine", "motor", "with", "mit", "and", "und", "or", "oder"}
"""Words that say nothing of their own."""

_CUBIC = re.compile(r"(\d{3,4})(?:cc|ccm|cm3)")
_LITRES = re.compile(r"(\d{1,2}\.\d{1,2})([a-z]*)")
_LAYOUT = re.compile(r"([ilrvhw])(\d{1,2})")


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What free words say of an engine. Several of one kind are alternatives."""

    litres: frozenset[float] = frozenset()
    fuels: frozenset[str] = frozenset()
    cylinders: frozenset[int] = frozenset()
    layouts: frozenset[str] = frozenset()
    is_turbo: bool = False
    others: frozenset[str] = frozenset()
    """Codes and whatever else was not understood."""

    @property
    def is_ambiguous(self) -> bool:
        """ "1.6 TSI, 2.0 TDI" does not say that there is a 1.6 TDI."""
        return sum(len(one) > 1 for one in (self.litres, self.fuels, self.cylinders, self.others)) > 1 or (
            bool(self.others) and any(len(one) > 1 for one in (self.litres, self.fuels, self.cylinders))
        )


def read_engine(text: str) -> Engine:
    litres: set[float] = set()
    fuels: set[str] = set()
    cylinders: set[int] = set()
    layouts: set[str] = set()
    others: set[str] = set()
    is_turbo = False
    words = _words(text)
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        if found := _LITRES.fullmatch(word):
            litres.add(round(float(found[1]), 1))
            tail = found[2]
            if tail == "d" or tail in FUEL_OF:
                fuels.add(FUEL_OF.get(tail, "diesel"))
            elif tail == "t":
                is_turbo = True
            elif tail and tail not in LITRE:
                others.add(tail)
        elif found := _CUBIC.fullmatch(word):
            litres.add(round(int(found[1]) / 1000, 1))
        elif word.isdecimal() and after in {"cc", "ccm", "cm3"}:
            litres.add(round(int(word) / 1000, 1))
        elif word.isdecimal() and after in LITRE:
            litres.add(float(word))
        elif word.isdecimal() and after in CYLINDERS:
            cylinders.add(int(word))
        elif (found := _LAYOUT.fullmatch(word)) and 2 <= int(found[2]) <= 16:
            cylinders.add(int(found[2]))
            layouts.add("i" if found[1] in "ilr" else found[1])
        elif word in FUEL_OF:
            fuels.add(FUEL_OF[word])
        elif word.startswith("turbo"):
            is_turbo = True
        elif word not in LITRE | CYLINDERS | NOISE | {"cc", "ccm", "cm3"}:
            others.add(word)
    if "plug_in_hybrid" in fuels:
        fuels -= {"hybrid", "electric"}
    if "hybrid" in fuels:
        fuels -= {"electric"}
    return Engine(
        litres=frozenset(litres), fuels=frozenset(fuels), cylinders=frozenset(cylinders), layouts=frozenset(layouts),
        is_turbo=is_turbo, others=frozenset(others),
    )  # fmt: skip


def _words(text: str) -> list[str]:
    """Lower case, with the points of numbers kept: "2,0 TDI" is 2.0 and tdi."""
    plain = re.sub(r"(\d),(\d)", r"\1.\2", text.casefold())
    plain = re.sub(r"plug[\s-]*in", "plugin", plain)
    plain = re.sub(r"(\d)[\s-]*(cyl|zyl)", r"\1 \2", plain)
    found: list[str] = []
    for one in re.split(r"[^\w.]+", plain):
        number = _LITRES.fullmatch(one.strip("."))
        found += [number[0]] if number else words_of(one)
    return found


def has_engine(car: Engine, fuel: str, codes: frozenset[str], listed: str) -> Sure:
    """Whether a car of which this is known has an engine a list describes in free words. What the car does not say of
    itself, and words that are not understood, leave a doubt."""
    asked = read_engine(listed)
    found = [_litres(car, asked), _fuel(fuel, car, asked), _count(car, asked), _layout(car, asked)]
    if asked.is_turbo and not car.is_turbo:
        found.append(Sure.MAYBE)
    if asked.others and not any(_is_code(code, codes) for code in asked.others):
        found.append(Sure.MAYBE)
    if len(asked.others) > 1 and not all(_is_code(code, codes) for code in asked.others):
        found.append(Sure.MAYBE)
    if asked.is_ambiguous:
        found.append(Sure.MAYBE)
    return min(found)


def _is_code(asked: str, codes: frozenset[str]) -> bool:
    """A B48 is what a B48B20 is called."""
    return any(code == asked or (len(asked) > 2 and code.startswith(asked)) for code in codes)


def _litres(car: Engine, asked: Engine) -> Sure:
    if not asked.litres:
        return Sure.YES
    if not car.litres:
        return Sure.MAYBE
    return Sure.YES if any(abs(a - b) < 0.05 for a in car.litres for b in asked.litres) else Sure.NO


def _count(car: Engine, asked: Engine) -> Sure:
    if not asked.cylinders:
        return Sure.YES
    if not car.cylinders:
        return Sure.MAYBE
    return Sure.YES if car.cylinders & asked.cylinders else Sure.NO


def _layout(car: Engine, asked: Engine) -> Sure:
    if not asked.layouts:
        return Sure.YES
    if not car.layouts:
        return Sure.MAYBE
    return Sure.YES if car.layouts & asked.layouts else Sure.NO


MIXED = {"hybrid", "plug_in_hybrid"}


def _fuel(fuel: str, car: Engine, asked: Engine) -> Sure:
    if not asked.fuels:
        return Sure.YES
    ours = {fuel} if fuel and fuel != "other" else set(car.fuels)
    if not ours:
        return Sure.MAYBE
    if ours & asked.fuels:
        return Sure.YES
    burns = {"gasoline", "diesel"}
    is_half = (ours & MIXED and asked.fuels & (burns | MIXED)) or (ours & burns and asked.fuels & MIXED)
    return Sure.MAYBE if is_half else Sure.NO
