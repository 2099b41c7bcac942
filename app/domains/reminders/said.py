"""The words of reminders on the screen, in mails and in calendars."""

from app.core.render import distance, from_km, number, template_global, to_km
from app.core.words import _, ngettext
from app.domains import garage, telematics
from app.domains.garage import Vehicle
from app.domains.reminders.facts import COUNTERS
from app.domains.reminders.models import Reminder
from app.domains.reminders.reckoning import Standing


@template_global
def called(reminder: Reminder) -> str:
    """What a reminder is called: by its own words, its task, or the meaning of its trouble code."""
    if reminder.trouble_code_id:
        return f"{reminder.title}: {telematics.meaning(reminder.title)}"
    return reminder.title or task_label(reminder.task)


@template_global
def task_label(code: str) -> str:
    task = garage.TASKS.get(code)
    return _(task.name) if task else code


@template_global
def counter_label(counter: str) -> str:
    return _(COUNTERS[counter]) if counter in COUNTERS else ""


@template_global
def interval_words(months: int | None, km: int | None, unit: str) -> str:
    """ "12 months or 15,000 km"."""
    said = []
    if months:
        whole = months % 12 == 0
        said.append(
            ngettext("%(num)d year", "%(num)d years", months // 12) if whole else ngettext("%(num)d month", "%(num)d months", months)
        )  # fmt: skip
    if km:
        # What is round in kilometers is to be round in miles too.
        said.append(distance(to_km(round(from_km(km, unit), -2) or from_km(km, unit), unit), unit))
    return _(" or ").join(said)


@template_global
def urgency_label(standing: Standing) -> str:
    return {
        "overdue": _("Due"), "soon": _("Soon"), "waiting": _("Later"), "snoozed": _("Put off"),
        "unknown": _("No reading yet"),
    }[standing.urgency]  # fmt: skip


@template_global
def urgency_tone(standing: Standing) -> str:
    return {"overdue": "stop", "soon": "wait", "waiting": "go"}.get(standing.urgency, "idle")


@template_global
def left_words(standing: Standing, reminder: Reminder, car: Vehicle) -> str:
    """How much is left, or by how much it is over: "in 12 days or 1,200 km"."""
    over: list[str] = []
    left: list[str] = []
    if standing.days is not None:
        days = _term(abs(standing.days))
        if standing.days == 0:
            left.append(_("today"))
        else:
            (over if standing.days < 0 else left).append(days)
    if standing.km is not None:
        (over if standing.km <= 0 else left).append(distance(abs(standing.km), car.odometer_unit))
    if standing.count is not None:
        said = f"{number(abs(standing.count), 0)} {counter_label(reminder.counter)}"
        (over if standing.count <= 0 else left).append(said)
    if over:
        return _("over by %(much)s", much=_(" and ").join(over))
    return left[0] if left == [_("today")] else _("in %(much)s", much=_(" or ").join(left)) if left else ""


SNOOZE_DISTANCE = 500
"""By how much one that is due by distance is put off with a tap, as the car's dashboard counts."""


@template_global
def snooze_step() -> int:
    return SNOOZE_DISTANCE


@template_global
def snooze_distance(unit: str) -> str:
    """How far that is: "500 mi"."""
    return distance(to_km(SNOOZE_DISTANCE, unit), unit)


def _term(days: int) -> str:
    """Days, from two months on in months: nobody counts further in days."""
    if days < 60:
        return ngettext("%(num)d day", "%(num)d days", days)
    return ngettext("%(num)d month", "%(num)d months", round(days / 30.44))
