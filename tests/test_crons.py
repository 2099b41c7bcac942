"""What runs by the clock: one row that cannot be done holds up no other, and is seen."""

from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.domains.estimates.models import Estimate
from app.domains.estimates.tasks import expire_overdue
from app.domains.notifications import reminding
from app.settings import as_libpq, settings
from tests.cast import CAST, HARBOR
from tests.domains.estimates.desk import as_person, order_with_jobs, sent
from tests.domains.notifications import things


async def refuse_events_about(subject):
    """From now on the database takes no event about that subject."""
    owner = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    try:
        await owner.execute(f"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.subject_id = '{subject}' THEN RAISE 'not this one'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse();
        """)
    finally:
        await owner.close()


async def test_a_visit_that_cannot_be_reminded_of_leaves_the_others_theirs(site, run_reactions):
    long_ago = things.TUESDAY_TEN - timedelta(days=20)
    first = await things.appointment(None, created_at=long_ago)
    second = await things.appointment(
        None, created_at=long_ago, starts_at=things.TUESDAY_TEN + timedelta(hours=2)
    )
    await refuse_events_about(first)
    with clock.moved_to(things.TUESDAY_TEN - timedelta(hours=19)):
        with pytest.raises(ExceptionGroup, match="1 could not be done"):
            await reminding.remind()
        await run_reactions()
    assert [line.related_id for line in await things.lines_of(CAST.customer.user_id)] == [second]


async def test_an_estimate_that_cannot_expire_leaves_the_others_to(site):
    async with transaction() as db:
        made = []
        for _ in range(2):
            await as_person(db, CAST.advisor)
            order, _jobs = await order_with_jobs(db)
            estimate, _sheet = await sent(db, order)
            made.append((order.id, estimate.id, estimate.valid_until))
    await refuse_events_about(made[0][0])
    later = max(until for _, _, until in made) + timedelta(hours=1)
    with clock.moved_to(later), pytest.raises(ExceptionGroup, match="1 could not be done"):
        await expire_overdue()
    async with transaction(tenant=HARBOR) as db:
        states = {row.id: row.status for row in await db.scalars(select(Estimate))}
    assert [states[estimate_id] for _, estimate_id, _ in made] == ["sent", "expired"]
