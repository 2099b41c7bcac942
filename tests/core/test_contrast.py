from hypothesis import given
from hypothesis import strategies as some

from app.core import contrast

GROUNDS = (("#ffffff", "#f7f5ef", "#ece8dd"), ("#172221", "#0f1716", "#21302e"))
colours = some.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_what_the_guideline_says():
    assert contrast.ratio("#000000", "#ffffff") == 21
    assert contrast.ratio("#777777", "#777777") == 1
    assert round(contrast.ratio("#767676", "#ffffff"), 2) == 4.54  # the guideline's own border case


@given(colours, some.sampled_from(GROUNDS))
def test_the_nearest_shade_reads_and_what_reads_already_is_left_alone(colour, grounds):
    found = contrast.nearest(colour, grounds)
    assert contrast.weakest(found, grounds) >= contrast.LEAST
    if contrast.weakest(colour, grounds) >= contrast.LEAST:
        assert found == colour


def test_the_proposal_goes_no_further_than_it_must():
    found = contrast.nearest("#ff8800", GROUNDS[0])
    assert contrast.weakest(found, GROUNDS[0]) < 4.7
