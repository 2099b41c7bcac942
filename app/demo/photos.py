"""The demo's pictures: drawn here, in the manner of a workshop manual, because we have no cars to photograph.

`draw("pad", plate="HLG 4471", reading="2.1 mm", tone="red")` gives JPEG bytes of 1280 × 960. A red or yellow picture
carries the ring and the word a technician would put on a photo.
"""

import io
import tempfile
from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from app.demo import shapes

FONTS = Path(__file__).resolve().parent.parent / "static" / "dist" / "fonts-pdf"
SIZE: Final = (1280, 960)
TWICE: Final = 2  # drawn at double size and scaled down: Pillow does not smooth its lines
PAPER, GRID, INK, INK_2, METAL, SHADE = "#F7F5EF", "#E6E0D1", "#14201F", "#5B6663", "#C9CFCB", "#9AA5A1"
TONES: Final = {"green": "#1B6E3C", "yellow": "#C77700", "red": "#B3261E", "": INK}
WORDS: Final = {"green": "good", "yellow": "soon", "red": "now", "": ""}


class Sheet:
    """A sheet of drawing paper with a pen that works in final pixels."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (SIZE[0] * TWICE, SIZE[1] * TWICE), PAPER)
        self.pen = ImageDraw.Draw(self.image)
        for x in range(0, SIZE[0], 40):
            self.line([(x, 0), (x, SIZE[1])], GRID, 1)
        for y in range(0, SIZE[1], 40):
            self.line([(0, y), (SIZE[0], y)], GRID, 1)

    def line(self, points: list[tuple[float, float]], colour: str = INK, width: float = 4) -> None:
        self.pen.line(_scaled(points), fill=colour, width=round(width * TWICE), joint="curve")

    def shape(
        self, points: list[tuple[float, float]], fill: str | None = None, edge: str = INK, width: float = 4
    ) -> None:
        if fill:
            self.pen.polygon(_scaled(points), fill=fill)
        self.line([*points, points[0]], edge, width)

    def box(self, x: float, y: float, w: float, h: float, fill: str | None = None, width: float = 4) -> None:
        self.shape([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], fill, width=width)

    def circle(
        self, x: float, y: float, r: float, fill: str | None = None, edge: str = INK, width: float = 4
    ) -> None:
        self.pen.ellipse(
            [(x - r) * TWICE, (y - r) * TWICE, (x + r) * TWICE, (y + r) * TWICE],
            fill=fill, outline=edge, width=round(width * TWICE),
        )  # fmt: skip

    def hatch(self, x: float, y: float, w: float, h: float, step: float = 18, colour: str = SHADE) -> None:
        """Section lines at 45°, as cut metal is drawn."""
        across = 0.0
        while across < w + h:
            begin = (x + min(across, w), y + max(0.0, across - w))
            end = (x + max(0.0, across - h), y + min(across, h))
            self.line([begin, end], colour, 2)
            across += step

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 34,
        colour: str = INK,
        anchor: str = "ls",
        sign: bool = True,
    ) -> None:
        self.pen.text(
            (x * TWICE, y * TWICE),
            words,
            font=lettering(round(size * TWICE), sign),
            fill=colour,
            anchor=anchor,
        )

    def measure(self, a: tuple[float, float], b: tuple[float, float], words: str, colour: str = INK) -> None:
        """A dimension: a line with arrow heads and its value beside it."""
        self.line([a, b], colour, 4)
        upright = abs(a[0] - b[0]) < abs(a[1] - b[1])
        for (x, y), away in ((a, 1), (b, -1)):
            tips = (
                [(x - 7, y + 20 * away), (x + 7, y + 20 * away)]
                if upright
                else [(x + 20 * away, y - 7), (x + 20 * away, y + 7)]
            )
            self.shape([(x, y), *tips], colour, colour, 1)
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        if upright:
            self.text(middle[0] + 24, middle[1], words, 56, colour, "lm")
        else:
            self.text(middle[0], middle[1] - 20, words, 56, colour, "ms")

    def ring(self, x: float, y: float, r: float, tone: str) -> None:
        """The mark of a grease pencil around what matters; nothing on a good picture."""
        if tone not in ("red", "yellow"):
            return
        points = [
            (x + (r + 7 * sin(3 * a)) * cos(a) * 1.15, y + (r + 5 * cos(2 * a)) * sin(a))
            for a in (i * 2 * pi / 72 for i in range(76))
        ]
        self.line(points, TONES[tone], 9)

    def caption(self, title: str, plate: str, tone: str) -> None:
        """The strip below: what, which car, and the tone as a word."""
        top = SIZE[1] - 104
        self.pen.rectangle([0, top * TWICE, SIZE[0] * TWICE, SIZE[1] * TWICE], fill=INK)
        for x in range(0, SIZE[0], 10):
            self.line([(x, top), (x, top + (14 if x % 50 == 0 else 7))], "#5B6966", 1)
        self.text(40, SIZE[1] - 38, title, 42, PAPER)
        end: float = SIZE[0] - 40
        if plate:
            width = self.pen.textlength(plate, font=lettering(36 * TWICE, True)) / TWICE + 44
            self.pen.rounded_rectangle(
                [(end - width) * TWICE, (top + 28) * TWICE, end * TWICE, (top + 84) * TWICE],
                10 * TWICE,
                fill="#FFFFFF",
            )
            self.text(end - width / 2, top + 57, plate, 36, INK, "mm")
            end -= width + 36
        if WORDS[tone]:
            self.text(end, SIZE[1] - 38, WORDS[tone], 36, "#DDF247", "rs")

    def jpeg(self) -> bytes:
        out = io.BytesIO()
        self.image.resize(SIZE, Image.Resampling.LANCZOS).save(out, "JPEG", quality=84, optimize=True)
        return out.getvalue()


def _scaled(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * TWICE, y * TWICE) for x, y in points]


@lru_cache(maxsize=32)
def lettering(size: int, sign: bool = True) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Our own letters: those of signs, or those of text."""
    path = FONTS / ("BarlowSemiCondensed-SemiBold.ttf" if sign else "Barlow-Regular.ttf")
    return ImageFont.truetype(str(path), size) if path.exists() else ImageFont.load_default(size)


