"""What the demo's pictures show, one function a subject. Coordinates are pixels of a 1280 × 960 sheet."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.demo.photos import Sheet

INK, INK_2, METAL, SHADE, GLASS = "#14201F", "#5B6663", "#C9CFCB", "#9AA5A1", "#DCE6E4"
BODY, RUBBER, HAZARD, COOLANT = "#B9C6C2", "#39433F", "#E8721C", "#5FA8C9"


def _wheel(on: Sheet, x: float, y: float, r: float) -> None:
    on.circle(x, y, r, RUBBER)
    on.circle(x, y, r * 0.66, METAL)
    on.circle(x, y, r * 0.16, INK)
    for spoke in range(5):
        angle = spoke * 2 * pi / 5 - pi / 2
        on.line([(x, y), (x + r * 0.6 * cos(angle), y + r * 0.6 * sin(angle))], INK_2, 9)


def _profile(on: Sheet, turned: bool, tone: str) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return (1280 - x if turned else x, y)

    outline = [
        (130, 590), (128, 500), (150, 462), (330, 430), (470, 318), (560, 296), (800, 294), (890, 312), (1010, 418),
        (1110, 446), (1148, 486), (1152, 590), (1062, 600), (190, 600),
    ]  # fmt: skip
    on.line([(60, 690), (1220, 690)], INK, 6)
    on.shape([at(*p) for p in outline], BODY, width=6)
    on.shape([at(*p) for p in [(372, 428), (490, 334), (560, 318), (640, 316), (640, 428)]], GLASS)
    on.shape([at(*p) for p in [(662, 428), (662, 316), (800, 316), (868, 330), (948, 424)]], GLASS)
    on.line([at(650, 430), at(650, 590)], INK_2, 4)
    on.line([at(380, 440), at(372, 590)], INK_2, 4)
    on.line([at(930, 436), at(900, 560)], INK_2, 4)
    on.line([at(140, 512), at(1150, 512)], INK_2, 3)
    for handle in (590, 850):
        on.line([at(handle, 470), at(handle + 40, 470)], INK, 7)
    on.shape([at(*p) for p in [(132, 500), (190, 480), (196, 508), (130, 524)]], "#F4E7B0")
    on.shape([at(*p) for p in [(1112, 462), (1150, 496), (1150, 520), (1104, 506)]], "#D98880")
    for hub in (290, 985):
        _wheel(on, at(hub, 0)[0], 600, 88)
    on.measure((290, 745) if not turned else (295, 745), (985, 745) if not turned else (990, 745), "")
    if tone in ("red", "yellow"):
        x, y = at(770, 545)
        on.line([(x - 46, y - 10), (x - 10, y + 4), (x + 40, y - 2)], INK, 4)
        on.line([(x - 30, y + 8), (x + 24, y + 12)], INK, 3)
        on.ring(x, y, 62, tone)


def left(on: Sheet, reading: str, tone: str) -> None:
    _profile(on, False, tone)


def right(on: Sheet, reading: str, tone: str) -> None:
    _profile(on, True, tone)


def _end(on: Sheet, lamps: str) -> None:
    on.line([(160, 740), (1120, 740)], INK, 6)
    for x in (330, 840):
        on.box(x, 630, 110, 108, RUBBER)
    on.shape([(300, 660), (286, 480), (330, 430), (950, 430), (994, 480), (980, 660)], BODY, width=6)
    on.shape([(372, 430), (440, 290), (480, 276), (800, 276), (840, 290), (908, 430)], GLASS, width=6)
    for x in (308, 862):
        on.shape([(x, 476), (x + 110, 490), (x + 104, 540), (x + 6, 530)], lamps)
    on.box(300, 586, 680, 44, METAL)
    on.box(540, 560, 200, 52, "#FFFFFF")


def front(on: Sheet, reading: str, tone: str) -> None:
    _end(on, "#F4E7B0")
    for y in (486, 506, 526):
        on.line([(452, y), (828, y)], INK_2, 6)
    on.measure((300, 800), (980, 800), "")


def rear(on: Sheet, reading: str, tone: str) -> None:
    _end(on, "#D98880")
    on.line([(420, 470), (860, 470)], INK_2, 4)
    on.circle(420, 668, 20, METAL)
    if tone in ("red", "yellow"):
        on.line([(880, 600), (930, 612), (960, 602)], INK, 4)
        on.ring(920, 606, 58, tone)


def odometer(on: Sheet, reading: str, tone: str) -> None:
    on.pen.rounded_rectangle([240, 240, 2320, 1480], 180, fill="#1B2625", outline=INK, width=12)
    for x, needle in ((400, 0.72), (880, 0.3)):
        on.circle(x, 400, 210, "#0F1716", "#8A8676", 6)
        for tick in range(13):
            angle = pi * (0.75 + tick * 1.5 / 12)
            inner = 168 if tick % 3 == 0 else 184
            on.line(
                [(x + inner * cos(angle), 400 + inner * sin(angle)), (x + 198 * cos(angle), 400 + 198 * sin(angle))],
                "#EEF1EA", 5,
            )  # fmt: skip
        angle = pi * (0.75 + needle * 1.5)
        on.line([(x, 400), (x + 150 * cos(angle), 400 + 150 * sin(angle))], "#DDF247", 8)
        on.circle(x, 400, 18, "#8A8676")
    on.pen.rectangle([920, 1260, 1640, 1420], fill="#DCE6C0")
    on.text(640, 671, reading or "118 204 km", 58, INK, "mm")


def pad(on: Sheet, reading: str, tone: str) -> None:
    lining: float = {"red": 26, "yellow": 56}.get(tone, 110)
    on.box(590, 120, 100, 660, METAL)
    on.hatch(590, 120, 100, 660)
    for side in (-1, 1):
        face = 640 + side * 50
        on.box(min(face, face + side * lining), 200, lining, 440, "#7A6A58")
        back = face + side * lining
        on.box(min(back, back + side * 44), 180, 44, 480, SHADE)
        on.hatch(min(back, back + side * 44), 180, 44, 480, 14, INK_2)
        piston = back + side * 44
        on.box(min(piston, piston + side * 150), 320, 150, 200, "#DDE2DF")
    edge = 690 + lining
    on.measure((690, 720), (max(edge, 750), 720), "")
    on.text(
        max(edge, 750) + 30,
        738,
        reading or {"red": "2.1 mm", "yellow": "4.0 mm"}.get(tone, "9.4 mm"),
        64,
        INK,
    )
    on.text(200, 160, "inner", 34, INK_2)
    on.text(1010, 160, "outer", 34, INK_2)
    on.ring(690 + lining / 2, 420, 150 if lining < 60 else 180, tone)


def disc(on: Sheet, reading: str, tone: str) -> None:
    on.circle(640, 430, 350, METAL, width=7)
    for r in range(190, 345, 14 if tone == "green" else 9):
        on.circle(640, 430, r, None, SHADE, 1.5 if tone == "green" else 3)
    on.circle(640, 430, 150, "#DDE2DF", width=6)
    on.circle(640, 430, 62, INK_2)
    for bolt in range(5):
        angle = bolt * 2 * pi / 5 - pi / 2
        on.circle(640 + 106 * cos(angle), 430 + 106 * sin(angle), 18, INK)
    on.text(1020, 180, reading, 56, INK)
    on.ring(860, 300, 110, tone)


def tyre(on: Sheet, reading: str, tone: str) -> None:
    depth = {"red": 34, "yellow": 74}.get(tone, 150)
    top = 330
    on.shape(
        [(120, 760), (120, top + 60), (180, top), (1100, top), (1160, top + 60), (1160, 760)], RUBBER, width=6
    )
    for x in (300, 510, 720, 930):
        on.shape([(x, top), (x + 60, top), (x + 50, top + depth), (x + 10, top + depth)], "#F7F5EF")
    for y in (640, 670, 700):
        on.line([(130, y), (1150, y)], SHADE, 3)
    on.box(505, 120, 70, 210, "#DDE2DF")
    on.line([(540, 330), (540, top + depth)], INK, 10)
    for mark in range(8):
        on.line([(505, 140 + mark * 22), (530 if mark % 2 else 545, 140 + mark * 22)], INK, 3)
    on.line([(690, top), (790, top)], INK, 3)
    on.measure((820, top - 110), (820, top), "")
    on.text(850, top - 50, reading or {"red": "1.4 mm", "yellow": "3.2 mm"}.get(tone, "6.2 mm"), 64, INK)
    on.ring(540, top + depth / 2 + 10, 96, tone)


def battery(on: Sheet, reading: str, tone: str) -> None:
    on.box(170, 330, 560, 400, "#2A3533", 6)
    on.box(170, 330, 560, 70, "#3A4644")
    for x, sign in ((250, "−"), (590, "+")):
        on.box(x, 280, 70, 52, METAL)
        on.text(x + 35, 470, sign, 80, "#EEF1EA", "mm")
    on.box(850, 220, 320, 480, "#DDF247", 6)
    on.box(885, 260, 250, 140, "#DCE6C0")
    on.text(1010, 332, reading or "12.6 V", 72, INK, "mm")
    on.circle(1010, 540, 80, INK)
    on.line([(1010, 540), (1058, 490)], "#F7F5EF", 9)
    on.line([(285, 280), (285, 160), (930, 130), (930, 220)], INK, 11)
    on.line([(625, 280), (640, 200), (1090, 160), (1090, 220)], "#B3261E", 11)
    on.ring(1010, 330, 120, tone)


def coolant(on: Sheet, reading: str, tone: str) -> None:
    level = {"red": 700, "yellow": 610}.get(tone, 480)
    on.shape(
        [(390, 300), (900, 300), (930, 340), (930, 720), (890, 770), (400, 770), (360, 730), (360, 340)],
        "#FFFFFF",
        width=7,
    )
    on.shape(
        [(366, level), (924, level - 8), (924, 718), (886, 764), (404, 764), (366, 726)],
        COOLANT,
        "#2E6E8C",
        3,
    )
    on.box(560, 200, 170, 96, INK)
    for x in range(575, 725, 24):
        on.line([(x, 205), (x, 290)], INK_2, 4)
    for y, word in ((430, "MAX"), (640, "MIN")):
        on.line([(360, y), (480, y)], INK, 7)
        on.text(496, y + 14, word, 40)
    on.text(985, level + 12, reading, 56)
    on.line([(940, level), (975, level)], INK, 4)
    on.ring(770, level, 100, tone)


def leak(on: Sheet, reading: str, tone: str) -> None:
    on.shape([(220, 200), (1060, 200), (1000, 470), (780, 560), (500, 560), (280, 470)], METAL, width=7)
    on.hatch(300, 230, 680, 190, 26)
    for x in (270, 430, 590, 750, 910, 1010):
        on.circle(x, 222, 15, INK_2)
    on.circle(640, 520, 34, SHADE)
    on.shape([(640 + 22 * cos(a * pi / 3), 520 + 22 * sin(a * pi / 3)) for a in range(6)], METAL)
    if tone in ("red", "yellow"):
        on.shape(
            [(600, 556), (690, 556), (668, 640), (650, 690), (640, 720), (628, 680), (612, 620)],
            "#4A3A1C",
            "#2C220F",
            3,
        )
        on.shape([(640, 745), (658, 782), (640, 804), (622, 782)], "#4A3A1C", "#2C220F", 3)
        on.ring(642, 620, 130, tone)
    on.text(960, 660, reading, 52)


def cabin_filter(on: Sheet, reading: str, tone: str) -> None:
    used = {"red": "#8C7A5A", "yellow": "#B3A47F"}.get(tone, "#E9EDE6")
    for begin, fill, words in ((170, "#FFFFFF", "new"), (660, used, "yours")):
        on.box(begin, 210, 450, 500, "#DDE2DF", 6)
        for fold in range(15):
            x = begin + 24 + fold * 27
            on.shape([(x, 236), (x + 13, 222), (x + 26, 236), (x + 26, 684), (x, 684)], fill, INK_2, 2)
        on.text(begin + 225, 774, words, 44, INK, "ms")
    if tone in ("red", "yellow"):
        for spot in range(26):
            on.circle(
                690 + (spot * 97) % 390, 260 + (spot * 61) % 400, 5 + spot % 4 * 3, "#5E4E30", "#5E4E30", 1
            )
        on.ring(885, 460, 190, tone)


def high_voltage(on: Sheet, reading: str, tone: str) -> None:
    on.line([(60, 560), (420, 560), (470, 470)], HAZARD, 44)
    on.line([(860, 470), (910, 560), (1220, 560)], HAZARD, 44)
    on.box(430, 300, 470, 260, "#2A3533", 7)
    on.shape([(520, 300), (520, 210), (810, 210), (810, 300)], HAZARD, width=6)
    on.shape([(665, 330), (760, 510), (570, 510)], "#F2C230", width=7)
    on.shape([(672, 370), (640, 440), (664, 440), (652, 490), (694, 420), (668, 420)], INK, INK, 1)
    on.circle(930, 250, 60, None, "#8A8676", 16)
    on.box(870, 280, 120, 110, "#B3261E", 5)
    on.circle(930, 330, 14, INK)
    on.shape([(1000, 400), (1190, 400), (1190, 640), (1095, 690), (1000, 640)], "#FFFFFF", width=6)
    on.line([(960, 390), (1060, 410)], INK_2, 4)
    on.text(1095, 470, "LOCKED", 40, "#B3261E", "ms")
    on.text(1095, 540, reading or "0 V", 64, INK, "ms")
    on.ring(665, 430, 170, tone)
