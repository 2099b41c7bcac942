"""Many hands at once: hold, confirm, move, cancel, let run out, in a random order. Whatever happens, it adds up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.errors import Refused
from app.core.viewer import Viewer
from app.domains.booking import changing
from app.domains.booking.models import Appointment
from tests.domains.booking import shops
from tests.domains.booking.acting import TUESDAY, change, confirm, hold
from tests.domains.booking.conftest import Stage
from tests.domains.booking.shops import at

pytestmark = pytest.mark.usefixtures("morning")

STARTS = [at(TUESDAY, hour, minute) for hour in range(8, 17) for minute in (0, 30)]


async def live_through(stage: Stage, who: tuple[Viewer, Any], seed: int, seen: Counter[str]) -> None:
    chance = random.Random(seed)
    mine: Appointment | None = None
    for _step in range(12):
        act = chance.choice(["hold", "hold", "confirm", "move", "cancel", "wait"])
        try:
            if act == "hold":
                mine = await hold(stage, who, chance.choice(STARTS))
            elif act == "wait":
                with clock.moved_by(timedelta(minutes=chance.choice([3, 11]))):
                    mine = await hold(stage, who, chance.choice(STARTS))
            elif mine is not None:
                starts = {"starts": chance.choice(STARTS)} if act == "move" else {}
                if act == "confirm":
                    await confirm(stage, who[0], mine)
                else:
                    how = changing.reschedule if act == "move" else changing.cancel
                    await change(stage, who[0], mine, how, **starts)
            seen[act] += 1
        except Refused as refused:
            seen[f"{act} {refused.status}"] += 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_history_of_a_crowd_books_anything_twice(stage: Stage, seed: int) -> None:
    async with stage.owner() as db:
        await shops.add_bay(db, stage.shop, "Second", position=1)
        await shops.add_technician(db, stage.shop, "Olga")
        stage.shop.center.cancel_hours = 0
        await db.execute(text("UPDATE service_centers SET cancel_hours = 0"))
        crowd = [await shops.add_driver(db, f"Driver {number}") for number in range(16)]
    seen: Counter[str] = Counter()
    await asyncio.gather(*(live_through(stage, who, seed * 1000 + n, seen) for n, who in enumerate(crowd)))
    print(f"\nseed {seed}: {dict(seen)}")
    assert all(seen[act] for act in ("hold", "hold 409", "confirm", "move", "cancel"))
    async with stage.owner() as db:
        for claim, query in INVARIANTS.items():
            assert await db.scalar(text(query)) == 0, claim


INVARIANTS = {
    "nothing overlaps": """SELECT count(*) FROM occupations a JOIN occupations b ON a.resource_id = b.resource_id
        AND a.id < b.id AND a.during && b.during WHERE a.is_active AND b.is_active""",
    "a standing visit occupies its bay and its technician": """SELECT count(*) FROM appointments a
        WHERE status IN ('pending', 'confirmed', 'held') AND 2 <> (SELECT count(*) FROM occupations o
          WHERE o.appointment_id = a.id AND o.is_active AND o.resource_id IN (a.bay_id, a.technician_id)
            AND o.during @> tstzrange(a.starts_at, a.ends_at))""",
    "what is over occupies nothing": """SELECT count(*) FROM appointments a JOIN occupations o
        ON o.appointment_id = a.id AND o.is_active WHERE a.status IN ('cancelled', 'expired', 'no_show')""",
    "only a hold runs out": """SELECT count(*) FROM occupations o JOIN appointments a ON a.id = o.appointment_id
        WHERE o.is_active AND (o.held_until IS NOT NULL) <> (a.status = 'held')""",
    "one hold a driver": """SELECT count(*) FROM (SELECT user_id FROM appointments WHERE status = 'held'
        GROUP BY user_id HAVING count(*) > 1) doubled""",
    "nobody deadlocked": "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
}
