"""What becomes of a suggestion: booked, reminded of, not needed, or open again."""

from datetime import timedelta
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.recommendations.events import RecommendationAnswered
from app.domains.recommendations.models import RecommendationAnswer
from app.domains.recommendations.standing import Suggestion, of_car
from app.domains.reminders import Reminder, keeping
from app.domains.reminders.facts import Wanted

Answer = Literal["accepted", "not_needed", ""]
IN_A_FORTNIGHT = timedelta(days=14)
SHORTLY_KM = 1_500


async def find(db: AsyncSession, car: Vehicle, subject: str, *, by: Viewer) -> Suggestion:
    """A suggestion for a car by its task or trouble code, put aside or not. Raises NotFound for what is not suggested."""
    known = await of_car(db, car, by)
    for one in (*known.now, *known.later, *known.aside):
        if one.subject == subject:
            return one
    raise NotFound


async def answer(db: AsyncSession, car: Vehicle, subject: str, said: Answer, *, by: Viewer) -> Suggestion:
    """Say what becomes of a suggestion; nothing takes back what was said. The same again changes nothing. Raises
    NotFound."""
    one = await find(db, car, subject, by=by)
    if (one.answer.answer if one.answer else "") == said or by.user_id is None:
        return one
    if said:
        given = {
            "user_id": by.user_id, "answer": said, "day": clock.today(by.zone), "km": car.mileage_km, "created_at": clock.now(),
        }  # fmt: skip
        await db.execute(
            insert(RecommendationAnswer)
            .values(id=new_id(), vehicle_id=car.id, subject=subject, **given)
            .on_conflict_do_update(index_elements=["vehicle_id", "subject"], set_=given)
        )
    else:
        await db.execute(
            delete(RecommendationAnswer).where(
                RecommendationAnswer.vehicle_id == car.id, RecommendationAnswer.subject == subject
            )
        )
    event = RecommendationAnswered(vehicle_id=car.id, about=subject, answer=said)
    await record(db, event, by=by, person=by.user_id, subject=car.id)
    return one


async def remind(db: AsyncSession, car: Vehicle, subject: str, *, by: Viewer) -> Reminder:
    """Make a reminder of a suggested task, at the interval that was suggested. What is late, or of which nobody knows the
    last time, is reminded of in a fortnight; the rest when it comes. Raises NotFound; Invalid for a trouble code, of which
    there is a reminder while the car shows it; Refused as reminders do."""
    one = await find(db, car, subject, by=by)
    if one.subject not in garage.TASKS:
        raise Invalid({"answer": _("The car reports this code: its reminder is there already.")})
    presses = one.due.urgency in ("overdue", "unknown")
    by_distance = presses and one.interval.km and car.mileage_km is not None
    wanted = Wanted(
        task=one.subject,
        every_months=one.interval.months,
        every_km=one.interval.km,
        due_on=clock.today(by.zone) + IN_A_FORTNIGHT if presses else one.due.on,
        due_km=(car.mileage_km or 0) + SHORTLY_KM if by_distance else None if presses else one.due.km,
    )
    return await keeping.add(db, car, wanted, by=by)
