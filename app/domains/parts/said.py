"""A verdict in words, for the buyer and for the shop."""

from app.core.render import template_global
from app.core.words import _
from app.domains.parts.verdicts import BY_NUMBER, Row, Verdict


@template_global
def fit_label(state: str, rule: str = "") -> str:
    if state == "fits" and rule in BY_NUMBER:
        return _("The number asked for") if rule == "asked" else _("Replaces the number asked for")
    return {"fits": _("Fits"), "does_not_fit": _("Does not fit"), "unknown": _("Fit unknown")}.get(
        state, state
    )


@template_global
def fit_tone(state: str, rule: str = "") -> str:
    """The colour of the label, as `status` names them."""
    if state == "fits" and rule in BY_NUMBER:
        return "info"
    return {"fits": "go", "does_not_fit": "stop"}.get(state, "wait")


@template_global
def parts_tabs() -> list[tuple[str, str, str]]:
    return [
        ("fitment", _("Fitment list"), "/parts/fitment"),
        ("supersessions", _("Supersessions"), "/parts/supersessions"),
        ("files", _("From a file"), "/parts/files"),
        ("try", _("Try a number"), "/parts/try"),
    ]


@template_global
def kind_of_number(kind: str) -> str:
    return {"oem": _("OEM"), "aftermarket": _("Aftermarket")}.get(kind, kind)


@template_global
def say(verdict: Verdict) -> str:
    """The rule that decided, in a sentence or two."""
    row = cars_of(verdict.row) if verdict.row else ""
    old = verdict.chain[0] if verdict.chain else ""
    rule = verdict.rule
    if rule == "excluded":
        return _("The shop's list says that it does not fit: %(cars)s.", cars=row)
    if rule == "may_be_excluded":
        return _("The shop's list says that it does not fit: %(cars)s.", cars=row) + " " + asked(verdict)
    if rule == "fitment":
        return _("The shop's list names this car: %(cars)s.", cars=row)
    if rule == "other_cars":
        return _("The shop lists it for other cars only: %(cars)s.", cars=_others(verdict))
    if rule == "car":
        said = _("The shop lists it for these cars: %(cars)s.", cars=_others(verdict))
        return said + " " + asked(verdict)
    if rule == "asked":
        return _("It is the number that was asked for.")
    if rule == "supersedes_asked":
        return _("It has taken the place of %(number)s, which was asked for.", number=old) + _way(verdict)
    if rule == "supersedes_fitting":
        said = _("It has taken the place of %(number)s, which fits: %(cars)s.", number=old, cars=row)
        return said + _way(verdict)
    if rule == "older":
        return _(
            "%(number)s, which was asked for, has taken its place. An older part need not fit where the newer one does.",
            number=verdict.chain[-1],
        )
    if rule == "doubt":
        return _("The shop lists it for: %(cars)s.", cars=row) + " " + asked(verdict)
    if rule == "brand":
        return asked(verdict)
    return _("The shop's list does not know this number.")


def asked(verdict: Verdict) -> str:
    """What would settle it."""
    words = {
        "make": _("the make of the car"),
        "model": _("the exact model of the car"),
        "year": _("the model year of the car"),
        "engine": _("the engine of the car"),
        "note": f"“{verdict.row.note}”" if verdict.row else "",
        "brand": _("the brand: several use this number"),
    }
    return _("To be checked: %(facts)s.", facts=", ".join(words.get(one, one) for one in verdict.asks))


@template_global
def cars_of(row: Row) -> str:
    """ "BMW 3 Series 2012–2018, 2.0, from 08/2016"."""
    said = " ".join(part for part in (row.make, row.model, years_of(row.year_from, row.year_to)) if part)
    return ", ".join(part for part in (said, row.engine, row.note) if part)


@template_global
def years_of(first: int | None, last: int | None) -> str:
    if first and last:
        return str(first) if first == last else f"{first}–{last}"
    if first:
        return _("from %(year)s", year=first)
    return _("until %(year)s", year=last) if last else ""


def _others(verdict: Verdict) -> str:
    named = "; ".join(cars_of(row) for row in verdict.others)
    return _("%(cars)s and %(count)s more", cars=named, count=verdict.more) if verdict.more else named


def _way(verdict: Verdict) -> str:
    """The chain, where it has more than one link, and who says so."""
    chain = " → ".join(verdict.chain) if len(verdict.chain) > 2 else ""
    said = ", ".join(part for part in (chain, verdict.source) if part)
    return f" ({said})" if said else ""
