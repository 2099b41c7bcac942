"""What a car needs next: the suggestions with why, what is reminded of already, what was put aside, and the parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec
from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.modules import off_at
from app.core.places import country_of
from app.core.viewer import Viewer
from app.domains import garage, parts, reminders, telematics
from app.domains.garage import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.parts import Suiting
from app.domains.parts_shops.models import PartsShop
from app.domains.recommendations.history import last_done
from app.domains.recommendations.intervals import Interval, interval_of, tasks_of
from app.domains.recommendations.models import PartSuggestions, RecommendationAnswer, WearModel
from app.domains.recommendations.reckoning import ORDER, Done, Due, Known, reckon
from app.domains.recommendations.wear import models_for, window_of
from app.domains.reminders import Reminder, Standing
from app.domains.reminders.reckoning import after_months
from app.domains.telematics import TroubleCode

WEIGHS = ("brake_fluid", "timing_belt", "oil", "brakes", "tyres", "coolant", "inspection")
"""Of what nobody knows, the first to look after: what costs a life or an engine."""
SHORT = 3
"""Suggestions in the region of the car's page."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that fits, with the shops that list it by the same line, and the tasks it is for."""

    suiting: Suiting
    shops: list[tuple[PartsShop, str]]
    """Each with the address of its public page."""
    tasks: list[str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing a car needs, and all it takes to say why."""

    subject: str
    due: Due
    known: Known
    interval: Interval = field(default_factory=lambda: Interval(None, None))
    done: Done | None = None
    code: TroubleCode | None = None
    model: WearModel | None = None
    """The model it is made by, or that was tried and does not count."""
    answer: RecommendationAnswer | None = None
    parts: list[Part] = field(default_factory=list)

    @property
    def by_model(self) -> bool:
        return self.model is not None and self.model.is_on and self.done is not None


@dataclass(frozen=True, slots=True)
class Recommended:
    """All there is to say of a car on a day."""

    known: Known
    now: list[Suggestion]
    """What presses, and what nobody knows the last time of; the most urgent first."""
    later: list[Suggestion]
    reminded: list[tuple[Reminder, Standing]]
    """Tasks its people are reminded of already: nothing is suggested beside."""
    aside: list[Suggestion]
    """What somebody said is not needed."""
    parts: list[Part]
    looked_at: datetime | None


async def of_car(db: AsyncSession, car: Vehicle, me: Viewer) -> Recommended:
    """What a car that the viewer has found in their garage needs next."""
    today = clock.today(me.zone)
    known = Known(
        today, car.year, car.mileage_km, car.mileage_at.date() if car.mileage_at else None, await garage.rate_of(db, car)
    )  # fmt: skip
    found, looked_at = await _parts(db, car, country_of(me.zone))
    kept = {one.task: (one, how) for one, how in await reminders.of_car(db, car, today) if one.task}
    said = {one.subject: one for one in await _answers(db, car)}
    done = await last_done(db, car)
    models = await models_for(db, car.fuel)
    every = [
        *(_reported(code, known, said) for code in await telematics.codes_of(db, car)),
        *(
            one
            for task in tasks_of(car.fuel)
            if task not in kept
            and (one := _due(task, car, known, done.get(task), said.get(task), models.get(task), found))
        ),
    ]
    every.sort(key=_first)
    open_ones = [one for one in every if not _is_aside(one)]
    return Recommended(
        known=known,
        now=[one for one in open_ones if one.due.urgency != "later"],
        later=sorted(
            (one for one in open_ones if one.due.urgency == "later"),
            key=lambda one: one.due.early or date.max,
        ),
        reminded=[kept[task] for task in tasks_of(car.fuel) if task in kept],
        aside=[one for one in every if _is_aside(one)],
        parts=found,
        looked_at=looked_at,
    )


def _first(one: Suggestion) -> tuple[int, int, float, str]:
    weighs = one.due.urgency == "unknown" and one.subject in WEIGHS
    place = WEIGHS.index(one.subject) if weighs else len(WEIGHS)
    return ORDER[one.due.urgency], place, -one.due.gone, one.subject


def _reported(code: TroubleCode, known: Known, said: dict[str, RecommendationAnswer]) -> Suggestion:
    answer = said.get(code.code)
    if answer is not None and answer.created_at < code.first_at:
        answer = None  # said of another time that it showed this code
    return Suggestion(code.code, Due("reported"), known, code=code, answer=answer)


def _due(
    task: str,
    car: Vehicle,
    known: Known,
    done: Done | None,
    answer: RecommendationAnswer | None,
    model: WearModel | None,
    found: Sequence[Part],
) -> Suggestion | None:
    interval = interval_of(task, car.fuel, known.years)
    window = window_of(model, done, known) if model and model.is_on and done else None
    due = reckon(known, interval, done, window)
    if due is None:
        return None
    if answer is not None and done is not None and done.day >= answer.day:
        answer = None  # it was done since
    fitting = [part for part in found if task in part.tasks]
    return Suggestion(task, due, known, interval, done, model=model, answer=answer, parts=fitting)


def _is_aside(one: Suggestion) -> bool:
    """Not needed, until an interval later; a trouble code until it comes anew."""
    answer = one.answer
    if answer is None or answer.answer != "not_needed":
        return False
    if one.code is not None:
        return True
    months, km = one.interval.months, one.interval.km
    is_over = months is not None and after_months(answer.day, months) <= one.known.today
    if km is not None and answer.km is not None and one.known.km is not None:
        is_over = is_over or one.known.km >= answer.km + km
    return not is_over


async def _answers(db: AsyncSession, car: Vehicle) -> Sequence[RecommendationAnswer]:
    rows = await db.scalars(select(RecommendationAnswer).where(RecommendationAnswer.vehicle_id == car.id))
    return rows.all()


async def _parts(db: AsyncSession, car: Vehicle, country: str) -> tuple[list[Part], datetime | None]:
    """What was found for the car when the lists were last looked through, of the shops of a country that still sell."""
    kept = await db.scalar(select(PartSuggestions).where(PartSuggestions.vehicle_id == car.id))
    if kept is None:
        return [], None
    found = msgspec.convert(kept.found, list[Suiting])
    tenants = {one.tenant_id for one in found}
    rows = await db.execute(
        select(PartsShop, ServiceCenter.slug)
        .join(
            ServiceCenter,
            (ServiceCenter.tenant_id == PartsShop.tenant_id) & (ServiceCenter.id == PartsShop.center_id),
        )
        .where(
            PartsShop.tenant_id.in_(tenants),
            PartsShop.status == "active",
            ServiceCenter.country == country if country else true(),
        )
    )
    off = await off_at(db, tenants, "parts_market")
    shops = {shop.tenant_id: (shop, slug) for shop, slug in rows if shop.tenant_id not in off}
    same: dict[str, Part] = {}
    for one in found:
        if one.tenant_id in shops:
            said = f"{one.name.casefold()} {one.brand.casefold()} {one.number} {parts.say(one.verdict)}"
            part = same.setdefault(said, Part(one, [], garage.tasks_in(one.name)))
            part.shops.append(shops[one.tenant_id])
    return list(same.values()), kept.looked_at
