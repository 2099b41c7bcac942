"""What a car needs next as JSON. Distances are kilometres."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath

from app.core.visit import begin, needs
from app.domains import garage, parts
from app.domains.garage import Vehicle
from app.domains.recommendations import answering, standing
from app.domains.recommendations.pages import booking_address
from app.domains.recommendations.said import suggestion_title, why
from app.domains.recommendations.standing import Part, Recommended, Suggestion

AnyRequest = Request[Any, Any, Any]


class ModelOut(msgspec.Struct, kw_only=True):
    """How long the part lasts, counted over all cars of this drive, and how wrong that is."""

    is_on: bool
    why_off: str
    """few, worse, or empty where suggestions are made by it."""
    cars: int
    events: int
    held_events: int
    error: float | None
    """Integrated Brier score on cars it had not seen; `rule_error`: of the usual interval."""
    rule_error: float | None
    fitted_at: datetime


class SuggestionOut(msgspec.Struct, kw_only=True):
    about: str
    """A task, or a trouble code."""
    title: str
    """What it is called, in the caller's language."""
    urgency: str
    """reported, overdue, soon, unknown (nothing says when it was last done), later."""
    why: list[str]
    """The evidence, sentence by sentence."""
    every_months: int | None
    every_km: int | None
    last_on: date | None
    last_km: int | None
    last_said_by: str
    """owner, shop, ticked, or empty where nothing says that it was done."""
    due_on: date | None
    due_km: int | None
    expected_from: date | None
    expected_until: date | None
    """Between which days it will be due, with 80 % certainty."""
    answer: str
    """accepted, not_needed, or empty."""
    model: ModelOut | None


class ShopOut(msgspec.Struct):
    name: str
    slug: str
    """Of its public page."""


class PartOut(msgspec.Struct, kw_only=True):
    name: str
    number: str
    kind: str
    brand: str
    tasks: list[str]
    """The tasks it is for."""
    fits: str
    """fits, or unknown where something is to be checked."""
    why: str
    shops: list[ShopOut]


class RecommendationsOut(msgspec.Struct, kw_only=True):
    suggestions: list[SuggestionOut]
    """What presses first, then what comes later."""
    not_needed: list[SuggestionOut]
    reminded: list[str]
    """Tasks there is a reminder for: nothing is suggested beside."""
    parts: list[PartOut]
    parts_looked_up_at: datetime | None


class AnswerIn(msgspec.Struct, forbid_unknown_fields=True):
    answer: Literal["accepted", "remind", "not_needed", ""]
    """Empty takes back what was said."""


class AnswerOut(msgspec.Struct):
    answer: str
    booking_url: str = ""
    """Where to book it, after accepted."""
    reminder_id: UUID | None = None
    """The reminder that was made, after remind."""


def _suggestion(one: Suggestion, car: Vehicle) -> SuggestionOut:
    done, due, model = one.done, one.due, one.model
    return SuggestionOut(
        about=one.subject, title=suggestion_title(one.subject), urgency=due.urgency, why=why(one, car),
        every_months=one.interval.months, every_km=one.interval.km,
        last_on=done.day if done else None, last_km=done.km if done else None, last_said_by=done.source if done else "",
        due_on=due.on, due_km=due.km, expected_from=due.early, expected_until=due.late,
        answer=one.answer.answer if one.answer else "",
        model=ModelOut(**{name: getattr(model, name) for name in ModelOut.__struct_fields__}) if model else None,
    )  # fmt: skip


def _part(part: Part) -> PartOut:
    one = part.suiting
    return PartOut(
        name=one.name, number=one.number, kind=one.kind, brand=one.brand, tasks=part.tasks, fits=one.verdict.state,
        why=parts.say(one.verdict), shops=[ShopOut(shop.name, slug) for shop, slug in part.shops],
    )  # fmt: skip


def _shown(found: Recommended, car: Vehicle) -> RecommendationsOut:
    return RecommendationsOut(
        suggestions=[_suggestion(one, car) for one in (*found.now, *found.later)],
        not_needed=[_suggestion(one, car) for one in found.aside],
        reminded=[one.task for one, _how in found.reminded],
        parts=[_part(one) for one in found.parts],
        parts_looked_up_at=found.looked_at,
    )


@get("/customers/vehicles/{vehicle_id:uuid}/recommendations", opt=needs("read:own_vehicles"))
async def list_recommendations(request: AnyRequest, vehicle_id: FromPath[UUID]) -> RecommendationsOut:
    """What one's car needs next, each with why; and the parts that shops list for it."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        return _shown(await standing.of_car(db, car, me), car)


@post(
    "/customers/vehicles/{vehicle_id:uuid}/recommendations/{about:str}/answer",
    opt=needs("manage:own_vehicles"),
    status_code=200,
)
async def answer_recommendation(
    request: AnyRequest, vehicle_id: FromPath[UUID], about: FromPath[str], data: AnswerIn
) -> AnswerOut:
    """Say what becomes of a suggestion. What is not needed comes back when its next interval is over."""
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        if data.answer == "remind":
            made = await answering.remind(db, car, about, by=me)
            return AnswerOut(data.answer, reminder_id=made.id)
        await answering.answer(db, car, about, data.answer, by=me)
        accepted = data.answer == "accepted"
        return AnswerOut(data.answer, await booking_address(db, me, car, about) if accepted else "")


router = Router("/", route_handlers=[list_recommendations, answer_recommendation], tags=["recommendations"])
