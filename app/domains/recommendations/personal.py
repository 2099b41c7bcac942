"""What was said to suggestions is in the copy of whoever said it; the parts that fit belong to the car."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.recommendations.models import RecommendationAnswer


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "recommendation_answers", _("What you said to suggestions for your cars."), ("recommendation_answers",),
            {
                "car_id": (RecommendationAnswer.vehicle_id, _("which car")),
                "about": (RecommendationAnswer.subject, _("the maintenance or the trouble code")),
                "answer": (RecommendationAnswer.answer, _("accepted, or not needed")),
                "day": (RecommendationAnswer.day, _("the day it was said")),
                "km": (RecommendationAnswer.km, _("the mileage on that day, in kilometers")),
                "said_at": (RecommendationAnswer.created_at, _("when it was said")),
            },
            lambda rows: rows.where(RecommendationAnswer.user_id == person).order_by(RecommendationAnswer.created_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """What they said, also of cars that others keep."""
    await db.execute(delete(RecommendationAnswer).where(RecommendationAnswer.user_id == person))


DECLARED = Declared(records, erase=erase)
