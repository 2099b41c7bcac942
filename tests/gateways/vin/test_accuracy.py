"""Real cars, labelled by people and makers: what a decoder must get right."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from app.gateways.vin import DecodedVin, decode
from app.gateways.vin.check_digit import has_right_digit

FLOOR = 0.95


class Known(NamedTuple):
    vin: str
    year: int
    makes: list[str]
    models: list[str]


def known() -> Iterator[Known]:
    for line in (Path(__file__).parent / "known_vins.tsv").read_text().splitlines():
        if not line.startswith("#"):
            vin, year, makes, models = line.split("\t")
            yield Known(vin, int(year), makes.lower().split("|"), models.split("|"))


KNOWN = list(known())


def words(name: str) -> set[str]:
    plain = name.lower().replace("-class", "").replace("rs 5", "rs5").replace("-", "")
    return set(re.findall(r"\w+", plain))


def is_right(car: Known, answer: DecodedVin) -> bool:
    """Same year, same make, and every word of the model's name among the words of our answer."""
    ours = words(f"{answer.model or ''} {answer.trim or ''}")
    return (
        answer.year == car.year
        and (answer.make or "").lower() in car.makes
        and any(words(model) <= ours for model in car.models)
    )


def test_make_model_and_year_of_real_cars_are_right() -> None:
    wrong = [(car.vin, answer) for car in KNOWN if not is_right(car, answer := decode(car.vin))]
    rate = 1 - len(wrong) / len(KNOWN)
    print(f"{rate:.1%} of {len(KNOWN)} real VINs")
    assert len(KNOWN) >= 350
    assert rate >= FLOOR, [(vin, answer.make, answer.model, answer.year) for vin, answer in wrong]


def test_real_cars_are_valid() -> None:
    assert [car.vin for car in KNOWN if not has_right_digit(car.vin)] == []
    assert [car.vin for car in KNOWN if not decode(car.vin).valid] == []


def test_a_vin_takes_less_than_twenty_milliseconds() -> None:
    """The best of three, for other tests keep the machine busy."""

    def taken(vin: str) -> float:
        started = time.perf_counter()
        decode(vin)
        return time.perf_counter() - started

    assert max(min(taken(car.vin) for _ in range(3)) for car in KNOWN) < 0.020


def test_a_mistyped_vin_takes_less_than_twenty_milliseconds_mostly() -> None:
    """Looking for the suspect asks dozens of neighbours; the machine may be busy, so the median counts."""
    times = []
    for car in KNOWN:
        wrong = car.vin[:4] + ("Z" if car.vin[4] != "Z" else "Y") + car.vin[5:]
        started = time.perf_counter()
        decode(wrong)
        times.append(time.perf_counter() - started)
    assert sorted(times)[len(times) // 2] < 0.020


@pytest.mark.parametrize(
    ("vin", "model", "fuel"),
    [
        ("1N4AZ0CP6GC304290", "Leaf", "electric"),
        ("1G1FW6S06J4140274", "Bolt EV", "electric"),
        ("1FTVW1EL5NWG15161", "F-150 Lightning", "electric"),
        ("5YJSA1E24FF100456", "Model S", "electric"),
        ("3FMTK4SX8TMA06702", "Mustang Mach-E", "electric"),
        ("2C4RC1L70PR614477", "Pacifica", "plug_in_hybrid"),
        ("19XFB4F24DE547421", "Civic", "hybrid"),
        ("3VWSD29M41M067176", "Jetta", "gasoline"),
        ("1FT8W3BT0REF19088", "F-350", "diesel"),
    ],
)
def test_the_fuel_is_named_as_the_garage_names_it(vin: str, model: str, fuel: str) -> None:
    answer = decode(vin)
    assert (answer.model, answer.fuel) == (model, fuel)


def test_facts_beyond_the_name() -> None:
    answer = decode("2C4RC1L70PR614477")
    assert (answer.make, answer.trim, answer.body, answer.engine) == (
        "Chrysler",
        "Touring L",
        "Minivan",
        "3.6 L V6",
    )
    assert (answer.cylinders, answer.displacement_l, answer.country, answer.region) == (
        6,
        3.6,
        "Canada",
        "North America",
    )
