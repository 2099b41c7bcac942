"""How a car stands: the campaigns that name its make, model and year, and what its owner said of them."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.garage import Vehicle
from app.domains.recalls.events import RecallAnswered
from app.domains.recalls.models import UNKNOWN_YEAR, Recall, RecallAnswer
from app.domains.recalls.names import beginnings, key

Answer = Literal["done", "not_mine", ""]
MOST = 500
"""Rows of one car; no model has near as many."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A recall as a car's owner reads it: the campaign's rows for this car in one."""

    number: str
    components: list[str]
    defect: str
    consequence: str
    remedy: str
    names_year: bool
    """Whether the campaign names the car's model year; some name none."""
    answer: str
    """done, not_mine, or empty while its owner has said nothing."""


async def of_car(db: AsyncSession, vehicle: Vehicle) -> list[Campaign]:
    """The campaigns that may concern a car the viewer has found: those nothing was said of first, then the newest."""
    rows = await db.scalars(
        select(Recall)
        .where(
            Recall.make_key == key(vehicle.make),
            Recall.model_key.in_(beginnings(vehicle.model)),
            Recall.year.in_((vehicle.year or UNKNOWN_YEAR, UNKNOWN_YEAR)),
        )
        .order_by(Recall.created_at.desc(), Recall.campaign.desc(), Recall.component)
        .limit(MOST)
    )
    said = await db.execute(
        select(RecallAnswer.campaign, RecallAnswer.answer).where(RecallAnswer.vehicle_id == vehicle.id)
    )
    answers: dict[str, str] = {row.campaign: row.answer for row in said}
    by_number: dict[str, list[Recall]] = {}
    for row in rows:
        by_number.setdefault(row.campaign, []).append(row)
    found = [_campaign(rows, answers.get(number, "")) for number, rows in by_number.items()]
    return sorted(found, key=lambda one: bool(one.answer))


def _campaign(rows: list[Recall], answer: str) -> Campaign:
    first = rows[0]
    return Campaign(
        number=first.campaign,
        components=list(dict.fromkeys(row.component for row in rows if row.component)),
        defect=first.defect,
        consequence=first.consequence,
        remedy=first.remedy,
        names_year=any(row.year != UNKNOWN_YEAR for row in rows),
        answer=answer,
    )


async def answer(db: AsyncSession, vehicle: Vehicle, campaign: str, said: Answer, *, by: Viewer) -> None:
    """Say of a campaign that it was seen to, or does not concern this car; nothing takes back what was said. Saying it
    again changes nothing. Raises NotFound for a campaign that does not name the car."""
    standing = {one.number: one.answer for one in await of_car(db, vehicle)}
    if campaign not in standing:
        raise NotFound
    if standing[campaign] == said or by.user_id is None:
        return
    if said:
        values = {"id": new_id(), "created_at": clock.now(), "vehicle_id": vehicle.id, "campaign": campaign}
        await db.execute(
            insert(RecallAnswer)
            .values(**values, answer=said)
            .on_conflict_do_update(
                index_elements=["vehicle_id", "campaign"],
                set_={"answer": said, "created_at": values["created_at"]},
            )
        )
    else:
        await db.execute(
            delete(RecallAnswer).where(
                RecallAnswer.vehicle_id == vehicle.id, RecallAnswer.campaign == campaign
            )
        )
    event = RecallAnswered(vehicle_id=vehicle.id, campaign=campaign, answer=said, user_id=by.user_id)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
