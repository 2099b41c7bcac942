"""Numbers, makes and models as they are compared, and how sure it is that two names mean the same.

Catalogues, owners and VIN data call one car by different names. What is the same but for spelling is the same; what
may be the same is MAYBE; only what can be no other name of it is NO.
"""

import re
import unicodedata
from enum import IntEnum


class Sure(IntEnum):
    """How surely something is so. The least of several is how surely all of them are."""

    NO = 0
    MAYBE = 1
    YES = 2


def number_key(number: str) -> str:
    """ "11 42-7.953 129" is 11427953129: makers, shops and labels set their marks as they please."""
    return "".join(one for one in unicodedata.normalize("NFKC", number).upper() if one.isalnum())


def fold(name: str) -> str:
    """Letters and digits only, without accents and case: "Škoda" is skoda, "F-150" is f150."""
    return "".join(words_of(name))


def words_of(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return re.findall(r"[^\W_]+", bare)


CALLED = {
    "vw": "volkswagen", "mercedes": "mercedesbenz", "merc": "mercedesbenz", "mb": "mercedesbenz", "chevy": "chevrolet",
    "alfa": "alfaromeo", "landrover": "landrover", "rangerover": "landrover", "rolls": "rollsroyce",
}  # fmt: skip
RELATED = (
    {"bmw", "mini"}, {"dodge", "ram"}, {"opel", "vauxhall", "holden", "saturn"}, {"citroen", "ds"}, {"fiat", "abarth"},
    {"seat", "cupra"}, {"toyota", "scion"}, {"nissan", "datsun", "infiniti"}, {"chevrolet", "daewoo", "gmc"},
    {"mercedesbenz", "mercedesamg", "amg", "smart", "maybach", "mercedesmaybach"}, {"renault", "dacia"},
    {"hyundai", "genesis"}, {"volvo", "polestar"}, {"rover", "mg"}, {"bmw", "bmwm", "bmwi", "alpina"},
)  # fmt: skip
"""Makes under whose names the same car is, or was, sold: none of them rules the other out."""


def make_key(make: str) -> str:
    key = fold(make)
    return CALLED.get(key, key)


def same_make(one: str, other: str) -> Sure:
    a, b = make_key(one), make_key(other)
    if not a or not b:
        return Sure.MAYBE
    if a == b:
        return Sure.YES
    is_near = a.startswith(b) or b.startswith(a) or any({a, b} <= family for family in RELATED)
    return Sure.MAYBE if is_near else Sure.NO


ONE_CATALOGUE = (
    {"volkswagen", "audi", "seat", "skoda", "cupra"}, {"bmw", "mini", "rollsroyce"}, {"toyota", "lexus", "scion"},
    {"peugeot", "citroen", "ds", "opel", "vauxhall"}, {"nissan", "infiniti"}, {"honda", "acura"}, {"renault", "dacia"},
    {"ford", "lincoln", "mercury"}, {"hyundai", "kia", "genesis"}, {"fiat", "alfaromeo", "lancia", "abarth"},
    {"chrysler", "dodge", "jeep", "ram", "plymouth"}, {"chevrolet", "gmc", "cadillac", "buick", "pontiac", "oldsmobile", "saturn"},
)  # fmt: skip
"""Makes whose parts come from one list of numbers."""


def shares_numbers(one: str, other: str) -> bool:
    """Whether a number may be the same part under both makes."""
    a, b = make_key(one), make_key(other)
    return same_make(one, other) is not Sure.NO or any({a, b} <= group for group in ONE_CATALOGUE)


ELSEWHERE = (
    {"golf", "rabbit", "gti", "golfgti", "r32", "golfr", "egolf", "caribe"}, {"jetta", "bora", "vento", "gli"},
    {"fit", "jazz"}, {"yaris", "vitz", "echo", "platz"}, {"corolla", "auris", "axio", "verso"}, {"qashqai", "roguesport", "dualis"},
    {"xtrail", "rogue"}, {"fusion", "mondeo"}, {"kuga", "escape", "maverick"}, {"optima", "k5", "magentis"},
    {"elantra", "i30", "avante", "elantragt"}, {"ix35", "tucson"}, {"accent", "verna", "solaris"}, {"3", "axela"},
    {"6", "atenza"}, {"2", "demio"}, {"mx5", "miata"}, {"asx", "outlandersport", "rvr"}, {"pajero", "montero", "shogun"},
    {"mclass", "mlclass", "gle", "gleclass"}, {"landcruiser", "prado", "landcruiserprado"}, {"aygo", "aygox"},
    {"legacy", "liberty"}, {"impreza", "wrx", "wrxsti"}, {"crosstrek", "xv"}, {"i10", "grandi10"}, {"picanto", "morning"},
    {"quest", "elgrand"}, {"frontier", "navara"}, {"sentra", "sylphy"}, {"z4", "z4m"}, {"caddy", "caddymaxi"},
    {"transporter", "caravelle", "multivan", "california", "eurovan", "vanagon"}, {"vivaro", "trafic", "primastar"},
    {"ram", "1500", "ram1500"}, {"ram", "2500", "ram2500"}, {"ram", "3500", "ram3500"},
)  # fmt: skip
"""Names under which one car is sold in different countries: neither rules the other out."""

BMW_MODEL = re.compile(r"m?([1-8])\d\d[a-z]{0,3}")
BMW_SERIES = re.compile(r"([1-8])(?:er|series)")
MERCEDES_MODEL = re.compile(r"([a-z]{1,3})\d{2,3}[a-z]*")
MERCEDES_CLASS = re.compile(r"([a-z]{1,3})(?:class|klasse)")


def same_model(make: str, model: str, trim: str, listed: str) -> Sure:
    """Whether a car, called `model` and perhaps `trim`, is one of those a list calls `listed`; it may name several."""
    if not fold(listed):
        return Sure.YES
    if not fold(model):
        return Sure.MAYBE
    return max(_one_of(make, model, trim, one) for one in (listed, *re.split(r"[,;/]", listed)) if fold(one))


def _one_of(make: str, model: str, trim: str, listed: str) -> Sure:
    ours, its = _bare(model, make), _bare(listed, make)
    if its in (ours, _bare(f"{model} {trim}", make)):
        return Sure.YES
    family = _family(make, ours, its)
    if its == _bare(trim, make):  # "330i" of a "3 Series" is the car; "Sport" of a Discovery may be anything
        return Sure.YES if family else Sure.MAYBE
    if family is not None:
        return family
    a, b = set(words_of(model)), set(words_of(listed))
    is_near = a <= b or b <= a or _is_numbered(ours, its) or any({ours, its} <= one for one in ELSEWHERE)
    return Sure.MAYBE if is_near else Sure.NO


def _bare(name: str, make: str) -> str:
    """Folded, without the make before it: "Mazda3" of Mazda is 3."""
    key, of = fold(name), fold(make)
    return key.removeprefix(of) if of and key != of else key


def _is_numbered(a: str, b: str) -> bool:
    """ "golf7" may be "golf"; "cx30" is no "cx3"."""
    short, long = sorted((a, b), key=len)
    return bool(short) and short[-1].isalpha() and long.startswith(short) and long[len(short)].isdigit()


def _family(make: str, ours: str, listed: str) -> Sure | None:
    """Where a maker's names have a system: BMW's 330i is one of the 3 Series. None where that says nothing."""
    if make_key(make) == "bmw":
        return _in_family(ours, listed, BMW_MODEL, BMW_SERIES, surely=True)
    if make_key(make) == "mercedesbenz":  # a C 300 is a C-Class, but not every GLC 63 is called GLC-Class
        return _in_family(ours, listed, MERCEDES_MODEL, MERCEDES_CLASS, surely=False)
    return None


def _in_family(
    ours: str, listed: str, model: re.Pattern[str], family: re.Pattern[str], *, surely: bool
) -> Sure | None:
    our_model, our_family = model.fullmatch(ours), family.match(ours)
    its_model, its_family = model.fullmatch(listed), family.match(listed)
    a, b = our_model or our_family, its_model or its_family
    if a is None or b is None or (our_model and its_model):
        return None
    if a[1] != b[1]:
        return Sure.NO
    is_whole = its_family is not None and its_family.end() == len(listed)
    return Sure.YES if surely and our_model and is_whole else Sure.MAYBE
