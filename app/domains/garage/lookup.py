"""From a VIN as typed to a car to be confirmed by the person who typed it."""

import asyncio
from decimal import Decimal
from typing import Any, cast

import msgspec

from app.core.errors import Invalid
from app.core.render import template_global
from app.core.words import _
from app.domains.garage.electric import pack_of
from app.domains.garage.facts import BATTERIES, Battery, can_be_a_vin
from app.gateways import vin as vins
from app.gateways.vin import DecodedVin, check_digit

AS_DIGITS = str.maketrans(check_digit.MISTAKEN_FOR)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a VIN says, ready for the form."""

    decoded: DecodedVin
    vin: str
    """To be stored: with O, I and Q read as the digits they stand for."""
    battery_kwh: Decimal | None = None
    max_charge_kw: Decimal | None = None
    battery_type: Battery = ""

    @property
    def is_known(self) -> bool:
        """Enough to put a car into the garage without typing."""
        return bool(self.decoded.make and self.decoded.model)

    @property
    def name(self) -> str:
        """ "2003 Honda Accord EX-V6": as much of it as is known."""
        decoded = self.decoded
        said = (decoded.year, decoded.make, decoded.model, decoded.trim)
        return " ".join(str(part) for part in said if part)


async def look_up(typed: str) -> Found:
    """Decode in a thread: a mistyped VIN is compared with dozens of its neighbours."""
    decoded = await asyncio.to_thread(vins.decode, typed)
    pack = pack_of(decoded.make, decoded.model, decoded.year) if decoded.fuel == "electric" else None
    mended = decoded.suggestion if decoded.problem == "letter" and decoded.suggestion else decoded.vin
    return Found(
        decoded=decoded,
        vin=mended,
        battery_kwh=pack.kwh if pack else None,
        max_charge_kw=pack.kw if pack else None,
        battery_type=cast(Battery, BATTERIES.get(decoded.battery or "", "")),
    )


async def settled_vin(typed: str, said: str, *, kept: str = "") -> str:
    """The VIN a form is to keep. One that cannot be right is kept only when the person has said so of this very one,
    and not asked about again where it is `kept` already; `said` may be what was probably meant, too. Raises Invalid."""
    plain, right = vins.tidy(typed), vins.tidy(said)
    if not plain or plain in (kept, right) or not can_be_a_vin(plain):
        return typed
    decoded = await asyncio.to_thread(vins.decode, plain)
    wrong = warning(decoded, is_mended=False)
    if wrong and right and right == _meant(decoded):
        return right
    if wrong:
        raise Invalid({"vin": wrong, "vin_said": _("Please say what stands on the car.")})
    return typed


async def is_doubtful(found: Found | None) -> bool:
    """Whether the VIN that would be stored is one to ask about."""
    if found is None or not found.decoded.problem:
        return False
    return bool(warning(await asyncio.to_thread(vins.decode, found.vin)))


@template_global
def meant_vin(typed: str) -> str:
    """What was probably meant by a VIN that cannot be right; empty where nothing is likelier than the rest."""
    return _meant(vins.decode(typed))


def _meant(decoded: DecodedVin) -> str:
    if decoded.problem == "letter":
        return decoded.suggestion or decoded.vin.translate(AS_DIGITS)
    return decoded.suggestion or ""


def as_form(found: Found | None) -> dict[str, Any]:
    """A form filled in with what the VIN says."""
    if found is None:
        return {}
    names = ("make", "model", "year", "trim", "body", "fuel", "engine")
    said = {name: getattr(found.decoded, name) for name in names}
    said |= {
        "battery_kwh": found.battery_kwh,
        "max_charge_kw": found.max_charge_kw,
        "battery_type": found.battery_type,
    }
    return {name: value for name, value in said.items() if value is not None}


def warning(decoded: DecodedVin, *, is_mended: bool = True) -> str:
    """What is wrong with a VIN, in the viewer's language; empty when nothing is. `is_mended`: a letter that is never in
    one has been read as its digit already."""
    at = decoded.suspect_position
    if decoded.problem == "length":
        return _("A VIN has 17 characters, this one has %(count)s.", count=len(decoded.vin))
    if decoded.problem == "letter" and at:
        said = {
            "letter": decoded.vin[at - 1],
            "position": at,
            "digit": "1" if decoded.vin[at - 1] == "I" else "0",
        }
        if decoded.suggestion and is_mended:
            return _(
                "A VIN never has the letter %(letter)s. We read position %(position)s as %(digit)s.", **said
            )
        return _(
            "A VIN never has the letter %(letter)s: position %(position)s is probably %(digit)s.", **said
        )
    if decoded.problem == "character" and at:
        return _(
            "“%(character)s” in position %(position)s cannot be part of a VIN.",
            character=decoded.vin[at - 1],
            position=at,
        )
    if decoded.problem == "made_up":
        return _("This is not a real VIN: no maker stamps one like it. Please look at the car again.")
    if decoded.problem == "check_digit" and at:
        return _("The check digit does not fit: position %(position)s is probably wrong.", position=at)
    if decoded.problem == "check_digit":
        return _("The check digit does not fit: one character is probably mistyped.")
    return ""