def draw(kind: str, *, plate: str = "", reading: str = "", tone: str = "", title: str = "") -> bytes:
    """One picture as JPEG. `kind` is one of KINDS; `reading` is what the drawing shows as measured."""
    name, artist = KINDS[kind]
    sheet = Sheet()
    artist(sheet, reading, tone)
    sheet.caption(title or name, plate, tone)
    return sheet.jpeg()


Artist = Callable[[Sheet, str, str], None]

KINDS: Final[dict[str, tuple[str, Artist]]] = {
    "front": ("Walk-round, front", shapes.front),
    "rear": ("Walk-round, rear", shapes.rear),
    "left": ("Walk-round, left side", shapes.left),
    "right": ("Walk-round, right side", shapes.right),
    "odometer": ("Instruments", shapes.odometer),
    "pad": ("Front brake, section", shapes.pad),
    "disc": ("Brake disc", shapes.disc),
    "tyre": ("Tire tread, section", shapes.tyre),
    "battery": ("12 V battery under load", shapes.battery),
    "coolant": ("Coolant reservoir", shapes.coolant),
    "leak": ("Oil pan, from below", shapes.leak),
    "filter": ("Cabin filter", shapes.cabin_filter),
    "high_voltage": ("High-voltage service disconnect", shapes.high_voltage),
}


def film() -> bytes:
    """A brake disc that turns and wobbles, four seconds long: what a technician would record of a bent one."""
    import av  # half a second, and nobody but the demo asks for it here

    side, frames = 360, 48
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "disc.mp4"
        with av.open(str(path), "w") as out:
            picture = out.add_stream("libx264", rate=12, options={"preset": "ultrafast"})
            picture.width, picture.height, picture.pix_fmt = side * 4 // 3, side, "yuv420p"
            for number in range(frames):
                image = Image.new("RGB", (picture.width, side), PAPER)
                pen, turn = ImageDraw.Draw(image), number * 2 * pi / 24
                x, y = picture.width / 2 + 5 * sin(turn), side / 2
                for radius, fill in ((150, METAL), (78, SHADE), (30, PAPER)):
                    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill, INK, 3)
                for bolt in range(5):
                    angle = turn + bolt * 2 * pi / 5
                    px, py = x + 54 * cos(angle), y + 54 * sin(angle)
                    pen.ellipse((px - 8, py - 8, px + 8, py + 8), INK)
                for slot in range(12):
                    angle = turn + slot * pi / 6
                    near, far = (
                        (x + radius * cos(angle + bend), y + radius * sin(angle + bend))
                        for radius, bend in ((90, 0.0), (142, 0.25))
                    )
                    pen.line((*near, *far), SHADE, 5)
                pen.rectangle(
                    (x + 96 - 5 * sin(turn), y - 50, x + 176 - 5 * sin(turn), y + 50), TONES["red"], INK, 3
                )
                frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
                out.mux(picture.encode(frame))
            out.mux(picture.encode(None))
        return path.read_bytes()
