"""What a VIN says without any data: its letters, its length and its check digit (ISO 3779, 49 CFR 565)."""

import re
import unicodedata

LENGTH = 17
LEGAL = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"  # pragma: allowlist secret
"""No I, O and Q: they are taken for 1 and 0."""

MISTAKEN_FOR = {"O": "0", "I": "1", "Q": "0"}

CHECK_POSITION = 9
CHECK_CHARACTERS = "0123456789X"

_VALUE = dict(zip(LEGAL, map(int, "012345678912345678123457923456789"), strict=True))
_WEIGHT = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def tidy(typed: str) -> str:
    """What the person meant: upper case, plain digits, no spaces, dots and dashes between the groups."""
    plain = "".join(
        str(unicodedata.digit(c, c)) for c in unicodedata.normalize("NFKC", typed) if c.isprintable()
    )
    return re.sub(r"[\s.\-–—_*]+", "", plain).upper()


def is_legal(vin: str) -> bool:
    return len(vin) == LENGTH and all(c in _VALUE for c in vin)


def is_made_up(vin: str) -> bool:
    """Legal characters that no maker can have stamped: hardly more than one of them over and over, or a first
    one that ISO 3780 gives to no part of the world."""
    return len(set(vin)) < 4 or vin[0] == "0"


def check_digit(vin: str) -> str:
    """The character that belongs in position 9 of a legal VIN."""
    return CHECK_CHARACTERS[_sum(vin) % 11]


def has_right_digit(vin: str) -> bool:
    return vin[CHECK_POSITION - 1] == check_digit(vin)


def repairs(vin: str) -> list[tuple[int, str]]:
    """Every single substitution (position from 1, repaired VIN), not of position 9, that mends the digit."""
    have, want = _sum(vin), CHECK_CHARACTERS.find(vin[CHECK_POSITION - 1])
    if want < 0:
        return []
    found = []
    for at, weight in enumerate(_WEIGHT):
        for character, value in _VALUE.items():
            changed = have + (value - _VALUE[vin[at]]) * weight
            if weight and character != vin[at] and changed % 11 == want:
                found.append((at + 1, vin[:at] + character + vin[at + 1 :]))
    return found


def must_have_check_digit(vin: str) -> bool:
    """North America by law (49 CFR 565), China by GB 16735. Elsewhere position 9 is the maker's own."""
    return vin[0] in "12345L" or (vin[0] == "7" and vin[1] not in "ABCDE")


def _sum(vin: str) -> int:
    return sum(_VALUE[c] * w for c, w in zip(vin, _WEIGHT, strict=True))
