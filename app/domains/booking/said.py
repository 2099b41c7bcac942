"""The words of booking on the screen."""

from collections.abc import Iterable
from typing import Any

from babel.dates import get_timezone_name

from app.core.money import decimals
from app.core.render import template_global
from app.core.words import _, spoken
from app.domains.booking.models import Appointment


@template_global
def appointment_status(appointment: Appointment) -> tuple[str, str]:
    """(tone, words) of an appointment's state."""
    if appointment.is_ready:
        return "go", _("Ready to collect")
    if appointment.needs_new_time:
        return "stop", _("Needs a new time")
    return {
        "held": ("wait", _("Reserved for you")),
        "pending": ("wait", _("Waiting for the shop")),
        "confirmed": ("go", _("Confirmed")),
        "arrived": ("info", _("Checked in")),
        "in_progress": ("info", _("In the workshop")),
        "completed": ("go", _("Done")),
        "cancelled": ("idle", _("Cancelled")),
        "no_show": ("stop", _("Did not come")),
        "expired": ("idle", _("Reservation ran out")),
    }[appointment.status]


@template_global
def part_of_day(name: str) -> str:
    return _("Morning") if name == "morning" else _("Afternoon")


@template_global
def vehicle_name(vehicle: object) -> str:
    """2019 Honda Accord; the same for a car whose year nobody knows."""
    parts = (getattr(vehicle, name, "") for name in ("year", "make", "model"))
    return " ".join(str(part) for part in parts if part)


@template_global
def zone_name(zone: str) -> str:
    """Eastern Time: a zone as the people who live in it call it, not the city of its key."""
    return get_timezone_name(zone, zone_variant="generic", locale=spoken()) if "/" in zone else zone


@template_global
def currency_digits(currency: str) -> int:
    """Digits after the point, for the script that adds up."""
    return decimals(currency)


@template_global
def named(things: Iterable[Any]) -> list[tuple[str, str]]:
    """(id, name) of each, for a select."""
    return [(str(one.id), one.name) for one in things]
