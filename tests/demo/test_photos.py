"""The demo's own pictures."""

import io

import pytest
from PIL import Image

from app.demo import photos


@pytest.mark.parametrize("kind", sorted(photos.KINDS))
@pytest.mark.parametrize("tone", ["green", "red"])
def test_every_kind_is_a_picture_of_the_promised_size(kind: str, tone: str) -> None:
    picture = Image.open(io.BytesIO(photos.draw(kind, plate="HLG 4471", tone=tone)))
    assert picture.format == "JPEG"
    assert picture.size == photos.SIZE


def test_a_red_picture_is_marked_where_a_good_one_is_not() -> None:
    red = Image.open(io.BytesIO(photos.draw("battery", tone="red")))
    good = Image.open(io.BytesIO(photos.draw("battery", tone="green")))
    marked = [
        one for one in red.crop((850, 160, 1200, 480)).get_flattened_data() if one[0] > 150 > one[1] + 80
    ]
    clean = [
        one for one in good.crop((850, 160, 1200, 480)).get_flattened_data() if one[0] > 150 > one[1] + 80
    ]
    assert len(marked) > len(clean) * 1.5
