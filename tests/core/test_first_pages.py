"""The first page of a PDF as a picture: of honest ones, and of those that have none or are made to burst."""

import io
import resource
import subprocess
import sys
import time
import zlib

import pytest
import typst
from PIL import Image
from pypdf import PdfReader, PdfWriter

from app.core.images import PAPER_PRESS, first_page

LETTER = typst.compile(b'#set page(paper: "a4", fill: red)\n= Policy\n#pagebreak()\nsecond', format="pdf")


def with_page(box, content, more=b""):
    """A PDF of one page, as somebody would write it by hand."""
    stream = zlib.compress(content, 9)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[" + box + b"]/Contents 4 0 R/Resources<<" + more + b">>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, part)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + table + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)


def locked():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(LETTER)))
    writer.encrypt("three quiet mountains", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


async def drawn(raw):
    file = io.BytesIO(raw)
    made = await first_page(file)
    assert file.tell() == 0
    return made


async def test_the_first_page_is_drawn_and_says_nothing_else():
    made = await drawn(LETTER)
    image = Image.open(io.BytesIO(made))
    assert (image.format, image.size) == ("WEBP", (848, 1200))
    red, green, blue = image.convert("RGB").getpixel((800, 1100))
    assert red > 200 > 100 > max(green, blue)
    assert not {"exif", "icc_profile", "xmp"} & set(image.info)


@pytest.mark.parametrize(
    ("box", "size"),
    [(b"0 0 14400 14400", (1200, 1200)), (b"0 0 10 20", (600, 1200)), (b"0 0 800 400", (1200, 600))],
)
async def test_a_page_of_any_size_is_brought_to_the_same(box, size):
    made = await drawn(with_page(box, b"0 0 1 rg 0 0 99999 99999 re f"))
    width, height = Image.open(io.BytesIO(made)).size
    assert abs(width - size[0]) <= 1
    assert abs(height - size[1]) <= 1


NONE = {
    "nothing": b"",
    "first bytes alone": b"%PDF-1.7\n1 0 obj\n%%EOF\n",
    "half of one": LETTER[: len(LETTER) // 2],
    "html": b"%PDF-1.7\n<!doctype html><script>alert(1)</script>",
    "a password": locked(),
}


@pytest.mark.parametrize("name", NONE)
async def test_what_has_no_page_to_be_drawn_has_no_picture(name):
    assert await drawn(NONE[name]) is None


BURSTING = {
    "a picture of 40,000 pixels a side": with_page(
        b"0 0 600 800",
        b"q 600 0 0 800 0 0 cm BI /W 40000 /H 40000 /BPC 8 /CS /RGB /F /Fl ID\n" + zlib.compress(b"\0" * 20_000_000, 9) + b"\nEI Q",
    ),
    "five million strokes": with_page(b"0 0 600 800", b"0 0 m 600 800 l S\n" * 5_000_000),
    "two million nested states": with_page(b"0 0 600 800", b"q " * 2_000_000),
}  # fmt: skip


@pytest.mark.parametrize("name", BURSTING)
async def test_one_that_is_made_to_burst_takes_only_its_own_process(name):
    assert len(BURSTING[name]) < 20 * 2**20
    started = time.monotonic()
    made = await drawn(BURSTING[name])
    assert time.monotonic() - started < 15
    assert made is None or made[8:12] == b"WEBP"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel caps memory there")
def test_the_child_may_not_grow(tmp_path):
    (tmp_path / "paper.pdf").write_bytes(LETTER)
    greedy = (
        "import runpy, sys; ran = runpy.run_path(sys.argv[1]); ran['cap']()\n"
        "try: hoard = bytearray(300 * 2**20)\n"
        "except MemoryError: sys.exit(7)"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", greedy, str(PAPER_PRESS)], timeout=20, check=False)
    assert ran.returncode == 7
    assert resource.getrlimit(resource.RLIMIT_DATA) != (256 * 2**20, 256 * 2**20)


async def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    await drawn(LETTER)
    await drawn(b"%PDF-1.7")
    assert list(tmp_path.iterdir()) == []
