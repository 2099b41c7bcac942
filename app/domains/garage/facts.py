"""What is said of a car, and which of it can be accepted."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from app.core import clock
from app.core.errors import Invalid
from app.core.render import to_km
from app.core.words import _
from app.gateways import vin as vins

FIRST_CAR = 1885
LARGEST_BATTERY = 2000
"""In kWh, and for chargers in kW; the largest trucks stay below half of it."""
LONGEST_VIN = 17
SHORTEST_VIN = 4
"""Chassis numbers from before 1981 and from Japan's own market are shorter than seventeen characters."""

FURTHEST_KM = 3_000_000
"""No odometer has gone further."""
EARLIEST = date(1900, 1, 1)
MOST_MINOR = 10**12
"""What has happened to a car lies between that day and today, and cost no more in the smallest unit of any currency."""
AHEAD = timedelta(days=365 * 30)
"""Nobody plans a service further ahead."""

Battery = Literal["", "lfp", "nmc", "nca", "li_ion", "nimh", "lead_acid", "other"]
BATTERIES = {
    "Iron Phosphate/FePo": "lfp",
    "Nickle-Cobalt-Manganese/NCM": "nmc",
    "Nickle-Cobalt-Aluminum/NCA": "nca",
    "Lithium-Ion/Li-Ion": "li_ion",
    "Nickel-Metal-Hydride/NiMH": "nimh",
    "Lead Acid/Lead": "lead_acid",
}
"""What the VIN data call the chemistries."""

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
    battery_type: Battery = ""
    battery_kwh: Decimal | None = None
    max_charge_kw: Decimal | None = None
    purchase_date: date | None = None
    last_maintenance_date: date | None = None
    next_maintenance_due: date | None = None
    next_maintenance_km: int | None = None
    telematics_id: Short = ""


class TypedFacts(VehicleFacts, kw_only=True):
    """The same as a form has it, with the distance in what the odometer counts."""

    next_maintenance: int | None = None

    def facts(self) -> VehicleFacts:
        """Only what is stored on the car. Raises Invalid."""
        given = {name: getattr(self, name) for name in VehicleFacts.__struct_fields__}
        typed = self.next_maintenance
        if typed is not None and not 0 < typed <= FURTHEST_KM:
            raise Invalid({"next_maintenance": _("This number is out of range.")})
        return VehicleFacts(
            **given | {"next_maintenance_km": None if typed is None else to_km(typed, self.odometer_unit)}
        )


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
    if tidy["vin"] and not can_be_a_vin(tidy["vin"]):
        errors["vin"] = _(
            "A VIN has %(most)s characters, letters and digits only. Leave it empty if you do not have it.",
            most=LONGEST_VIN,
        )
    for name in ("battery_kwh", "max_charge_kw"):
        amount = getattr(facts, name)
        if amount is not None and not 0 < amount <= LARGEST_BATTERY:
            errors[name] = _("This number is out of range.")
    errors |= _wrong_days(facts)
    if facts.next_maintenance_km is not None and not 0 < facts.next_maintenance_km <= FURTHEST_KM * 2:
        errors["next_maintenance_km"] = _("This number is out of range.")
    if errors:
        raise Invalid(errors)
    return msgspec.structs.replace(facts, **tidy)


def _wrong_days(facts: VehicleFacts) -> dict[str, str]:
    """Where it is tomorrow already, tomorrow is a day that has been."""
    first, last = date(FIRST_CAR, 1, 1), clock.now().date() + timedelta(days=1)
    errors = {
        name: _("This day is still to come.")
        for name in ("purchase_date", "last_maintenance_date")
        if (day := getattr(facts, name)) is not None and day > last
    }
    if facts.next_maintenance_due is not None and facts.next_maintenance_due > last + AHEAD:
        errors["next_maintenance_due"] = _("This day is too far ahead.")
    for name in ("purchase_date", "last_maintenance_date", "next_maintenance_due"):
        if (day := getattr(facts, name)) is not None and day < first:
            errors[name] = _("There were no cars yet on that day.")
    return errors


def can_be_a_vin(vin: str) -> bool:
    return SHORTEST_VIN <= len(vin) <= LONGEST_VIN and vin.isascii() and vin.isalnum()


def _tidy(text: str) -> str:
    """One line, single spaces, nothing invisible: marks that turn the text around could forge a plate."""
    return " ".join("".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split())
