"""How the two demo shops look and what they have set themselves, by their owners' own hands over some weeks."""

import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from litestar.datastructures import UploadFile
from PIL import Image, ImageDraw

from app.core import clock
from app.demo import people
from app.demo.photos import lettering
from app.demo.stage import Stage
from app.domains.network import branding, setting_values
from app.domains.notifications import own_words

HARBOR_RED, VOLT_BLUE, VOLT_VIOLET = "#8c2f1b", "#1d4ed8", "#5b2ca0"
BIG = (1920, 768)
PETRA = "petra@demo.test"

HARBOR: Mapping[str, Any] = {
    "business.legal_name": "Harbor Lane Garage LLC",
    "business.registration": "EIN 00-0000148",
    "business.phone": "+1 207 555 0148",
    "business.website": "https://harborlane.example",
    "formats.locale": "en_US",
    "formats.distance_unit": "mi",
    "invoices.terms": "Parts and labor are warranted for 24 months or 24,000 miles, whichever comes first.\nWe keep replaced parts for you until you collect the car.",
    "invoices.footer": "First Coast Bank · Routing 000000000 · Account 0000 0148",
}
VOLT: Mapping[str, Any] = {
    "business.legal_name": "Voltwerk Berlin GmbH",
    "business.registration": "HRB 000154 B · USt-IdNr. DE000000154",
    "business.website": "https://voltwerk.example",
    "formats.locale": "en_DE",
    "brand.accent": VOLT_BLUE,
    "invoices.days_to_pay": 10,
    "invoices.footer": "IBAN DE00 0000 0000 0000 0001 54",
}  # fmt: skip
HARBOR_CONFIRMATION = (
    "See you {when} at {shop}",
    "Hello {customer},\n\nyour visit stands. Please park in one of the three spaces by the lighthouse and leave the key at the "
    "desk; coffee is on us.\n\n{details}\n\nComing before we open? Drop the key into the box beside the big door.\n"
    "Cannot make it? Call {phone}, or choose another time here:\n\n{link}\n\nSee you soon, the crew at Harbor Lane",
)
"""How they word the mail that a visit stands."""


async def dress(stage: Stage) -> None:
    """Give both shops a logo, a colour, terms, and a little history of them."""
    harbor, volt = people.OWNER.email, PETRA
    await _set(stage, 60, harbor, HARBOR)
    await _logo(stage, 60, harbor, "harbor-lane.png", harbor_logo())
    await _set(stage, 58, harbor, {"brand.accent": HARBOR_RED})
    await _set(stage, 40, harbor, {"estimates.valid_days": 10, "estimates.link_hours": 96})
    await _set(stage, 21, harbor, {"estimates.valid_days": 7})
    await _set(stage, 55, volt, VOLT)
    await _logo(stage, 55, volt, "voltwerk.png", volt_logo())
    await _set(stage, 30, volt, {"brand.accent": VOLT_VIOLET})
    await _set(stage, 29, volt, {"modules.messages": False})
    await _back(stage, 28, volt, "modules.messages")
    await _word(stage, 45, harbor, "appointment_confirmation", HARBOR_CONFIRMATION)


async def _set(stage: Stage, days_ago: int, email: str, given: Mapping[str, Any]) -> None:
    with clock.moved_by(timedelta(days=-days_ago)):
        async with stage.acting(email) as (db, me):
            assert me.tenant_id is not None
            seen = await setting_values.version_of(db, me.tenant_id)
            await setting_values.change(db, given, seen=seen, by=me)


async def _word(stage: Stage, days_ago: int, email: str, name: str, said: tuple[str, str]) -> None:
    with clock.moved_by(timedelta(days=-days_ago)):
        async with stage.acting(email) as (db, me):
            mail = own_words.find(name, "en")
            await own_words.change(db, mail, "en", subject=said[0], text=said[1], seen=0, by=me)


async def _logo(stage: Stage, days_ago: int, email: str, name: str, drawn: bytes) -> None:
    me = await stage.viewer(email)
    kept, said = await branding.receive_logo(UploadFile("image/png", name, drawn), by=me, tenant=me.tenant_id)
    with clock.moved_by(timedelta(days=-days_ago)):
        async with stage.acting(email) as (db, me):
            assert me.tenant_id is not None
            seen = await setting_values.version_of(db, me.tenant_id)
            await branding.keep_logo(db, kept, by=me)
            await setting_values.set_logo(db, said, seen=seen, by=me)


async def _back(stage: Stage, days_ago: int, email: str, key: str) -> None:
    with clock.moved_by(timedelta(days=-days_ago)):
        async with stage.acting(email) as (db, me):
            [newest] = await setting_values.history(db, me, key=key, limit=1)
            await setting_values.put_back(db, newest.id, seen=newest.version, by=me)


def harbor_logo() -> bytes:
    """A lighthouse whose beam falls on the name."""
    return _drawn(_harbor)


def volt_logo() -> bytes:
    """A bolt through a ring, and the name."""
    return _drawn(_volt)


def _drawn(draw: Callable[[ImageDraw.ImageDraw], None]) -> bytes:
    image = Image.new("RGB", BIG, "white")
    draw(ImageDraw.Draw(image))
    out = io.BytesIO()
    image.resize((BIG[0] // 2, BIG[1] // 2), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _harbor(pen: ImageDraw.ImageDraw) -> None:
    ink, red = "#14201f", HARBOR_RED
    pen.polygon([(300, 120), (640, 40), (640, 210)], fill="#f2c14e")
    pen.polygon([(210, 660), (390, 660), (350, 190), (250, 190)], fill="white", outline=ink, width=14)
    pen.polygon([(226, 500), (374, 500), (364, 390), (236, 390)], fill=red)
    pen.polygon([(242, 300), (358, 300), (352, 220), (248, 220)], fill=red)
    pen.rectangle([246, 110, 354, 190], fill="#f2c14e", outline=ink, width=14)
    pen.polygon([(230, 110), (370, 110), (300, 40)], fill=ink)
    pen.line([(120, 690), (480, 690)], fill=ink, width=18)
    pen.text((680, 330), "Harbor Lane", font=lettering(210), fill=ink, anchor="ls")
    pen.text((684, 560), "GARAGE", font=lettering(170), fill=red, anchor="ls")


def _volt(pen: ImageDraw.ImageDraw) -> None:
    ink, violet = "#14201f", VOLT_VIOLET
    pen.ellipse([90, 134, 590, 634], outline=violet, width=44)
    pen.polygon(
        [(390, 60), (210, 420), (330, 420), (270, 710), (490, 330), (360, 330)],
        fill=ink,
        outline="white",
        width=16,
    )
    pen.text((690, 410), "voltwerk", font=lettering(270), fill=ink, anchor="ls")
    pen.text((700, 590), "BERLIN", font=lettering(130), fill=violet, anchor="ls")
