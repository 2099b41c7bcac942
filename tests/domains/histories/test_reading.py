"""What is read out of the files of other programs, without a database."""

import csv
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domains.histories.conventions import Conventions, day_in, decimal_mark_of, number_in
from app.domains.histories.programs import recognise
from app.domains.histories.rows import cars_in, rows_of
from app.domains.histories.sections import sections_in
from tests.domains.histories import written

AMERICAN = Conventions(day_order="mdy", distance="mi", volume="gal_us", currency="USD")
GERMAN = Conventions(day_order="dmy", decimal_mark=",", currency="EUR")


def read(text: str, usual: Conventions = AMERICAN, *, name: str = "export.csv", car: str = ""):
    sections = sections_in(text.encode())
    known = recognise(sections, file_name=name, usual=usual)
    return known, list(rows_of(sections, known.parts, known.conventions, car=car))


def counts(rows):
    found: dict[str, int] = {}
    for row in rows:
        found[row.outcome] = found.get(row.outcome, 0) + 1
    return found


def test_fill_ups_of_lubelogger_are_read_in_the_units_of_their_owner():
    known, rows = read(written.LUBELOGGER_FUEL)
    assert known.program == "LubeLogger"
    assert counts(rows) == {"entry": 2, "wrong": 1}
    second = rows[1]
    assert (second.day, second.km, second.cost_minor) == (date(2026, 1, 29), 78150, 3761)
    assert second.amount == Decimal("41.261")
    assert (second.is_full, second.note, second.tags) == (True, "near home, cold", ["city", "winter"])
    assert (rows[2].line, "02/30/2026" in rows[2].why) == (4, True)


def test_what_a_row_says_besides_goes_into_its_note():
    known, rows = read(written.LUBELOGGER_REPAIR, name="my repair records.csv")
    assert known.parts[0].kind == "repair"
    assert [row.outcome for row in rows] == ["entry", "wrong"]
    assert rows[0].note == "extrafield_Garage: Corner Garage"


def test_readings_and_plans_of_lubelogger():
    _known, rows = read(written.LUBELOGGER_ODOMETER)
    assert [(row.outcome, row.km) for row in rows] == [("reading", 74368), ("wrong", None)]
    _known, rows = read(written.LUBELOGGER_PLAN)
    assert counts(rows) == {"left_out": 1}
    assert rows[0].why.startswith("Plans")


def test_a_fuelio_file_has_several_tables():
    known, rows = read(written.FUELIO)
    assert known.program == "Fuelio"
    assert (known.conventions.distance, known.conventions.volume) == ("km", "l")
    fuel = [row for row in rows if row.kind == "fuel"]
    assert [(row.day, row.km, row.amount, row.cost_minor) for row in fuel] == [
        (date(2026, 3, 2), 81234, Decimal("41.520"), 6851), (date(2026, 3, 15), 81800, Decimal("20.000"), 0),
    ]  # fmt: skip
    assert fuel[0].note == "Autobahn,\nStau\nCity (optional): Bad Aibling\nFuelType: 110"
    assert (fuel[1].is_full, fuel[1].is_missed) == (False, True)
    costs = {row.title: row for row in rows if row.part == "Costs"}
    assert (costs["Oil change"].kind, costs["Oil change"].tags) == ("service", ["Service"])
    assert (costs["Car wash"].kind, costs["Car wash"].km, costs["Car wash"].cost_minor) == (
        "note",
        None,
        1250,
    )
    left = [row.why for row in rows if row.part == "Costs" and row.outcome == "left_out"]
    assert [why.split()[0] for why in left] == ["Income", "A", "A"]
    assert len(rows) == 2 + 5 + 1 + 2


