"""Cars: whose they are, what is known of them, how far they have gone, and which shops may see them.

A *vehicle* is one owner's or one shop's record of a car. An *ownership* ties it to a person; putting a car
away archives the ownership and keeps the history. A car may be shared: each ownership has a *role*, owner, driver or
reader, and there is always an owner. A *grant* lets a shop in. An *odometer reading* stays as it was read,
unless somebody of the garage wrote it: they may correct it.
"""

from app.domains.garage.cars import (
    add,
    add_for_shop,
    archive,
    bring_back,
    change,
    find,
    find_driven,
    find_own,
    find_readable,
    known_at_shop,
    mine,
    note_service,
    role_of,
    visible_to,
)
from app.domains.garage.events import MemberInvited
from app.domains.garage.facts import LONGEST_VIN, TypedFacts, VehicleFacts, accepted
from app.domains.garage.family import owners_of
from app.domains.garage.imported import bring_readings, take_readings_out
from app.domains.garage.inviting import issue_link
from app.domains.garage.lookup import as_form, is_doubtful, look_up, settled_vin, warning
from app.domains.garage.models import CarInvitation, OdometerReading, Ownership, Vehicle, VehicleGrant
from app.domains.garage.names import MAKES, make_called, models_of
from app.domains.garage.odometer import doubts, is_confirmed, read_odometer, readings
from app.domains.garage.photos import photos_of
from app.domains.garage.rate import Rate, rate_of
from app.domains.garage.sharing import grant_access, is_granted, rows_of, rows_of_car, take_over
from app.domains.garage.tasks import FIRST as FIRST_TASKS
from app.domains.garage.tasks import TASKS, tasks_for, tasks_in

__all__ = [
    "FIRST_TASKS",
    "LONGEST_VIN",
    "MAKES",
    "TASKS",
    "CarInvitation",
    "MemberInvited",
    "OdometerReading",
    "Ownership",
    "Rate",
    "TypedFacts",
    "Vehicle",
    "VehicleFacts",
    "VehicleGrant",
    "accepted",
    "add",
    "add_for_shop",
    "archive",
    "as_form",
    "bring_back",
    "bring_readings",
    "change",
    "doubts",
    "find",
    "find_driven",
    "find_own",
    "find_readable",
    "grant_access",
    "is_confirmed",
    "is_doubtful",
    "is_granted",
    "issue_link",
    "known_at_shop",
    "look_up",
    "make_called",
    "mine",
    "models_of",
    "note_service",
    "owners_of",
    "photos_of",
    "rate_of",
    "read_odometer",
    "readings",
    "role_of",
    "rows_of",
    "rows_of_car",
    "settled_vin",
    "take_over",
    "take_readings_out",
    "tasks_for",
    "tasks_in",
    "visible_to",
    "warning",
]
