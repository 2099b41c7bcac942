"""Every line of a file is a row, is about something else, or says why it cannot be read."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domains.recalls.lines import COLUMNS, Broken, Other, Row, Unreadable, decoded, read_line, read_lines
from app.domains.recalls.names import beginnings, key
from tests.domains.recalls.recall_files import line


def said(*lines):
    return list(read_lines(one.encode() for one in lines))


def test_a_line_says_what_is_wrong_with_which_car():
    [row] = said(line(model="Accord ", component="AIR BAGS:FRONTAL"))
    assert row == Row(
        "26V001000", "HONDA", "Accord", 2003, "AIR BAGS:FRONTAL", "The inflator may burst.", "Pieces may hit people.",
        "Dealers replace it.",
    )  # fmt: skip


def test_a_first_line_may_name_the_columns_in_any_order():
    names = ["yeartxt", "CORRECTIVE_ACTION", "CAMPNO", "MODELTXT", "MAKETXT", "COMPNAME", "DESC_DEFECT", "CONEQUENCE_DEFECT"]  # fmt: skip
    [row] = said(
        "\ufeff" + "\t".join(names), "9999\tReplace\t26V002000\tCIVIC\tHONDA\tWHEELS\tCracks\tIt breaks"
    )
    assert (row.year, row.campaign, row.model, row.remedy) == (9999, "26V002000", "CIVIC", "Replace")
    with pytest.raises(Unreadable, match="DESC_DEFECT"):
        said("CAMPNO\tMAKETXT\tMODELTXT\tYEARTXT\tCOMPNAME\tCORRECTIVE_ACTION\tCONEQUENCE_DEFECT")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(campaign=""), "no campaign number"),
        (line(make=" "), "no make"),
        (line(model="--"), "no model"),
        (line(year="soon"), "no model year"),
        (line(year="1066"), "no model year"),
        (line(DESC_DEFECT=""), "it does not say what is wrong"),
        ("a\tb", "2 columns"),
        (line(NOTES="a\tb"), "28 columns"),
        (line(NOTES="\x00"), "cannot be shown"),
        (line(component="x" * 301), "longer"),
    ],
)
def test_a_broken_line_says_why(text, reason):
    [broken] = said(text)
    assert isinstance(broken, Broken)
    assert broken.number == 1
    assert reason in broken.reason


def test_tires_and_seats_are_passed_over():
    assert said(line(RCLTYPECD="T"), line(RCLTYPECD="v"))[0] == Other(1)


def test_older_lines_are_read_as_latin_1():
    assert decoded("Citroën – x".encode("cp1252")) == "Citroën – x"
    assert decoded("Citroën".encode()) == "Citroën"


@given(st.text(), st.integers(1, 10**6))
def test_any_text_is_a_row_or_has_a_reason(text, number):
    one = read_line(text, number)
    assert isinstance(one, Row) or (one.number == number and (isinstance(one, Other) or one.reason))


@given(st.lists(st.text(st.characters(exclude_characters="\t\n\r")), min_size=22, max_size=27))
def test_any_fields_are_a_row_that_can_be_kept_or_have_a_reason(fields):
    one = read_line("\t".join(fields), 1)
    if isinstance(one, Row):
        assert one.year == 9999 or 1900 <= one.year <= 2100
        assert key(one.make)
        assert key(one.model)
        assert "\x00" not in "".join([one.defect, one.consequence, one.remedy, one.component])
    else:
        assert isinstance(one, Other) or one.reason


@given(st.lists(st.binary(), max_size=5))
def test_no_bytes_stop_the_reading(lines):
    with contextlib.suppress(Unreadable):
        assert len(list(read_lines(lines))) <= len(lines)


@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=8)))
def test_what_is_kept_stands_in_its_column(fields):
    fields = {name: " ".join(said.split()) for name, said in fields.items()}
    one = read_line(line(**fields), 1)
    if isinstance(one, Row):
        assert one.defect == fields.get("DESC_DEFECT", "The inflator may burst.")


@pytest.mark.parametrize("name", ["F-150", "f150", "F 150", "F–150"])
def test_names_are_compared_without_spaces_and_hyphens(name):
    assert key(name) == "f150"


def test_a_family_is_a_row_of_whole_words_at_the_start():
    assert beginnings("Transit Connect XL") == ["transit", "transitconnect", "transitconnectxl"]
    assert "trans" not in beginnings("Transit")
    assert beginnings("F-150 SuperCrew")[0] == "f150"
    assert beginnings("- -") == []
