"""The story of a repair order, read from the event log and told in words."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.render import day, distance
from app.core.tables import EventRow
from app.core.words import _
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.moves import blocked_word, stage_words


class Told(msgspec.Struct, frozen=True):
    """One thing that happened."""

    at: datetime
    name: str
    words: str
    who: str


def _moved(event: Mapping[str, Any]) -> str:
    words = _("Moved to “%(stage)s”", stage=stage_words().get(event["stage"], event["stage"]))
    if not event.get("reason"):
        return words
    owed = {"invoice": _("no invoice"), "payment": _("not paid")}.get(event.get("owed", ""))
    still_open = ", ".join(
        [*(f"“{title}”" for title in event.get("open_jobs", ())), *([owed] if owed else [])]
    )
    return _(
        "%(moved)s with work or money open (%(open)s): %(reason)s",
        moved=words,
        open=still_open,
        reason=event["reason"],
    )


def _read(event: Mapping[str, Any]) -> str:
    said = []
    unit = event.get("unit", "km")
    if (km := event.get("mileage_km")) is not None:
        was = event.get("was_mileage_km")
        said.append(
            _("Odometer %(now)s", now=distance(km, unit))
            if was is None
            else _("Odometer %(now)s instead of %(was)s", now=distance(km, unit), was=distance(was, unit))
        )
    if (charge := event.get("charge_percent")) is not None:
        was = event.get("was_charge_percent")
        said.append(
            _("State of charge %(now)s %%", now=charge)
            if was is None
            else _("State of charge %(now)s %% instead of %(was)s %%", now=charge, was=was)
        )
    words = "; ".join(said)
    return f"{words} ({event['reason']})" if event.get("reason") else words


def _next_service(event: Mapping[str, Any]) -> str:
    due_on, due_km = event.get("due_on"), event.get("due_km")
    said = [day(date.fromisoformat(due_on))] if due_on else []
    said += [distance(due_km, event.get("unit", "km"))] if due_km else []
    return _("Next service: %(when)s", when=_(" or at ").join(said) or _("open"))


def _about(words: Callable[[], str]) -> Callable[[Mapping[str, Any]], str]:
    return lambda event: f"{words()}: {event['title']}"


def _declined(event: Mapping[str, Any]) -> str:
    words = _("Declined: %(job)s", job=event["title"])
    return f"{words} ({event['reason']})" if event.get("reason") else words


def _deferred(event: Mapping[str, Any]) -> str:
    words = _("Put off: %(job)s", job=event["title"])
    return f"{words} ({event['reason']})" if event.get("reason") else words


def _changed(event: Mapping[str, Any]) -> str:
    if event["approval_lost"]:
        return _("Changed after approval, must be approved again: %(job)s", job=event["title"])
    return _("Changed: %(job)s", job=event["title"])


WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "OrderOpened": lambda event: _("Price asked") if event.get("price_only") else _("Checked in"),
    "OrderArrived": lambda _event: _("The car is here"),
    "OrderMoved": _moved,
    "OrderPlanned": lambda _event: _("Plan changed"),
    "OrderReadingsTaken": _read,
    "NextServicePlanned": _next_service,
    "OrderPhotographed": lambda _event: _("Photo or video added"),
    "OrderVideoRemoved": lambda _event: _("Video removed"),
    "OrderInvoiced": lambda _event: _("Invoiced"),
    "OrderClosed": lambda _event: _("Closed"),
    "OrderOwedAgain": lambda _event: _("Money is owed again"),
    "OrderReopened": lambda _event: _("Opened again"),
    "OrderArchived": lambda _event: _("Archived"),
    "OrderVoided": lambda event: _("Voided: %(reason)s", reason=event["reason"]),
    "WorkCompleted": lambda _event: _("All agreed work is done"),
    "JobProposed": _about(lambda: _("Proposed")),
    "JobChanged": _changed,
    "JobWithdrawn": _about(lambda: _("Withdrawn")),
    "JobPresented": _about(lambda: _("Presented to the customer")),
    "JobAuthorized": lambda event: (
        _("Agreed to when booked: %(job)s", job=event["title"])
        if event.get("when_booked")
        else _("Approved: %(job)s", job=event["title"])
    ),
    "JobSold": _about(lambda: _("Sold over the counter")),
    "JobDeclined": _declined,
    "JobDeferred": _deferred,
    "JobRevived": _about(lambda: _("Taken up again")),
    "DeferredWorkSuggested": _about(lambda: _("Offered again")),
    "JobAssigned": _about(lambda: _("Assigned")),
    "JobPlanned": _about(lambda: _("Start planned")),
    "JobStarted": lambda event: (
        _("Resumed: %(job)s", job=event["title"])
        if event["resumed"]
        else _("Started: %(job)s", job=event["title"])
    ),
    "JobPaused": _about(lambda: _("Paused")),
    "JobBlocked": lambda event: _(
        "Blocked (%(reason)s): %(job)s", reason=blocked_word(event["reason"]), job=event["title"]
    ),
    "JobFinished": lambda event: (
        _(
            "Ready for the quality check: %(job)s. Left open: %(steps)s (%(reason)s)",
            job=event["title"],
            steps=", ".join(event["left_open"]),
            reason=event["reason"],
        )
        if event.get("left_open")
        else _about(lambda: _("Ready for the quality check"))(event)
    ),
    "JobReturned": _about(lambda: _("Back from the quality check")),
    "JobCompleted": lambda event: (
        _("Completed, checked by the same person: %(job)s", job=event["title"])
        if event.get("own_check")
        else _("Completed: %(job)s", job=event["title"])
    ),
    "StepMoved": _about(lambda: _("Step")),
}
QUIET = frozenset(
    {"StepMoved", "JobPaused", "ItemRated", "FindingPhotosChanged", "FindingProposed", "ClipReceived"}
)


def tell_event(name: str, payload: Mapping[str, Any]) -> str:
    """An event in words; one of a higher domain is called by its name: EstimateSent is "Estimate sent"."""
    if name in WORDS:
        return WORDS[name](payload)
    return _(re.sub(r"(?<!^)(?=[A-Z])", " ", name).capitalize())


async def timeline(db: AsyncSession, order: RepairOrder, *, limit: int = 100) -> list[Told]:
    """What happened to an order, newest first, without the small change of the bench."""
    rows = await db.scalars(
        select(EventRow)
        .where(
            EventRow.subject_id == order.id,
            EventRow.tenant_id == order.tenant_id,
            EventRow.name.not_in(QUIET),
        )
        .order_by(EventRow.created_at.desc(), EventRow.id.desc())
        .limit(limit)
    )
    return [Told(row.created_at, row.name, tell_event(row.name, row.payload), row.actor_name) for row in rows]


async def last_change(db: AsyncSession, order: RepairOrder) -> str:
    """Why a form about this order came too late, in words for the person who sent it."""
    told = await timeline(db, order, limit=1)
    if not told:
        return _("%(order)s has changed meanwhile. Look again and repeat.", order=order.label)
    return _(
        "%(order)s has changed meanwhile: “%(what)s” (%(who)s). It is in “%(stage)s” now. "
        "Look again and repeat.",
        order=order.label,
        what=told[0].words,
        who=told[0].who,
        stage=stage_words()[order.stage],
    )
