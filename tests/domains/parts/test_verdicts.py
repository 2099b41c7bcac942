"""Whether a part fits, by each rule, and what holds whatever the lists say."""

import random
from itertools import combinations, pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domains.parts import CarFacts, Link, PartNumber, Row, Verdict, say, verdict
from app.domains.parts.cars import merged
from app.domains.parts.names import Sure, number_key, same_make, same_model
from app.domains.parts.verdicts import LONGEST_CHAIN, replaced_by
from app.gateways.vin import decode
from tests.domains.parts.lists import CAR, NUMBER, PART, link, row


def but(car: CarFacts = CAR, **facts: Any) -> CarFacts:
    return msgspec.structs.replace(car, **facts)


def judged(*rows: Row, car: CarFacts = CAR, part: PartNumber = PART, **more: Any) -> tuple[str, str]:
    found = verdict(car, part, rows, more.pop("links", ()), **more)
    return found.state, found.rule


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row()], ("fits", "fitment")),
        ([row(model="")], ("fits", "fitment")),
        ([row(number="11427953129", first=None, last=None)], ("fits", "fitment")),
        ([row(last=2015)], ("does_not_fit", "other_cars")),
        ([row(model="5 Series"), row(make="Audi", model="A4")], ("does_not_fit", "other_cars")),
        ([row(engine="3.0 L I6")], ("does_not_fit", "other_cars")),
        ([row(engine="2.0 TDI")], ("does_not_fit", "other_cars")),
        ([row(engine="N20")], ("fits", "fitment")),
        ([row(engine="1998 ccm petrol")], ("fits", "fitment")),
        ([row(engine="B48")], ("unknown", "doubt")),
        ([row(engine="1.6 petrol, 2.0 diesel")], ("unknown", "doubt")),
        ([row(engine="2.0 petrol, 3.0 diesel")], ("unknown", "doubt")),
        ([row(note="from 08/2016")], ("unknown", "doubt")),
        ([row(model="3 Series Gran Turismo")], ("unknown", "doubt")),
        ([row(model="328i")], ("fits", "fitment")),
        ([row(), row(excludes=True)], ("does_not_fit", "excluded")),
        ([row(), row(excludes=True, engine="2.0")], ("does_not_fit", "excluded")),
        ([row(), row(excludes=True, note="with sport package")], ("unknown", "may_be_excluded")),
        ([row(), row(excludes=True, engine="3.0")], ("fits", "fitment")),
        ([row(kind="aftermarket")], ("unknown", "no_data")),
        ([row(number="11427953130")], ("unknown", "no_data")),
        ([row(make="MINI", model="")], ("unknown", "doubt")),
    ],
)  # fmt: skip
def test_the_list_decides(rows, expected):
    assert judged(*rows) == expected


def test_a_line_of_another_brand_is_about_another_part():
    mann = row(number="W 712/95", kind="aftermarket", brand="MANN-FILTER")
    other = row(number="W712/95", kind="aftermarket", brand="Nipparts", model="5 Series")
    part = PartNumber(number="w 712/95", kind="aftermarket")
    assert judged(mann, other, part=part) == ("unknown", "brand")
    for brand, state in (("Mann Filter", "fits"), ("NIPPARTS", "does_not_fit"), ("Bosch", "unknown")):
        assert judged(mann, other, part=msgspec.structs.replace(part, brand=brand))[0] == state


CHAIN = [link("A 1", "B2"), link("B-2", "C3", source="ETK 2026-03"), link("X", "A1", make="Audi")]


@pytest.mark.parametrize(
    ("number", "wanted", "expected"),
    [
        ("A1", "a 1", ("fits", "asked")),
        ("B2", "A1", ("fits", "supersedes_asked")),
        ("C3", "A1", ("fits", "supersedes_asked")),
        ("A1", "C3", ("unknown", "older")),
        ("C3", "D4", ("unknown", "no_data")),
        ("A1", "X", ("unknown", "no_data")),
        ("C3", None, ("unknown", "no_data")),
    ],
)
def test_a_chain_of_numbers_runs_from_the_old_one_to_the_new(number, wanted, expected):
    assert judged(part=PartNumber(number=number), links=CHAIN, wanted_oem=wanted) == expected


def test_an_old_number_stands_in_for_the_new_one_only_where_it_is_written():
    part, both = PartNumber(number="A1"), [link("A1", "B2", both_ways=True), link("B2", "C3")]
    assert judged(part=part, links=both, wanted_oem="B2") == ("fits", "supersedes_asked")
    assert judged(part=part, links=both, wanted_oem="C3") == ("unknown", "older")


