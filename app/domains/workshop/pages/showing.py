"""What the workshop's templates call: words for states, options for lists, times for input fields."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.money import to_major
from app.core.render import from_km, template_global
from app.core.signature import drawing_uri
from app.core.words import _
from app.domains.services.models import CannedJob
from app.domains.workshop.check_in import warning_light_words
from app.domains.workshop.models import JobStep, RepairOrder
from app.domains.workshop.moves import blocked_word, document_word, job_word
from app.domains.workshop.pricing import price_line

template_global(blocked_word)
template_global(drawing_uri)
template_global(from_km)
template_global(job_word)
template_global(price_line)
template_global(warning_light_words)


@template_global
def blocked_short(reason: str) -> str:
    """Why a job stands still, in the width of a card."""
    return {
        "parts": _("parts"),
        "approval": _("approval"),
        "sublet": _("another shop"),
        "bay": _("bay"),
        "other": _("other"),
    }[reason]


@template_global
def paper_word(status: str, stage: str) -> str:
    """The state of an order's paper as it is said everywhere: what is paid is not done with while the car is here."""
    if status == "closed" and stage != "delivered":
        return _("Paid · to hand over")
    return _("Invoiced · not paid") if status == "invoiced" else document_word(status)


@template_global
def blocked_reasons() -> list[tuple[str, str]]:
    return [(one, blocked_word(one).capitalize()) for one in ("parts", "approval", "sublet", "bay", "other")]


@template_global
def skill_words() -> list[tuple[str, str]]:
    """What a technician may be good at."""
    return [
        ("general", _("General")),
        ("brakes", _("Brakes")),
        ("tires", _("Tires")),
        ("engine", _("Engine")),
        ("electrical", _("Electrical")),
        ("diagnostics", _("Diagnostics")),
        ("hv", _("High voltage")),
        ("body", _("Body")),
    ]


@template_global
def warning_light(code: str) -> str:
    return dict(warning_light_words()).get(code, code)


@template_global
def canned_options(canned: Iterable[CannedJob]) -> list[tuple[str, str]]:
    return [(one.code, one.title) for one in canned]


@template_global
def price_options(asked: Iterable[RepairOrder]) -> list[tuple[int, str]]:
    """Estimates to choose from."""
    return [(one.number, f"{one.label}: {one.concern[:80]}") for one in asked]


@template_global
def people(named: Iterable[Any]) -> list[tuple[UUID, str]]:
    """Rows with a name, for a list to choose from."""
    return [(one.id, one.name) for one in named]


@template_global
def for_input(moment: datetime | None, zone: str) -> str:
    """A moment as a date-and-time field takes it, in the center's time."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if moment else ""


@template_global
def step_options(steps: Iterable[JobStep]) -> list[tuple[UUID, str]]:
    """Steps to tick off."""
    return [(one.id, one.name) for one in steps]


@template_global
def step_word(status: str) -> str:
    return {"pending": _("Not started"), "in_progress": _("Begun"), "completed": _("Done")}[status]


@template_global
def major(minor: int, currency: str) -> str:
    """An amount as it is typed."""
    return str(to_major(minor, currency))


@template_global
def plain_number(number: Decimal) -> str:
    """A quantity as it is typed: 1.5, not 1.5000."""
    return format(number.normalize(), "f")


@template_global
def story_tone(event: str) -> str:
    """The colour of an event in a timeline."""
    tones = {
        "go": ("JobCompleted", "WorkCompleted", "JobAuthorized", "OrderClosed"),
        "stop": ("JobBlocked", "JobReturned", "JobDeclined", "OrderVoided"),
        "wait": ("JobPresented", "JobDeferred", "JobChanged"),
        "info": ("OrderOpened", "OrderMoved", "JobStarted", "JobFinished"),
    }
    return next((tone for tone, names in tones.items() if event in names), "idle")
