"""The mail of a package that runs out: once for each end, on the shop's wall, and not to whom it tells nothing new."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import clock
from app.core.db import transaction
from app.domains import packages
from app.domains.network import setting_values
from app.domains.notifications.package_reminding import remind_of_packages
from app.domains.packages.models import PackagePlan, ServicePackage
from tests.cast import CAR, CAST, HARBOR
from tests.domains.notifications import things
from tests.domains.packages.sold import AVERY, at_the_shop, sold
from tests.test_crons import refuse_events_about

SOLD = datetime(2026, 4, 15, 15, 0, tzinfo=UTC)
ENDS = date(2027, 4, 14)
NINE = datetime(2027, 3, 15, 13, 0, tzinfo=UTC)
"""Nine on the wall of New York thirty days before, on the first Monday of summer time."""


@pytest.fixture
async def package(site, run_reactions):
    """Comfort, sold a year before, and told of by then."""
    with clock.moved_to(SOLD):
        async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
            _order, package = await at_the_shop(db)
        await run_reactions()
    assert package.ends_on == ENDS
    return package


async def reminded(run_reactions, at=NINE + timedelta(minutes=5)):
    """The subjects of the mails there are once the cron has run at that moment."""
    with clock.moved_to(at):
        await remind_of_packages()
        await run_reactions()
    return [mail.subject for mail in await things.mails() if mail.template == "package_renewal"]


async def test_it_leaves_once_thirty_days_before_and_says_what_is_left(package, run_reactions):
    assert await reminded(run_reactions, NINE - timedelta(minutes=1)) == []
    with clock.moved_to(NINE + timedelta(minutes=1)):
        await asyncio.gather(remind_of_packages(), remind_of_packages())
    assert await reminded(run_reactions) == ["Comfort for your 2003 Honda Accord ends on Apr 14, 2027"]
    assert len(await reminded(run_reactions, NINE + timedelta(days=3))) == 1
    [mail] = [one for one in await things.mails() if one.template == "package_renewal"]
    assert "2 × Oil change" in mail.text
    assert f"/book/harbor-lane-garage?vehicle={CAR}" in mail.html
    lines = await things.lines_of(CAST.customer.user_id)
    assert "Comfort ends on Apr 14, 2027" in {line.title for line in lines}
    async with transaction(tenant=HARBOR) as db:
        assert (await db.get_one(ServicePackage, package.id)).renewal_reminder_sent


async def test_who_has_renewed_is_left_in_peace_until_the_next_one_ends(package, run_reactions):
    with clock.moved_to(NINE - timedelta(days=5)):
        async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
            offered = await db.get_one(PackagePlan, package.plan_id)
            await sold(db, offered, starts_on=ENDS + timedelta(days=1))
    assert await reminded(run_reactions) == []
    assert len(await reminded(run_reactions, NINE + timedelta(days=366))) == 1


async def test_not_of_one_that_is_cancelled_over_or_never_to_be_told_of(package, run_reactions):
    assert await reminded(run_reactions, NINE + timedelta(days=31)) == [], "it has ended"
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        await setting_values.change(db, {"reminders.package_days": 0}, seen=0, by=CAST.owner.viewer)
    assert await reminded(run_reactions) == []
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        await setting_values.change(db, {"reminders.package_days": 20}, seen=1, by=CAST.owner.viewer)
    assert await reminded(run_reactions) == []
    with clock.moved_to(NINE + timedelta(days=10, minutes=5)):
        await remind_of_packages()
        async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
            await packages.cancel(
                db, await packages.find(db, AVERY, package.id), reason="Sold the car", by=AVERY
            )
        await run_reactions()
    assert await reminded(run_reactions, NINE + timedelta(days=11)) == [], "cancelled before it was written"


async def test_a_worker_that_dies_over_it_leaves_it_to_be_said(package, run_reactions):
    await refuse_events_about(package.id)
    with clock.moved_to(NINE + timedelta(minutes=5)), pytest.raises(ExceptionGroup):
        await remind_of_packages()
    async with transaction(tenant=HARBOR) as db:
        assert not (await db.get_one(ServicePackage, package.id)).renewal_reminder_sent