def test_what_takes_the_place_of_a_number_that_fits_does_fit():
    part, old = PartNumber(number="C3"), row(number="A1")
    found = verdict(CAR, part, [old], CHAIN)
    assert (found.rule, found.chain, found.source) == (
        "supersedes_fitting",
        ("A 1", "B-2", "C3"),
        "ETK 2026-03",
    )
    assert found.row == old
    assert "A 1 → B-2 → C3" in say(found)
    for doubt in (row(number="A1", note="with M package"), row(number="A1", model="5 Series")):
        assert judged(doubt, part=part, links=CHAIN)[0] == "unknown"
    assert judged(old, row(number="A1", excludes=True), part=part, links=CHAIN)[0] == "unknown"
    assert judged(old, row(number="C3", model="5 Series"), part=part, links=CHAIN)[0] == "does_not_fit"


def test_an_aftermarket_number_that_looks_like_the_one_asked_for_proves_nothing():
    part = PartNumber(number="A1", kind="aftermarket", brand="Bosch")
    assert judged(part=part, wanted_oem="A1") == ("unknown", "no_data")


@pytest.mark.parametrize("fact", ["make", "model", "year"])
def test_a_car_that_is_not_known_well_enough_is_not_turned_away(fact):
    empty = None if fact == "year" else ""
    other = row(make="Audi", model="A4", last=2013)
    assert judged(other) == ("does_not_fit", "other_cars")
    found = verdict(but(**{fact: empty}), PART, [other], [])
    assert found.state == "unknown"
    assert fact in found.asks
    assert verdict(but(doubtful=(fact,)), PART, [other], []).state == "unknown"


def test_a_vin_goes_before_what_was_typed_and_a_contradiction_is_a_doubt():
    decoded = decode("WBA8E9C50GK644512")
    car = merged(CarFacts(make="bmw", model="3 Series", year=2016), decoded)
    assert (car.model, car.year, car.displacement_l, car.doubtful) == ("328i", 2016, 2.0, ())
    assert judged(row(), car=car) == ("fits", "fitment")
    other = merged(CarFacts(make="BMW", model="5 Series", year=2012), decoded)
    assert other.doubtful == ("model", "year")
    assert judged(row(), car=other) == ("unknown", "doubt")
    assert merged(car, decode("WVWZZZ1KZAW123456")) == car, "what does not decode exactly adds nothing"


@pytest.mark.parametrize(
    ("make", "model", "listed", "sure"),
    [
        ("Ford", "F-150", "F150", Sure.YES),
        ("Ford", "F-150", "F-250", Sure.NO),
        ("Mazda", "Mazda3", "3", Sure.YES),
        ("Mazda", "CX-3", "CX-30", Sure.NO),
        ("Škoda", "Octavia", "OCTAVIA", Sure.YES),
        ("Volkswagen", "Golf", "Golf VII", Sure.MAYBE),
        ("Volkswagen", "Golf", "Golf7", Sure.MAYBE),
        ("Volkswagen", "Rabbit", "Golf", Sure.MAYBE),
        ("Volkswagen", "Golf", "Golf, Jetta", Sure.YES),
        ("Honda", "Civic", "Civic Type R", Sure.MAYBE),
        ("BMW", "330i", "3 Series", Sure.YES),
        ("BMW", "330i", "3er", Sure.YES),
        ("BMW", "330i", "328i", Sure.NO),
        ("BMW", "3 Series", "330i", Sure.MAYBE),
        ("BMW", "X3", "3 Series", Sure.NO),
        ("Mercedes-Benz", "C 300", "C-Class", Sure.MAYBE),
        ("Mercedes-Benz", "C 300", "E-Klasse", Sure.NO),
        ("Toyota", "", "Corolla", Sure.MAYBE),
    ],
)  # fmt: skip
def test_models_are_the_same_maybe_or_not(make, model, listed, sure):
    assert same_model(make, model, "", listed) is sure


def test_makes_have_short_names_and_relatives():
    assert same_make("VW", "Volkswagen") is Sure.YES
    assert same_make("Mercedes", "MERCEDES-BENZ") is Sure.YES
    assert same_make("Opel", "Vauxhall") is Sure.MAYBE
    assert same_make("Ford", "Fiat") is Sure.NO


# Whatever stands in the lists

MAKES, MODELS = ["BMW", "Audi", "MINI", "VW", ""], ["3 Series", "330i", "328i", "A4", "Golf", ""]
YEARS = some.none() | some.integers(2010, 2020)
NUMBERS = ["A1", "B2", "C3", "D4", "E5"]
ENGINES = ["", "2.0", "2.0 TDI", "3.0 I6", "N20", "1.6, 2.0 petrol"]

