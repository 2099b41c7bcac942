"""What people may do with a shared car, and where its readings come from, in words."""

from app.core.render import template_global
from app.core.words import _


@template_global
def car_role_label(role: str) -> str:
    return {"owner": _("Owner"), "driver": _("Drives it"), "reader": _("Read only")}.get(role, role)


@template_global
def car_roles() -> list[tuple[str, str]]:
    """Each role with what it lets people do."""
    return [
        ("driver", _("Driver: logs fuel, services and mileage, and books visits")),
        ("reader", _("Read only: sees everything, changes nothing")),
        ("owner", _("Owner: as you")),
    ]


@template_global
def reading_source_label(source: str) -> str:
    """Where a reading comes from."""
    return {
        "owner": _("Garage"),
        "shop": _("Workshop"),
        "check_in": _("Workshop"),
        "logbook": _("Logbook"),
        "telematics": _("Telematics"),
        "previous": _("Previous owner"),
        "import": _("File"),
    }.get(source, source)
