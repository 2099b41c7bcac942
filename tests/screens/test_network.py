from app.core.db import new_id, transaction
from app.core.tables import DeadJob


async def test_the_network_administrator_sees_tenants_people_jobs_and_health(browser, cast):
    nova = browser(cast.network)
    tenants = await nova.get("/network")
    assert "Harbor Lane Garage" in tenants.text
    assert "Voltwerk Berlin" in tenants.text
    people = await nova.get("/network/people?q=O'Neil")
    assert "Dana O&#39;Neil" in people.text
    assert "Otto" not in people.text
    assert (await nova.get("/network/jobs")).status_code == 200
    assert (await nova.get("/network/health")).status_code == 200


async def test_nobody_else_gets_in(browser, cast):
    for person in (cast.customer, cast.advisor, cast.owner, cast.outsider):
        assert (await browser(person).get("/network")).status_code == 403
    assert (await browser().get("/network")).status_code == 303


async def test_closing_a_tenant_takes_its_staff_their_roles_until_it_opens_again(browser, cast):
    nova, avery = browser(cast.network), browser(cast.advisor)
    url = f"/network/tenants/{cast.advisor.tenant_id}/status"
    await nova.post(url, {"status": "closed"})
    assert (await avery.get("/home")).headers["location"] == "/garage"
    await nova.post(url, {"status": "open"})
    assert (await avery.get("/home")).headers["location"] == "/board"


async def test_a_dead_job_is_shown_and_one_that_runs_by_the_clock_is_not_replayed(browser, cast):
    job = DeadJob(id=new_id(), task="some.cron", kwargs={}, error="no route to host", attempts=3)
    async with transaction() as db:
        db.add(job)
    nova = browser(cast.network)
    assert "no route to host" in (await nova.get("/network/jobs")).text
    assert (await nova.post(f"/network/jobs/{job.id}/replay")).status_code == 409
