"""Suggestions in words: what is suggested, when, and why."""

from datetime import date, timedelta

import msgspec

from app.core.render import day, distance, number, template_global
from app.core.words import N_, _, ngettext
from app.domains import garage, telematics
from app.domains.garage import Vehicle
from app.domains.recommendations.models import WearModel
from app.domains.recommendations.reckoning import Due
from app.domains.recommendations.standing import Suggestion
from app.domains.recommendations.survival import when
from app.domains.recommendations.wear import STEP_KM
from app.domains.reminders.said import interval_words, task_label

HORIZON_DAYS = 1_096
"""Of the plot: three years."""
STALE = timedelta(days=60)
_URGENCY = {
    "reported": N_("Reported by the car"), "overdue": N_("Due"), "soon": N_("Soon"), "unknown": N_("Not known"),
    "later": N_("Later"),
}  # fmt: skip
_TONE = {"reported": "stop", "overdue": "stop", "soon": "wait", "unknown": "info", "later": "go"}


@template_global
def suggestion_title(subject: str) -> str:
    """ "Brake fluid", or a trouble code with its general meaning."""
    if subject in garage.TASKS:
        label: str = task_label(subject)
        return label
    return f"{subject}: {telematics.meaning(subject)}"


@template_global
def suggestion_label(urgency: str) -> str:
    return _(_URGENCY[urgency])


@template_global
def suggestion_tone(urgency: str) -> str:
    return _TONE[urgency]


@template_global
def suggested_when(one: Suggestion, car: Vehicle) -> str:
    """When, in half a line: "between Mar 1 and May 4, 2027", "over by 3 months or 2,000 km"."""
    due = one.due
    if due.urgency == "reported":
        return ""
    if due.urgency == "unknown":
        return _("Nothing says when it was last done.")
    if over := _over(due, one.known.today, car):
        return _("over by %(much)s", much=_(" and ").join(over))
    if due.km_left is not None and due.km_left > 0 and due.early == due.late == one.known.today:
        return _("about now, by how far the car goes")
    return _between(due.early, due.late) or _at(due, car)


def _over(due: Due, today: date, car: Vehicle) -> list[str]:
    if due.urgency != "overdue":
        return []
    said = []
    if due.on is not None and due.on < today:
        said.append(_term((today - due.on).days))
    if due.km_left is not None and due.km_left <= 0:
        said.append(distance(-due.km_left, car.odometer_unit))
    return said


def _between(early: date | None, late: date | None) -> str:
    if early is None:
        return ""
    if late is None:
        return _("from %(day)s on", day=day(early))
    if early == late:
        return day(early)
    return _("between %(from)s and %(until)s", **{"from": day(early), "until": day(late)})


def _at(due: Due, car: Vehicle) -> str:
    return _("at %(far)s", far=distance(due.km, car.odometer_unit)) if due.km is not None else ""


def _term(days: int) -> str:
    if days < 60:
        return ngettext("%(num)d day", "%(num)d days", days)
    if days < 730:
        return ngettext("%(num)d month", "%(num)d months", round(days / 30.44))
    return ngettext("%(num)d year", "%(num)d years", round(days / 365.25))


@template_global
def why(one: Suggestion, car: Vehicle) -> list[str]:
    """The evidence, sentence by sentence."""
    if one.code is not None:
        return [
            _("The car has reported this code since %(day)s.", day=day(one.code.first_at)),
            _("That is the code's general meaning; a workshop finds the cause."),
        ]
    said = [_last(one, car)]
    if one.by_model and one.model is not None:
        said += _by_model(one.model, car.odometer_unit)
    else:
        said.append(_interval(one, car))
    if sentence := _by_rate(one, car):
        said.append(sentence)
    reckoned = one.due.km is not None and one.due.urgency != "unknown"
    if reckoned and one.known.km_on and one.known.today - one.known.km_on > STALE:
        said.append(_("Its mileage was last read on %(day)s.", day=day(one.known.km_on)))
    return said


def _last(one: Suggestion, car: Vehicle) -> str:
    done = one.done
    if done is None and one.due.times:
        facts = [
            _term(one.known.years * 365) if one.known.years else "",
            distance(one.known.km, car.odometer_unit) if one.known.km is not None else "",
        ]
        return ngettext(
            "We know of no time it was done. By now (%(age)s) it would have been due %(num)d time.",
            "We know of no time it was done. By now (%(age)s) it would have been due %(num)d times.",
            one.due.times,
            age=", ".join(fact for fact in facts if fact),
        )
    if done is None:
        if one.known.year is None:
            return _("Nothing says that it was done: it is counted from the first kilometer.")
        return _("Nothing says that it was done: it is counted from new, %(year)s.", year=one.known.year)
    at = day(done.day)
    if done.km is not None:
        at = _("%(day)s at %(far)s", day=at, far=distance(done.km, car.odometer_unit))
    if done.source == "shop":
        return _("Last done %(when)s; a workshop wrote: “%(words)s”.", when=at, words=done.words)
    if done.source == "ticked":
        return _("Last done %(when)s, as a reminder was ticked.", when=at)
    return _("Last done %(when)s, as the logbook says.", when=at)


