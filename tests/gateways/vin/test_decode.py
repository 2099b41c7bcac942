"""What is said of a VIN that is not right, or not from North America."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.gateways import vin as gateway
from app.gateways.vin import build, decode, layout, tables, tidy
from app.gateways.vin.check_digit import LEGAL, check_digit, has_right_digit, is_legal, repairs

ACCORD = "1HGCM82633A004352"


@given(st.text(max_size=40))
@example("")
@example("\x00")
@example("١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧")
@example("ßßßßßßßßßßßßßßßßß")
@example("𝟏HGCM82633A004352")
def test_no_text_makes_it_fail(text: str) -> None:
    answer = decode(text)
    assert answer.valid == (answer.problem is None)
    assert (answer.warning is None) == answer.valid


@given(st.text(LEGAL, min_size=17, max_size=17))
@settings(max_examples=300, deadline=None)
def test_no_vin_makes_it_fail(vin: str) -> None:
    answer = decode(vin)
    assert answer.vin == vin
    assert answer.suspect_position is None or 1 <= answer.suspect_position <= 17


@given(st.text(LEGAL, min_size=17, max_size=17))
def test_every_repair_makes_the_digit_right_and_changes_one_character(vin: str) -> None:
    for position, other in repairs(vin):
        assert has_right_digit(other)
        assert [at + 1 for at in range(17) if other[at] != vin[at]] == [position]


def test_the_check_digit_of_the_standard_example() -> None:
    assert check_digit("1M8GDM9A_KP042788".replace("_", "0")) == "X"
    assert has_right_digit("11111111111111111")


@pytest.mark.parametrize("typed", ["Z" * 17, "1" * 17, "0HGCM82633A004352", "1212121212121212A"])
def test_what_no_maker_stamps_is_no_real_vin(typed: str) -> None:
    answer = decode(typed)
    assert (answer.valid, answer.problem, answer.country) == (False, "made_up", None)
    assert "not a real VIN" in (answer.warning or "")


@pytest.mark.parametrize("typed", [" 1hgcm82633a004352 ", "1HGCM 82633 A004352", "1hg-cm826-33a-004352"])
def test_case_spaces_and_dashes_do_not_matter(typed: str) -> None:
    answer = decode(typed)
    assert (answer.vin, answer.valid, answer.make, answer.model) == (ACCORD, True, "Honda", "Accord")


def test_digits_of_another_script_are_digits() -> None:
    assert tidy("1HGCM82633A00٤٣٥٢") == ACCORD


@pytest.mark.parametrize(
    ("typed", "position", "letter"),
    [("1HGCM82633AO04352", 12, "O"), ("IHGCM82633A004352", 1, "I"), ("1HGCM82633A0Q4352", 13, "Q")],
)
def test_a_letter_that_no_vin_has_is_pointed_at(typed: str, position: int, letter: str) -> None:
    answer = decode(typed)
    assert (answer.valid, answer.problem, answer.suspect_position) == (False, "letter", position)
    assert answer.suggestion == ACCORD
    assert f"letter {letter}" in (answer.warning or "")
    assert answer.model == "Accord"


def test_a_character_that_is_neither_letter_nor_digit_is_pointed_at() -> None:
    answer = decode("1HGCM82633A0043é2")
    assert (answer.problem, answer.suspect_position, answer.suggestion) == ("character", 16, None)


@pytest.mark.parametrize("typed", ["", "1HGCM82633A00435", "1HGCM82633A0043522"])
def test_a_wrong_length_is_said(typed: str) -> None:
    answer = decode(typed)
    assert (answer.problem, answer.suspect_position) == ("length", None)
    assert f"this one has {len(typed)}" in (answer.warning or "")


def test_a_mistake_in_the_serial_number_has_no_known_place() -> None:
    answer = decode("1HGCM82633A004353")
    assert (answer.valid, answer.problem, answer.suspect_position) == (False, "check_digit", None)
    assert answer.model == "Accord"


def test_a_letter_where_the_check_digit_belongs_is_pointed_at() -> None:
    answer = decode("1FTVW1ELSNWG15161")
    assert (answer.valid, answer.suspect_position, answer.suggestion) == (False, 9, "1FTVW1EL5NWG15161")
    assert answer.model == "F-150 Lightning"


def test_the_only_repair_names_the_place() -> None:
    places = []
    for vin in ("1FTVW1EL5NWG15161", "1G1FW6S06J4140274", "2C4RC1L70PR614477", "5YJSA1E24FF100456", ACCORD):
        for at in range(3, 8):
            for other in LEGAL:
                typed = vin[:at] + other + vin[at + 1 :]
                answer = decode(typed)
                if other != vin[at] and answer.suspect_position:
                    assert has_right_digit(answer.suggestion or "")
                    places.append((answer.suspect_position == at + 1, answer.suggestion == vin))
    assert places
    assert sum(place for place, _ in places) / len(places) > 0.9


@pytest.mark.parametrize(
    ("vin", "make", "country", "year"),
    [
        ("WVWZZZE1ZMP012345", "Volkswagen", "Germany", 2021),
        ("VF1AG000264573258", "Renault", "France", None),
        ("TMBJJ7NE3J0123456", "Škoda", "Czech Republic", 2018),
        ("ZAR94000007000000", "Alfa Romeo", "Italy", None),
    ],
)
def test_a_car_from_elsewhere_has_its_brand_and_no_warning(
    vin: str, make: str, country: str, year: int | None
) -> None:
    answer = decode(vin)
    assert (answer.valid, answer.warning, answer.make, answer.country) == (True, None, make, country)
    assert answer.year == year
    assert answer.region == "Europe"


def test_nothing_is_invented_for_a_maker_nobody_knows() -> None:
    answer = decode("8ZZ00000000000000")
    assert (answer.make, answer.model, answer.year) == (None, None, None)


def test_without_the_data_the_maker_is_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "TARGET", Path("/nowhere/vpic.sqlite"))
    monkeypatch.setattr(tables, "_local", type(tables._local)())
    for cached in (tables.find_wmi, tables.last_year, tables.models, tables.engine_facts):
        cached.cache_clear()
    try:
        answer = decode(ACCORD)
        assert (answer.valid, answer.make, answer.model) == (True, "Honda", None)
        assert not gateway.is_ready()
    finally:
        monkeypatch.undo()
        for cached in (tables.find_wmi, tables.last_year, tables.models, tables.engine_facts):
            cached.cache_clear()


def test_makes_and_models_are_offered() -> None:
    assert {"Tesla", "Nissan", "Ford", "BMW"} <= set(gateway.makes())
    assert "Leaf" in gateway.models_of("nissan")
    assert gateway.models_of("no such make") == ()


def test_the_command_writes_one_object_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ACCORD.lower()}\n\nabc\n"))
    assert gateway.main(["1N4AZ0CP6GC304290", "-"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["vin"], line["valid"], line["model"]) for line in lines] == [
        ("1N4AZ0CP6GC304290", True, "Leaf"),
        (ACCORD, True, "Accord"),
        ("ABC", False, None),
    ]
    assert gateway.main([]) == 2


def test_the_data_is_built_once() -> None:
    before = build.TARGET.stat().st_mtime_ns
    assert build.main() == 0
    assert build.TARGET.stat().st_mtime_ns == before
    assert build.TARGET.stat().st_size < 20_000_000


@given(st.text("*#|_ABC123[]-", max_size=12))
def test_any_pattern_becomes_a_glob(keys: str) -> None:
    glob, weight = build.as_glob(keys)
    assert glob.endswith("*")
    assert weight >= 0
    assert is_legal(ACCORD)
