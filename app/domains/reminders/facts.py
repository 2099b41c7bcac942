"""What a reminder can be set to, and what is wrong with one that cannot."""

from datetime import date, timedelta

import msgspec

from app.core import clock
from app.core.errors import Invalid
from app.core.words import N_, _
from app.domains import garage
from app.domains.garage.facts import FURTHEST_KM

COUNTERS = {"hours": N_("Engine hours"), "cycles": N_("Charge cycles")}
LONGEST_TITLE, LONGEST_NOTE = 160, 2000
MOST_MONTHS, MOST_COUNT = 240, 1_000_000
FARTHEST = timedelta(days=366 * 30)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder as it is to be. Distances are kilometres. `due_*`: the first time; `every_*`: it comes round."""

    task: str = ""
    title: str = ""
    note: str = ""
    due_on: date | None = None
    due_km: int | None = None
    due_count: int | None = None
    every_months: int | None = None
    every_km: int | None = None
    every_count: int | None = None
    counter: str = ""
    count_now: int | None = None
    is_fixed: bool = False


def accepted(wanted: Wanted) -> Wanted:
    """The reminder, tidied. Raises Invalid with a message for each field that cannot be kept."""
    wrong: dict[str, str] = {}
    title, note = " ".join(wanted.title.split()), wanted.note.strip()
    if wanted.task and wanted.task not in garage.TASKS:
        wrong["task"] = _("Please choose one of the options.")
    if not title and not wanted.task:
        wrong["title"] = _("Please say what is to be done.")
    if len(title) > LONGEST_TITLE:
        wrong["title"] = _("Please keep this under %(most)d characters.", most=LONGEST_TITLE)
    if len(note) > LONGEST_NOTE:
        wrong["note"] = _("Please keep this under %(most)d characters.", most=LONGEST_NOTE)
    if wanted.due_on and not date(1990, 1, 1) <= wanted.due_on <= clock.now().date() + FARTHEST:
        wrong["due_on"] = _("Please enter a day within the next thirty years.")
    for name, most in (
        ("due_km", FURTHEST_KM), ("every_km", FURTHEST_KM), ("every_months", MOST_MONTHS),
        ("due_count", MOST_COUNT), ("every_count", MOST_COUNT), ("count_now", MOST_COUNT),
    ):  # fmt: skip
        value = getattr(wanted, name)
        if value is not None and not (name.startswith("every") <= value <= most):
            wrong[name] = _("This number is out of range.")
    counts = wanted.due_count is not None or wanted.every_count is not None
    if counts and wanted.counter not in COUNTERS:
        wrong["counter"] = _("Please say what is counted.")
    if counts and wanted.count_now is None:
        wrong["count_now"] = _("Please enter what the counter shows now.")
    given = (
        wanted.due_on,
        wanted.due_km,
        wanted.due_count,
        wanted.every_months,
        wanted.every_km,
        wanted.every_count,
    )
    if not any(one is not None for one in given):
        wrong["due_on"] = _("Please say when: a day, a mileage, or how often.")
    if wrong:
        raise Invalid(wrong)
    none = {} if counts else {"counter": "", "count_now": None, "due_count": None, "every_count": None}
    return msgspec.structs.replace(wanted, title=title, note=note, **none)
