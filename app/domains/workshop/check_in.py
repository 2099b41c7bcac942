"""What is asked and seen when a car arrives."""

from typing import Any

import msgspec

from app.core.errors import Invalid
from app.core.words import _

WARNING_LIGHTS = (
    "engine",
    "brakes",
    "oil",
    "battery",
    "coolant",
    "tires",
    "airbag",
    "abs",
    "high_voltage",
    "charging",
    "service",
)


def warning_light_words() -> list[tuple[str, str]]:
    """The tell-tales a driver knows, as (code, words)."""
    return [
        ("engine", _("Engine")),
        ("brakes", _("Brakes")),
        ("oil", _("Oil")),
        ("battery", _("12-volt")),
        ("coolant", _("Coolant")),
        ("tires", _("Tires")),
        ("airbag", _("Airbag")),
        ("abs", _("ABS")),
        ("high_voltage", _("High voltage")),
        ("charging", _("Charging")),
        ("service", _("Service due")),
    ]


class Intake(msgspec.Struct, kw_only=True, frozen=True):
    """The car as it was handed over."""

    concern: str
    mileage_km: int | None = None
    charge_percent: int | None = None
    warning_lights: tuple[str, ...] = ()
    key_tag: str = ""
    is_waiter: bool = False
    signed_name: str = ""
    signature: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        errors: dict[str, str] = {}
        if not self.concern.strip():
            errors["concern"] = _("Write down what the customer says.")
        elif len(self.concern) > 2000:
            errors["concern"] = _("Keep it under 2,000 characters.")
        if self.mileage_km is not None and not 0 <= self.mileage_km <= 3_000_000:
            errors["mileage"] = _("That is not a mileage a car can have.")
        if self.charge_percent is not None and not 0 <= self.charge_percent <= 100:
            errors["charge_percent"] = _("A state of charge lies between 0 and 100 %.")
        if unknown := [light for light in self.warning_lights if light not in WARNING_LIGHTS]:
            errors["warning_lights"] = _("There is no warning light called %(name)s.", name=unknown[0])
        if len(self.key_tag) > 20:
            errors["key_tag"] = _("Keep the key tag under 20 characters.")
        if len(self.signed_name) > 120:
            errors["signed_name"] = _("Keep the name under 120 characters.")
        if self.signature and not self.signed_name.strip():
            errors["signed_name"] = _("Type the name of the person who signed by hand.")
        if errors:
            raise Invalid(errors)
