"""Cars: whose they are, what is known of them, how far they have gone, and which shops may see them.

A *vehicle* is one owner's or one shop's record of a car. An *ownership* ties it to a person; putting a car
away archives the ownership and keeps the history. A car may be shared: each ownership has a *role*, owner, driver or
reader, and there is always an owner. A *grant* lets a shop in. An *odometer reading* stays as it was read,
unless somebody of the garage wrote it: they may correct it.
"""

from app.domains.garage.cars import (
    MOST_CARS,
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
    ownership,
    role_of,
    visible_to,
)
from app.domains.garage.events import MemberInvited
from app.domains.garage.facts import LONGEST_VIN, TypedFacts, VehicleFacts, accepted
from app.domains.garage.family import everybody_of, members, owners_of
from app.domains.garage.imported import bring_readings, take_readings_out
from app.domains.garage.inviting import issue_link
from app.domains.garage.logged import (
    known_without,
    move_logged,
    note_logged,
    put_logged_back,
    take_logged_out,
)
from app.domains.garage.lookup import as_form, is_doubtful, look_up, settled_vin, warning
from app.domains.garage.models import CarInvitation, OdometerReading, Ownership, Vehicle, VehicleGrant
from app.domains.garage.names import MAKES, make_called, models_of
from app.domains.garage.odometer import doubts, hold, is_confirmed, known_mileage, read_odometer, readings
from app.domains.garage.photos import photos_of
from app.domains.garage.rate import Rate, rate_of
from app.domains.garage.selling import Sale, sell
from app.domains.garage.sharing import find_served, grant_access, is_granted, rows_of, rows_of_car, take_over
from app.domains.garage.tasks import FIRST as FIRST_TASKS
from app.domains.garage.tasks import TASKS, tasks_for, tasks_in

__all__ = [
    "FIRST_TASKS",
    "LONGEST_VIN",
    "MAKES",
    "MOST_CARS",
    "TASKS",
    "CarInvitation",
    "MemberInvited",
    "OdometerReading",
    "Ownership",
    "Rate",
    "Sale",
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
    "everybody_of",
    "find",
    "find_driven",
    "find_own",
    "find_readable",
    "find_served",
    "grant_access",
    "hold",
    "is_confirmed",
    "is_doubtful",
    "is_granted",
    "issue_link",
    "known_at_shop",
    "known_mileage",
    "known_without",
    "look_up",
    "make_called",
    "members",
    "mine",
    "models_of",
    "move_logged",
    "note_logged",
    "note_service",
    "owners_of",
    "ownership",
    "photos_of",
    "put_logged_back",
    "rate_of",
    "read_odometer",
    "readings",
    "role_of",
    "rows_of",
    "rows_of_car",
    "sell",
    "settled_vin",
    "take_logged_out",
    "take_over",
    "take_readings_out",
    "tasks_for",
    "tasks_in",
    "visible_to",
    "warning",
]
