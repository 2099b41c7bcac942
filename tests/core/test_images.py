import io
import subprocess
import sys
import time

import pytest
from PIL import Image

from app.core.images import LARGEST_IMAGE, PRESS, ImageRefused, recognise, renew
from tests.core import pictures

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WEBP_BOMB = pictures.saved("RGB", (8_000, 8_000), "red", "WEBP", lossless=True, quality=0, method=0)
PNG_MAGIC = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
LIES = {
    "html": (b"<!doctype html><script>alert(1)</script>", "not_an_image"),
    "svg": (SVG, "not_an_image"),
    "svg with a declaration": (b'<?xml version="1.0"?>' + SVG, "not_an_image"),
    "pdf": (b"%PDF-1.7\n%%EOF", "not_an_image"),
    "gif": (pictures.saved("RGB", (5, 5), "red", "GIF"), "not_an_image"),
    "tiff": (pictures.saved("RGB", (5, 5), "red", "TIFF"), "not_an_image"),
    "nothing": (b"", "empty"),
    "too large": (b"\xff\xd8\xff" + b"\0" * LARGEST_IMAGE, "too_large"),
    "html behind a png's first bytes": (PNG_MAGIC + b"<script>alert(1)</script>", "unreadable"),
    "html behind a jpeg's first bytes": (b"\xff\xd8\xff\xe0<html><script>", "unreadable"),
    "svg behind a webp's first bytes": (b"RIFF\x10\0\0\0WEBP" + SVG, "unreadable"),
    "half a jpeg": (pictures.jpeg()[:20_000], "unreadable"),
    "half a png": (pictures.saved("RGB", (300, 300), "red", "PNG")[:200], "unreadable"),
    "half a webp": (pictures.saved("RGB", (300, 300), "red", "WEBP")[:40], "unreadable"),
    "png bomb": (pictures.png_claiming(50_000, 50_000), "pixels"),
    "long thin png": (pictures.png_claiming(1, 60_000), "pixels"),
    "webp bomb": (WEBP_BOMB, "unreadable"),
}


@pytest.mark.parametrize("name", LIES)
async def test_what_is_no_photo_is_refused_within_two_seconds(name):
    raw, reason = LIES[name]
    started = time.monotonic()
    with pytest.raises(ImageRefused) as refused:
        await renew(raw)
    assert refused.value.reason == reason
    assert time.monotonic() - started < 2


BURSTING = {
    "png 50k × 50k": pictures.png_claiming(50_000, 50_000, rows=500),
    "png just within the limit": pictures.png_claiming(4_000, 4_000, rows=4_000),
    "webp 8k × 8k": WEBP_BOMB,
    "webp just within the limit": pictures.saved("RGB", (3_160, 3_160), "red", "WEBP"),
    "progressive jpeg of 48 megapixels": pictures.jpeg(8_000, 6_000, progressive=True, quality=20),
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
@pytest.mark.parametrize("name", BURSTING)
def test_no_image_takes_200_megabytes(name):
    watcher = (
        "import runpy, sys\n"
        "try: runpy.run_path(sys.argv[1], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "finally: print(*[l for l in open('/proc/self/status') if l.startswith('VmHWM')], file=sys.stderr)"
    )
    command = [sys.executable, "-I", "-c", watcher, str(PRESS)]
    ran = subprocess.run(command, input=BURSTING[name], capture_output=True, timeout=20, check=True)
    assert int(ran.stderr.split()[-2]) < 200 * 1024


async def test_a_photo_is_turned_upright_and_says_nothing_of_where_it_was_taken():
    raw = pictures.with_place_and_turn(600, 400)
    assert b"SecretPhoneMaker" in raw
    picture = await renew(raw)
    assert (picture.width, picture.height) == (400, 600)
    for made in (picture.full, picture.thumb):
        image = Image.open(io.BytesIO(made))
        assert not image.getexif()
        assert b"Secret" not in made
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)
        red = image.convert("RGB").getpixel((image.width - 5, 5))  # stored top left, shown top right
        assert red[0] > 200
        assert red[1] < 60


async def test_a_large_photo_is_brought_to_size_and_a_small_one_is_not_blown_up():
    large = await renew(pictures.jpeg(4032, 3024, quality=60))
    assert (large.width, large.height, large.thumb_width, large.thumb_height) == (2048, 1536, 480, 360)
    small = await renew(pictures.jpeg(64, 48))
    assert (small.width, small.height, small.thumb_width, small.thumb_height) == (64, 48, 64, 48)
    assert Image.open(io.BytesIO(large.full)).format == "JPEG"
    assert Image.open(io.BytesIO(large.thumb)).format == "WEBP"


@pytest.mark.parametrize(
    ("mode", "colour", "kind"),
    [
        ("RGBA", (255, 0, 0, 0), "PNG"),
        ("LA", (0, 0), "PNG"),
        ("P", 0, "PNG"),
        ("1", 1, "PNG"),
        ("I;16", 65_535, "PNG"),
        ("L", 255, "JPEG"),
        ("CMYK", (0, 0, 0, 0), "JPEG"),
        ("RGBA", (0, 0, 0, 0), "WEBP"),
    ],
)
async def test_every_kind_of_colour_ends_as_plain_rgb(mode, colour, kind):
    picture = await renew(pictures.saved(mode, (40, 30), colour, kind))
    image = Image.open(io.BytesIO(picture.full))
    assert image.mode == "RGB"
    if mode != "P":
        assert min(image.getpixel((20, 15))) > 240  # transparent and white alike are shown on white


async def test_what_hides_behind_a_photo_is_gone():
    picture = await renew(pictures.jpeg() + b"<script>alert(1)</script>PK\x03\x04")
    assert b"<script>" not in picture.full


def test_the_name_never_decides():
    assert recognise(pictures.jpeg()[:16]) == "jpeg"
    assert recognise(pictures.saved("RGB", (5, 5), "red", "PNG")[:16]) == "png"
    assert recognise(pictures.saved("RGB", (5, 5), "red", "WEBP")[:16]) == "webp"
    assert recognise(b"RIFF\x00\x00\x00\x00WAVEfmt ") is None
