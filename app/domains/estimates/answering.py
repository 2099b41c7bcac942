"""The form in which a customer, or an advisor for them, answers: reading it, and what it offers to say."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core.errors import Invalid
from app.core.signature import read_drawing
from app.core.words import _
from app.domains.estimates.approval import Answer, Decision, Method, Verdict
from app.domains.estimates.models import DECISIONS
from app.domains.estimates.sheet import Sheet

NAME_LIMIT = 120


def later_reasons() -> list[tuple[str, str]]:
    """Why work is put off, as (code, words)."""
    return [
        ("", _("I would rather not say")),
        ("next_visit", _("At my next visit")),
        ("month", _("In a month or so")),
        ("budget", _("When the budget allows")),
        ("think", _("I want to think it over")),
        ("talk", _("Please talk to me first")),
    ]


def no_reasons() -> list[tuple[str, str]]:
    """Why work is declined, as (code, words)."""
    return [
        ("", _("I would rather not say")),
        ("price", _("It costs too much")),
        ("elsewhere", _("Somebody else will do it")),
        ("self", _("I will do it myself")),
        ("not_needed", _("I do not think it is needed")),
        ("selling", _("I am not keeping the car")),
    ]


def read_answer(form: Mapping[str, Any], sheet: Sheet, *, method: Method, contact: str = "") -> Answer:
    """What a form says about each job of a sheet. Jobs without a choice are left out.

    Raises Invalid for an unreadable drawing or a name that is too long.
    """
    name = str(form.get("signed_name", "")).replace("\x00", "").strip()
    if len(name) > NAME_LIMIT:
        raise Invalid(
            {"signed_name": _("Please keep the name under %(count)s characters.", count=NAME_LIMIT)}
        )
    verdicts: dict[UUID, Verdict] = {}
    for one in sheet.jobs:
        key = str(one.job.job_id)
        said = form.get(f"decision-{key}")
        if said in DECISIONS:
            decision: Decision = said
            verdicts[one.job.job_id] = Verdict(decision, _reason(form, key, decision))
    drawn = form.get("signature")
    return Answer(
        verdicts=verdicts,
        signed_name=name,
        method=method,
        contact=contact,
        signature=read_drawing(drawn if isinstance(drawn, str) else None),
    )


def _reason(form: Mapping[str, Any], key: str, decision: Decision) -> str:
    if decision == "approved":
        return ""
    field, choices = (
        (f"later-{key}", later_reasons()) if decision == "deferred" else (f"no-{key}", no_reasons())
    )
    picked = dict(choices).get(str(form.get(field, "")), "") if form.get(field) else ""
    note = str(form.get(f"note-{key}", "")).replace("\x00", "").strip()
    return ". ".join(part for part in (picked, note) if part)


def chosen(form: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """What the chosen approvals add up to, for the bar at the foot of the form."""
    approved = [one.job for one in sheet.jobs if form.get(f"decision-{one.job.job_id}") == "approved"]
    return {"chosen_minor": sum(job.total_minor for job in approved), "chosen_count": len(approved)}
