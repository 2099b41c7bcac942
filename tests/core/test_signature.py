"""Only numbers of a drawing are kept."""

import base64

import pytest

from app.core.errors import Invalid
from app.core.signature import drawing_uri, read_drawing

PATH = (
    '<path d="M 10.000,20.500 C 11.000,21.000 -12.000,22.000 13.000,23.000" stroke-width="2.250" '
    'stroke="#000" fill="none" stroke-linecap="round"></path>'
)
DOT = '<circle r="1.7" cx="40.5" cy="60.25" fill="#000"></circle>'


def pad(inside: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 300 160" width="300" height="160">{inside}</svg>'
    )


def test_curves_and_dots_are_kept() -> None:
    drawn = read_drawing(pad(PATH + DOT))
    assert drawn is not None
    assert drawn["svg"].count("<path") == drawn["svg"].count("<circle") == 1
    assert 'viewBox="0 0 300 160"' in drawn["svg"]


@pytest.mark.parametrize("nothing", [None, "", "  ", pad("")])
def test_an_empty_pad_is_no_signature(nothing: str | None) -> None:
    assert read_drawing(nothing) is None
    assert drawing_uri(None) == ""


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<path d="M 1,1 C 1,1 1,1 1,1" stroke-width="1" onload="alert(1)"/>',
        '<image href="https://example.com/x.png"/>',
        '<circle cx="1" cy="1" r="1" onclick="x()"/><foreignObject><b>x</b></foreignObject>',
        '<path d="M 1,1 C url(#x)" stroke-width="1"/>',
    ],
)
def test_nothing_but_numbers_survives(evil: str) -> None:
    drawn = read_drawing(pad(PATH + evil))
    assert drawn is not None
    for word in ("script", "onload", "onclick", "image", "foreign", "url", "href"):
        assert word not in drawn["svg"]


@pytest.mark.parametrize("junk", ["hello", "<svg></svg>", "x" * 400_000, pad(DOT * 7000)])
def test_what_is_no_drawing_is_refused(junk: str) -> None:
    with pytest.raises(Invalid):
        read_drawing(junk)


def test_it_is_shown_as_an_image() -> None:
    uri = drawing_uri(read_drawing(pad(DOT)))
    assert uri.startswith("data:image/svg+xml;base64,")
    assert b"<circle" in base64.b64decode(uri.split(",")[1])