def _interval(one: Suggestion, car: Vehicle) -> str:
    words = interval_words(one.interval.months, one.interval.km, car.odometer_unit)
    if one.interval.note:
        return _(
            "Usual for such a car: every %(interval)s (%(note)s).", interval=words, note=_(one.interval.note)
        )
    return _("Usual for such a car: every %(interval)s.", interval=words)


def _by_rate(one: Suggestion, car: Vehicle) -> str:
    due, rate = one.due, one.known.rate
    if due.km is None or due.urgency in ("overdue", "unknown"):
        return ""
    if rate is None or rate.high <= 0:
        return _(
            "At %(far)s. Save the mileage now and then, and we can say when that is.",
            far=distance(due.km, car.odometer_unit),
        )
    low, high = (distance(round(a_day), car.odometer_unit) for a_day in (rate.low, rate.high))
    if low == high:
        return _(
            "At %(far)s; the car goes about %(middle)s a day.",
            far=distance(due.km, car.odometer_unit),
            middle=low,
        )
    return _(
        "At %(far)s; by its readings the car goes %(low)s to %(high)s a day, eight times of ten.",
        far=distance(due.km, car.odometer_unit), low=low, high=high,
    )  # fmt: skip


def _by_model(model: WearModel, unit: str) -> list[str]:
    return [
        _(
            "Counted over %(cars)s cars of this drive: half needed it within %(middle)s.",
            cars=number(model.cars, 0), middle=length_words(model, _middle(model), unit),
        ),
        model_error(model, unit),
    ]  # fmt: skip


def _middle(model: WearModel) -> int | None:
    return when([(int(length), float(share)) for length, share in model.curve], 0.5)


@template_global
def length_words(model: WearModel, length: float | None, unit: str) -> str:
    """A length of a model in words: "48,000 km", "52 months"."""
    if length is None:
        return "–"
    if model.unit == "km":
        return distance(round(length * STEP_KM), unit)
    months: str = ngettext("%(num)d month", "%(num)d months", round(length))
    return months


@template_global
def model_middle(model: WearModel, unit: str) -> str:
    words: str = length_words(model, _middle(model), unit)
    return words


@template_global
def model_range(model: WearModel, unit: str) -> str:
    """Between which lengths eight of ten are replaced."""
    curve = [(int(length), float(share)) for length, share in model.curve]
    low, high = when(curve, 0.1), when(curve, 0.9)
    if high is None:
        return _("%(low)s or longer", low=length_words(model, low, unit))
    return _(
        "%(low)s to %(high)s",
        low=length_words(model, low, unit), high=length_words(model, high, unit),
    )  # fmt: skip


@template_global
def model_error(model: WearModel, unit: str) -> str:
    """How wrong it was on cars it had not seen, beside the usual interval."""
    if model.error is None or model.rule_error is None or model.miss is None or model.rule_miss is None:
        return ""
    said: str = _(
        "On cars it had not seen it was off by %(miss)s on average, the usual interval by %(rule_miss)s (error %(error)s against %(rule_error)s; 0 is right always).",
        miss=_off_by(model, model.miss, unit), rule_miss=_off_by(model, model.rule_miss, unit),
        error=number(model.error, 3), rule_error=number(model.rule_error, 3),
    )  # fmt: skip
    return said


def _off_by(model: WearModel, length: float, unit: str) -> str:
    if model.unit == "km":
        return distance(round(length * STEP_KM), unit)
    return _("%(count)s months", count=number(length, 1))


@template_global
def model_state(model: WearModel | None) -> str:
    """Whether suggestions are made by it, and if not, why."""
    if model is None:
        return _("Fewer than twenty cars have told of it: the usual interval counts.")
    return {
        "": _("It counts: it was right more often than the usual interval."),
        "few": _("Too few replacements to learn from, or to be tested on: the usual interval counts."),
        "worse": _("It was no better than the usual interval, so that one counts."),
    }[model.why_off]


class Bar(msgspec.Struct, frozen=True):
    """A suggestion in the plot: from where to where, in shares of the three years it shows."""

    title: str
    begin: float
    end: float
    urgency: str
    words: str


@template_global
def bars(suggestions: list[Suggestion], car: Vehicle) -> list[Bar]:
    """Those that come within three years, the earliest first."""
    found = []
    for one in suggestions:
        early, late = one.due.early, one.due.late
        if early is None or one.due.urgency in ("unknown", "reported"):
            continue
        begin = max(0, (early - one.known.today).days) / HORIZON_DAYS
        end = 1.0 if late is None else max(0, (late - one.known.today).days) / HORIZON_DAYS
        if begin < 1:
            found.append(
                Bar(
                    suggestion_title(one.subject),
                    begin,
                    min(1.0, end),
                    one.due.urgency,
                    suggested_when(one, car),
                )
            )
    return sorted(found, key=lambda bar: (bar.begin, bar.end))


class CurvePoint(msgspec.Struct, frozen=True):
    """A step of a survival curve in the plot."""

    along: float
    share: float


@template_global
def curve_points(model: WearModel) -> list[CurvePoint]:
    """The curve, in shares of its longest length; at most a point for each fiftieth of it."""
    points = [(int(length), float(share)) for length, share in model.curve]
    longest = points[-1][0]
    last: dict[int, CurvePoint] = {
        length * 50 // longest: CurvePoint(length / longest, share) for length, share in points
    }
    return list(last.values())
