"""What is said of a car, and which of it can be accepted."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from app.core import clock
from app.core.errors import Invalid
from app.core.words import _
from app.gateways import vin as vins

FIRST_CAR = 1885
LARGEST_BATTERY = 2000
"""In kWh, and for chargers in kW; the largest trucks stay below half of it."""
LONGEST_VIN = 17
SHORTEST_VIN = 4
"""Chassis numbers from before 1981 and from Japan's own market are shorter than seventeen characters."""

Short = Annotated[str, msgspec.Meta(max_length=60)]
Plate = Annotated[str, msgspec.Meta(max_length=40)]


class VehicleFacts(msgspec.Struct, kw_only=True):
    """What an owner or an advisor may say of a car. Make and model are enough."""

    vin: Annotated[str, msgspec.Meta(max_length=40)] = ""
    make: Short
    model: Short
    year: int | None = None
    trim: Short = ""
    body: Short = ""
    fuel: Literal["", "gasoline", "diesel", "hybrid", "plug_in_hybrid", "electric", "other"] = ""
    engine: Short = ""
    color: Short = ""
    plate: Plate = ""
    odometer_unit: Literal["km", "mi"] = "km"
    battery_kwh: Decimal | None = None
    max_charge_kw: Decimal | None = None


def accepted(facts: VehicleFacts) -> VehicleFacts:
    """The facts as they are stored: tidied. Raises Invalid with what is wrong, by field.

    A VIN that does not decode or whose check digit is wrong is no reason to refuse a car.
    """
    errors: dict[str, str] = {}
    tidy = {
        name: _tidy(value) for name, value in msgspec.structs.asdict(facts).items() if isinstance(value, str)
    }
    tidy["vin"] = vins.tidy(facts.vin)
    if not tidy["make"]:
        errors["make"] = _("Please enter the make.")
    if not tidy["model"]:
        errors["model"] = _("Please enter the model.")
    if facts.year is not None and not FIRST_CAR <= facts.year <= clock.now().year + 2:
        errors["year"] = _("Please enter the model year with four digits.")
    if tidy["vin"] and not _can_be_a_vin(tidy["vin"]):
        errors["vin"] = _(
            "A VIN has %(most)s characters, letters and digits only. Leave it empty if you do not have it.",
            most=LONGEST_VIN,
        )
    for name in ("battery_kwh", "max_charge_kw"):
        amount = getattr(facts, name)
        if amount is not None and not 0 < amount <= LARGEST_BATTERY:
            errors[name] = _("This number is out of range.")
    if errors:
        raise Invalid(errors)
    return msgspec.structs.replace(facts, **tidy)


def _can_be_a_vin(vin: str) -> bool:
    return SHORTEST_VIN <= len(vin) <= LONGEST_VIN and vin.isascii() and vin.isalnum()


def _tidy(text: str) -> str:
    """One line, single spaces, nothing invisible: marks that turn the text around could forge a plate."""
    return " ".join("".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split())