def test_an_acar_file_writes_days_and_numbers_its_own_way():
    known, rows = read(written.ACAR)
    assert known.program == "aCar"
    assert (known.conventions.day_order, known.conventions.decimal_mark) == ("dmy", ",")
    fuel = [row for row in rows if row.kind == "fuel"]
    assert [(row.day, row.km, row.cost_minor, row.is_full) for row in fuel] == [
        (date(2026, 2, 3), 120500, 7214, True), (date(2026, 2, 13), 121100, 2160, False),
    ]  # fmt: skip
    assert [(row.title, row.cost_minor) for row in rows if row.kind == "service"] == [("Engine Oil", 14900)]


def test_fuelly_is_known_by_the_place_of_its_columns_and_may_hold_two_cars():
    known, rows = read(written.FUELLY, car="Civic")
    assert known.program == "Fuelly"
    assert counts(rows) == {"entry": 3, "left_out": 1}
    assert (rows[0].day, rows[0].km, rows[0].is_full) == (date(2026, 1, 9), 19867, True)
    assert (rows[1].is_full, rows[2].kind, rows[2].title) == (False, "service", "Oil change")
    assert "Truck" in rows[3].why
    sections = sections_in(written.FUELLY.encode())
    assert cars_in(sections, known.parts) == ["Civic", "Truck"]


def test_any_other_table_is_read_by_the_names_of_its_columns():
    text = "Datum;Kilometerstand;Liter;Kosten\n24.12.2025;10.500;40,5;70,20\n"
    known, rows = read(text.replace("Liter", "Litres"), GERMAN)
    assert (known.program, known.parts[0].kind) == ("", "fuel")
    assert (rows[0].day, rows[0].km, rows[0].amount, rows[0].cost_minor) == (
        date(2025, 12, 24), 10500, Decimal("40.500"), 7020,
    )  # fmt: skip


def test_the_head_says_what_stands_between_the_cells():
    text = "Date;Cost;Notes\n" + '2026-01-05;12,50;"a, b, c, d, e"\n' * 5
    [section] = sections_in(text.encode())
    assert (len(section.header), len(section.lines)) == (3, 5)


def test_what_is_no_table_is_said():
    with pytest.raises(csv.Error):
        sections_in(b"\x00\x01\x02PNG")
    assert sections_in(b"hello") == []


@given(st.integers(0, 9_999_999), st.sampled_from([".", ","]), st.sampled_from(["", "$", "€ ", "kr "]))
def test_a_number_is_read_as_it_was_written(minor, mark, sign):
    whole, rest = divmod(minor, 100)
    group = "," if mark == "." else "."
    text = sign + f"{whole:,}".replace(",", group) + mark + f"{rest:02}"
    assert decimal_mark_of([text]) == mark
    assert number_in(text, Conventions(decimal_mark=mark)) == Decimal(minor) / 100


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)), st.sampled_from(["ymd", "dmy", "mdy"]))
def test_a_day_is_read_as_it_was_written(day, order):
    shape = {"ymd": "%Y-%m-%d", "dmy": "%d.%m.%Y", "mdy": "%m/%d/%Y"}[order]
    assert day_in(day.strftime(shape), Conventions(day_order=order)) == day


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("150.000", ",", "150000"), (".50", ".", "0.5"), ("$.50", ".", "0.5"), ("Rs.50", ".", "50"),
        ("12,50", ".", None), ("1.2.3", ",", None), ("1 234,5 km", ",", "1234.5"), ("NaN", ".", None), ("", ".", None),
    ],
)  # fmt: skip
def test_a_number_is_never_guessed_at(text, mark, number):
    if number is None:
        with pytest.raises(ValueError, match="no number"):
            number_in(text, Conventions(decimal_mark=mark))
    else:
        assert number_in(text, Conventions(decimal_mark=mark)) == Decimal(number)


def test_where_a_column_could_be_read_both_ways_the_readers_habit_decides():
    assert decimal_mark_of(["150.000", "45.000"], otherwise=",") == ","
    assert decimal_mark_of(["150.000", "45.5"], otherwise=",") == "."
