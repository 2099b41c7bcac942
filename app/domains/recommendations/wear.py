"""Wear models: learned every night from the counts of all cars, kept with their error, and asked for one car."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, take_turn, transaction
from app.core.queue import cron
from app.domains.recommendations.intervals import interval_of
from app.domains.recommendations.models import WearModel
from app.domains.recommendations.reckoning import DAYS_A_MONTH, Done, Known, Window
from app.domains.recommendations.survival import Spell, fit, when

BY_KM = ("brake_pads", "tyres", "spark_plugs", "glow_plugs", "timing_belt", "drive_belt")
BY_MONTHS = ("new_starter_battery", "wipers")
"""What is replaced when it is worn, by what wears it. What is only looked at does not wear."""
WEARS = (*BY_KM, *BY_MONTHS)
STEP_KM = 1_000
DRIVES = {
    "gasoline": "gasoline", "diesel": "diesel", "hybrid": "hybrid", "plug_in_hybrid": "hybrid", "electric": "electric",
}  # fmt: skip


@cron("41 3 * * *", timeout=600)
async def learn() -> None:
    """Learn each task of each drive anew from what is counted now. A group that has become too small is forgotten."""
    async with transaction() as db:
        await take_turn(db, "wear is learned")
        await learn_from(db, await _counts(db))


Counted = tuple[str, str, int, bool, Spell]
"""Task, drive, how many cars, whether held back, and the spell."""


async def _counts(db: AsyncSession) -> list[Counted]:
    rows = await db.execute(
        text("SELECT * FROM wear_counts(:by_km, :by_months)"),
        {"by_km": list(BY_KM), "by_months": list(BY_MONTHS)},
    )
    return [
        (row.task, row.drive, row.cars, row.is_held, (row.length, row.is_event, row.spells)) for row in rows
    ]


async def learn_from(db: AsyncSession, counted: Sequence[Counted]) -> None:
    """Fit and keep a model of each group, and forget the others."""
    now, kept = clock.now(), []
    for (task, drive, cars), some in groupby(sorted(counted), key=lambda one: one[:3]):
        rule = _rule(task, drive)
        if rule is None:
            continue
        rows = list(some)
        fitted = fit([one[4] for one in rows if not one[3]], [one[4] for one in rows if one[3]], rule)
        values = {name: getattr(fitted, name) for name in fitted.__slots__} | {
            "unit": "km" if task in BY_KM else "months", "cars": cars, "fitted_at": now,
        }  # fmt: skip
        await db.execute(
            insert(WearModel)
            .values(id=new_id(), created_at=now, task=task, drive=drive, **values)
            .on_conflict_do_update(index_elements=["task", "drive"], set_=values)
        )
        kept.append((task, drive))
    await db.execute(delete(WearModel).where(tuple_(WearModel.task, WearModel.drive).not_in(kept)))


def _rule(task: str, drive: str) -> int | None:
    """The usual interval in the model's unit."""
    usual = interval_of(task, drive, None)
    if task in BY_KM:
        return usual.km // STEP_KM if usual.km else None
    return usual.months


async def models_for(db: AsyncSession, fuel: str) -> dict[str, WearModel]:
    """Task -> what is known of how long it lasts in cars of this drive, whether it counts or not."""
    if fuel not in DRIVES:
        return {}
    rows = await db.scalars(select(WearModel).where(WearModel.drive == DRIVES[fuel]))
    return {model.task: model for model in rows}


def window_of(model: WearModel, done: Done, known: Known) -> Window | None:
    """What a model says of a car whose part was replaced then: when a tenth, half and nine tenths of those that have
    lasted as long as this one are through. None before that where the model has seen too little; one that has outlived
    all the model has seen is due at any time."""
    curve = [(int(length), float(share)) for length, share in model.curve]
    if model.unit == "km":
        if done.km is None or known.km is None:
            return None
        so_far, step = (known.km - done.km) / STEP_KM, STEP_KM
    else:
        so_far, step = (known.today - done.day).days / DAYS_A_MONTH, 1
    first = when(curve, 0.1)
    low, middle, high = (when(curve, share, after=so_far) for share in (0.1, 0.5, 0.9))
    if first is None or (low is None and so_far < first):
        return None
    return Window(
        first * step,
        (so_far if low is None else low) * step,
        None if middle is None else float(middle * step),
        None if high is None else float(high * step),
        by_km=model.unit == "km",
    )
