"""A refusal is kept where those it concerns can see it."""

from sqlalchemy import select

from app.core.db import transaction
from app.core.tables import AuditLog
from app.domains.estimates.links import issue_link, revoke_links
from tests.cast import CAST, HARBOR, VOLT
from tests.domains.estimates.desk import order_with_jobs, sent


async def kept(tenant):
    async with transaction(tenant=tenant) as db:
        return (await db.scalars(select(AuditLog).where(AuditLog.tenant_id == tenant))).all()


async def dead_link():
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
        token = await issue_link(db, estimate)
        await revoke_links(db, estimate, by=CAST.advisor.viewer)
        return token


async def refused_at(browser, token):
    answer = await browser.post(f"/approve/{token}", {"signed_name": "Dana O'Neil"})
    assert answer.status_code == 409


async def test_what_is_refused_to_a_link_without_an_account_is_the_shops_to_see(site, browser):
    token = await dead_link()
    await refused_at(browser(), token)
    [line] = await kept(HARBOR)
    assert (line.action, line.user_id, line.entity_id) == ("estimate.link_shut", None, "/approve/…")
    assert token not in str(line.new_values)


async def test_also_when_somebody_of_another_shop_holds_the_link(site, browser, cast):
    await refused_at(browser(cast.outsider), await dead_link())
    assert [line.user_id for line in await kept(HARBOR)] == [cast.outsider.user_id]
    assert await kept(VOLT) == []


async def test_a_missing_permission_is_kept_with_its_persons_shop_and_device(browser, cast):
    terry = browser(cast.technician)
    answer = await terry.get("/settings/centers", headers={"user-agent": "Tablet"})
    assert answer.status_code == 403
    [line] = await kept(HARBOR)
    assert (line.action, line.actor_name, line.user_agent) == (
        "permission.denied",
        cast.technician.name,
        "Tablet",
    )
    assert line.new_values == {"permission": "manage:center"}