ROWS = some.lists(
    some.builds(
        Row, number=some.sampled_from(NUMBERS), make=some.sampled_from(MAKES[:-1]),
        model=some.sampled_from(MODELS), year_from=YEARS, year_to=YEARS, engine=some.sampled_from(ENGINES),
        note=some.sampled_from(["", "", "with M package"]), excludes=some.booleans(),
        kind=some.sampled_from(["oem", "oem", "aftermarket"]), brand=some.sampled_from(["", "Bosch", "Mann"]),
    ),
    max_size=6,
)  # fmt: skip
LINKS = some.lists(
    some.builds(
        Link, make=some.sampled_from(MAKES[:2]), old_number=some.sampled_from(NUMBERS),
        new_number=some.sampled_from(NUMBERS), both_ways=some.booleans(),
    ),
    max_size=6,
)  # fmt: skip
CARS = some.builds(
    CarFacts, make=some.sampled_from(MAKES), model=some.sampled_from(MODELS), year=YEARS,
    trim=some.sampled_from(["", "328i"]), engine=some.sampled_from(["", "2.0 L I4 turbo", "3.0 L I6"]),
    fuel=some.sampled_from(["", "gasoline", "diesel"]), engine_code=some.sampled_from(["", "N20B20"]),
)  # fmt: skip
PARTS = some.builds(
    PartNumber, number=some.sampled_from(NUMBERS), kind=some.sampled_from(["oem", "aftermarket"]),
    brand=some.sampled_from(["", "Bosch"]),
)  # fmt: skip
WANTED = some.none() | some.sampled_from(NUMBERS)


@given(CARS, PARTS, ROWS, LINKS, WANTED, some.randoms(use_true_random=False))
def test_the_order_of_the_lists_does_not_matter_and_a_verdict_can_be_kept(
    car, part, rows, links, wanted, chance: random.Random
):
    found = verdict(car, part, rows, links, wanted_oem=wanted)
    for each in (rows, links):
        chance.shuffle(each)
    assert verdict(car, part, rows, links, wanted_oem=wanted) == found
    assert msgspec.json.decode(msgspec.json.encode(found), type=Verdict) == found
    assert say(found)


@given(CARS, PARTS, ROWS, LINKS, WANTED)
def test_what_a_line_rules_out_never_fits(car, part, rows, links, wanted):
    """Not even if it is the number that was asked for, and whatever else is written."""
    named = Row(number=part.number, kind=part.kind, make="BMW", model="3 Series", excludes=True)
    known = but(make="BMW", model="3 Series", year=car.year, engine=car.engine)
    assert verdict(known, part, [*rows, named], links, wanted_oem=wanted).state == "does_not_fit"
    found = verdict(car, part, [*rows, named], links, wanted_oem=wanted)
    if found.state == "fits":
        assert (
            same_make(car.make, "BMW") is Sure.NO
            or same_model(car.make, car.model, car.trim, "3 Series") is Sure.NO
        )


@given(CARS, PARTS, ROWS, LINKS, WANTED)
def test_knowing_less_of_a_car_never_turns_a_part_away(car, part, rows, links, wanted):
    facts = {"make": "", "model": "", "year": None, "trim": "", "engine": "", "fuel": "", "engine_code": ""}
    before = verdict(car, part, rows, links, wanted_oem=wanted)
    for some_facts in (*combinations(facts, 1), *combinations(facts, 2)):
        less = but(car, **{name: facts[name] for name in some_facts})
        after = verdict(less, part, rows, links, wanted_oem=wanted)
        if after.state == "does_not_fit":
            assert before.state == "does_not_fit"
        if after.rule == "other_cars":
            assert all(less.knows(fact) for fact in ("make", "model", "year"))


@given(LINKS, some.sampled_from(NUMBERS))
def test_a_number_stands_in_for_what_leads_to_it_and_nothing_else(links, key):
    """Every chain is made of links that are there, in their direction, and circles end."""
    ways = {(number_key(one.old_number), number_key(one.new_number)) for one in links}
    ways |= {(new, old) for old, new in ways if any(
        one.both_ways for one in links if (one.old_number, one.new_number) == (old, new)
    )}  # fmt: skip
    reached, edge = set(), {key}
    while edge:
        edge = {old for old, new in ways if new in edge} - reached - {key}
        reached |= edge
    found = replaced_by(key, links)
    assert found.keys() == reached
    for chain, _source in found.values():
        steps = [*map(number_key, chain), key]
        assert all((old, new) in ways for old, new in pairwise(steps))


def test_a_chain_longer_than_any_there_is_proves_nothing():
    links = [link(f"N{at}", f"N{at + 1}") for at in range(LONGEST_CHAIN + 1)]
    part = PartNumber(number=f"N{LONGEST_CHAIN + 1}")
    assert judged(part=part, links=links, wanted_oem="N1") == ("fits", "supersedes_asked")
    assert judged(part=part, links=links, wanted_oem="N0") == ("unknown", "no_data")


def test_numbers_are_compared_without_the_marks_people_set():
    assert {number_key(one) for one in (NUMBER, "11427953129", "1142 7953-129")} == {"11427953129"}
