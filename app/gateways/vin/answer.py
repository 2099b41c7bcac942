"""The answer a person or a program gets for a VIN."""

from typing import Literal

import msgspec
import vininfo  # type: ignore[import-untyped]

from app.gateways.vin import check_digit, decoding, suspect, words
from app.gateways.vin.decoding import Reading

Problem = Literal["length", "letter", "character", "made_up", "check_digit"]


class DecodedVin(msgspec.Struct, frozen=True, kw_only=True):
    """What a VIN says. None means that it does not say."""

    vin: str
    """As it is written on the car: upper case, no spaces."""
    valid: bool
    """Seventeen legal characters, and the right check digit where the maker uses one."""
    problem: Problem | None = None
    suspect_position: int | None = None
    """Counted from 1: the character that is wrong, where that can be known."""
    suggestion: str | None = None
    """The VIN that was probably meant."""
    warning: str | None = None
    """The problem in English words. It never stands in the way of adding a car."""
    make: str | None = None
    model: str | None = None
    year: int | None = None
    trim: str | None = None
    body: str | None = None
    doors: int | None = None
    drive: str | None = None
    fuel: str | None = None
    """gasoline, diesel, hybrid, plug_in_hybrid, electric or other."""
    engine: str | None = None
    engine_code: str | None = None
    cylinders: int | None = None
    displacement_l: float | None = None
    battery: str | None = None
    """The chemistry; its capacity is not in a VIN."""
    manufacturer: str | None = None
    country: str | None = None
    """Where it was built."""
    plant: str | None = None
    region: str | None = None
    exact: bool = False
    """False where the model is that of a sister car, or unknown."""


def decode(typed: str) -> DecodedVin:
    """Decode what a person typed. Never raises: a VIN that says nothing gives an empty answer."""
    vin = check_digit.tidy(typed)
    illegal = [at for at, character in enumerate(vin) if character not in check_digit.LEGAL]
    if len(vin) != check_digit.LENGTH:
        return DecodedVin(
            vin=vin,
            valid=False,
            problem="length",
            warning=f"A VIN has 17 characters; this one has {len(vin)}.",
        )
    if illegal:
        return _illegal(vin, illegal)
    if check_digit.is_made_up(vin):
        return DecodedVin(vin=vin, valid=False, problem="made_up", warning="This is not a real VIN.")
    reading = decoding.read(vin, trusted=_digit_is_fine(vin))
    if _digit_is_fine(vin) or not _uses_check_digit(vin, reading):
        return _answer(vin, reading, valid=True)
    position, meant = _wrong_check_character(vin) or suspect.only_repair(vin) or (None, None)
    if meant:
        reading = decoding.read(meant)
    where = f"position {position} is probably wrong" if position else "one character is probably mistyped"
    return _answer(
        vin,
        reading,
        valid=False,
        problem="check_digit",
        suspect_position=position,
        suggestion=meant,
        warning=f"The check digit in position 9 does not fit the rest of the VIN: {where}.",
    )


def _illegal(vin: str, illegal: list[int]) -> DecodedVin:
    at = illegal[0]
    meant = "".join(check_digit.MISTAKEN_FOR.get(character, character) for character in vin)
    if not check_digit.is_legal(meant):
        at = next(i for i in illegal if vin[i] not in check_digit.MISTAKEN_FOR)
        return DecodedVin(
            vin=vin,
            valid=False,
            problem="character",
            suspect_position=at + 1,
            warning=f"“{vin[at]}” in position {at + 1} cannot be part of a VIN.",
        )
    fits = check_digit.has_right_digit(meant) or not check_digit.must_have_check_digit(meant)
    return _answer(
        vin,
        decoding.read(meant, trusted=fits),
        valid=False,
        problem="letter",
        suspect_position=at + 1,
        suggestion=meant if fits else None,
        warning=f"A VIN never has the letter {vin[at]}; position {at + 1} is probably {meant[at]}.",
    )


def _wrong_check_character(vin: str) -> tuple[int, str] | None:
    """A check digit is 0 to 9 or X: any other letter there is wrong by itself."""
    at = check_digit.CHECK_POSITION
    if vin[at - 1] in check_digit.CHECK_CHARACTERS:
        return None
    return at, vin[: at - 1] + check_digit.check_digit(vin) + vin[at:]


def _digit_is_fine(vin: str) -> bool:
    return check_digit.has_right_digit(vin)


def _uses_check_digit(vin: str, reading: Reading) -> bool:
    """By law, or because it is one of the cars a maker from elsewhere builds for North America.

    Those makers fill position 9 of their other cars with a letter or a zero.
    """
    if check_digit.must_have_check_digit(vin):
        return True
    return reading.exact and vin[check_digit.CHECK_POSITION - 1] in check_digit.CHECK_CHARACTERS[1:]


def _answer(
    vin: str,
    reading: Reading,
    *,
    valid: bool,
    problem: Problem | None = None,
    suspect_position: int | None = None,
    suggestion: str | None = None,
    warning: str | None = None,
) -> DecodedVin:
    facts, wmi = reading.facts, reading.wmi
    abroad = _abroad(suggestion or vin)
    return DecodedVin(
        vin=vin,
        valid=valid,
        problem=problem,
        suspect_position=suspect_position,
        suggestion=suggestion,
        warning=warning,
        make=reading.make or abroad.make,
        model=words.model(reading),
        year=reading.year if reading.facts else _year(vin, reading),
        trim=words.trim(reading),
        body=words.body(reading),
        doors=words.doors(reading),
        drive=(facts.get("drive") or "").partition("/")[0] or None,
        fuel=words.fuel(reading),
        engine=words.engine(reading),
        engine_code=facts.get("engine"),
        cylinders=words.cylinders(reading),
        displacement_l=words.displacement(reading),
        battery=facts.get("battery"),
        manufacturer=(wmi.manufacturer if wmi else None) or abroad.make,
        country=words.country(facts.get("plant_country") or (wmi.country if wmi else None)) or abroad.country,
        plant=words.place(facts.get("plant_city")),
        region=abroad.region,
        exact=reading.exact,
    )


WRITES_THE_YEAR = (
    *("WVW", "WVG", "WV1", "WV2", "WAU", "WA1", "WUA", "TRU", "TMB", "VSS", "WP0", "WP1"),
    *("W0L", "YV", "YS2", "SAL", "SAJ"),
    *("KM", "KN", "U5Y", "TMA"),
    *("5YJ", "7SA", "XP7", "LRW"),
    *("JT", "SB1", "SJN", "VNV"),
)
"""Makers who put the model year into position 10 of the cars they sell outside North America too."""


def _year(vin: str, reading: Reading) -> int | None:
    """The year of a car whose model is unknown: only where position 10 is surely a year."""
    if not (check_digit.must_have_check_digit(vin) or vin.startswith(WRITES_THE_YEAR)):
        return None
    years = [reading.year] if reading.year else decoding.possible_years(vin)
    # Outside North America position 7 tells no decade; of two years take the one that is no longer ago.
    if not check_digit.must_have_check_digit(vin):
        years = sorted(decoding.possible_years(vin), reverse=True)
    return years[0] if years else None


class _Abroad(msgspec.Struct, frozen=True):
    make: str | None = None
    country: str | None = None
    region: str | None = None


def _abroad(vin: str) -> _Abroad:
    """Brand, country and region from vininfo, which knows the makers vPIC has never heard of."""
    try:
        known = vininfo.Vin(vin)
        make = known.manufacturer
        return _Abroad(None if "nsupported" in make else make, known.country, known.region)
    except Exception:  # a table of strangers: no answer is an answer
        return _Abroad()
