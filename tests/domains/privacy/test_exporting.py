"""Asking for a copy of everything, waiting for it, and what may go wrong meanwhile."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app.core import clock
from app.core.db import new_id, transaction
from app.core.files import storage
from app.domains.privacy import making
from app.domains.privacy.exporting import KEPT
from app.domains.privacy.making import SILENCE, TRIES
from app.domains.privacy.models import Export
from app.gateways.storage import FileMissing
from tests.cast import CAST, PASSWORD
from tests.mailbox import mails_to

HERE = "/settings/your-data"
DANA = CAST.customer.user_id


async def copies() -> list[Export]:
    async with transaction(user=DANA) as db:
        return list(await db.scalars(select(Export).order_by(Export.id)))


async def make(export: Export) -> None:
    await making.make(export_id=str(export.id), person=str(DANA))


async def bytes_under(key: str) -> bytes | None:
    try:
        return await storage().get(key)
    except FileMissing:
        return None


async def test_a_person_asks_waits_is_told_and_fetches(browser, cast, run_reactions):
    dana = browser(cast.customer)
    assert "Make a copy" in (await dana.get(HERE)).text
    assert (await dana.post(f"{HERE}/exports")).headers["location"] == HERE
    waiting = await dana.get(HERE)
    assert ("Being made" in waiting.text, "Make a copy" in waiting.text) == (True, False)
    await run_reactions()
    [export] = await copies()
    assert (await dana.get(f"{HERE}/exports/{export.id}/file")).status_code == 404, "not yet"
    await make(export)
    await run_reactions()
    page = await dana.get(HERE)
    assert f"{HERE}/exports/{export.id}/file" in page.text
    [mail, *_] = await mails_to(cast.customer.email)
    assert (mail.subject, str(export.id) in mail.text + mail.html) == (
        "The copy of your data is ready",
        False,
    )
    assert "The copy of your data is ready" in (await dana.get("/notifications")).text
    fetched = await dana.get(f"{HERE}/exports/{export.id}/file")
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert fetched.headers["cache-control"] == "private, no-store"
    assert fetched.content[:2] == b"PK"
    resting = await bytes_under(export.key)
    assert b"fields.json" in fetched.content
    assert b"fields.json" not in resting


async def test_two_clicks_at_once_make_one_copy(browser, cast):
    tabs = [browser(cast.customer) for _ in range(4)]
    answers = await asyncio.gather(*(tab.post(f"{HERE}/exports") for tab in tabs))
    assert {answer.status_code for answer in answers} == {303}
    [export] = await copies()
    again = await tabs[0].json("POST", "/api/v1/me/export")
    assert (again.status_code, again.json()["id"]) == (202, str(export.id))


async def test_a_killed_worker_is_followed_by_another_and_comes_too_late_itself(browser, cast, run_reactions):
    dana = browser(cast.customer)
    await dana.post(f"{HERE}/exports")
    [export] = await copies()
    killed = await making._claim(export.id, DANA)
    assert killed is not None
    await make(export)
    assert (await copies())[0].status == "running", "while it shows signs of life nobody else begins"
    with clock.moved_by(SILENCE + timedelta(seconds=1)):
        await making.look_after_copies()  # hands it to the queue
        await make(export)
    [ready] = await copies()
    assert (ready.status, ready.tries, ready.key) == ("ready", 2, export.key)
    first = await bytes_under(export.key)
    with pytest.raises(making.Overtaken):
        await killed.check()
    with pytest.raises(making.Overtaken):
        await killed.finish(1)
    await make(export)
    assert await bytes_under(export.key) == first
    await run_reactions()
    assert len([one for one in await mails_to(cast.customer.email) if "copy" in one.subject]) == 1


async def test_what_never_succeeds_is_given_up_and_said(browser, cast, run_reactions):
    dana = browser(cast.customer)
    await dana.post(f"{HERE}/exports")
    [export] = await copies()
    for number in range(1, TRIES + 1):
        with clock.moved_by(SILENCE * 2 * number):
            assert await making._claim(export.id, DANA) is not None
    with clock.moved_by(SILENCE * 2 * (TRIES + 1)):
        assert await making._claim(export.id, DANA) is None
        await making.look_after_copies()
        await run_reactions()
        page = await dana.get(HERE)
        assert ("Could not be made" in page.text, "Make a copy" in page.text) == (True, True)


async def test_a_copy_whose_key_cannot_be_opened_any_more_is_made_under_a_new_one(browser, cast):
    dana = browser(cast.customer)
    await dana.post(f"{HERE}/exports")
    [export] = await copies()
    assert await making._claim(export.id, DANA) is not None
    async with transaction(user=DANA) as db:
        await db.execute(update(Export).values(sealing_key=b"of a key that is lost"))
    with clock.moved_by(SILENCE + timedelta(seconds=1)):
        await make(export)
        fetched = await dana.get(f"{HERE}/exports/{export.id}/file")
    assert (fetched.status_code, b"fields.json" in fetched.content) == (200, True)


async def test_a_finished_copy_that_cannot_be_opened_any_more_says_so_and_offers_a_new_one(browser, cast):
    dana = browser(cast.customer)
    await dana.post(f"{HERE}/exports")
    [export] = await copies()
    await make(export)
    for what in ({"sealing_key": b"of a key that is lost"}, {"key": "nothing/is/here.zip"}):
        async with transaction(user=DANA) as db:
            await db.execute(update(Export).values(**what))
        page = await dana.get(f"{HERE}/exports/{export.id}/file")
        assert (page.status_code, "cannot be opened any more" in page.text) == (410, True)
        assert "Make a copy" in page.text
        told = await dana.get(f"/api/v1/me/exports/{export.id}/file")
        assert (told.status_code, "new one" in told.json()["error"]) == (410, True)


async def test_a_slow_storage_holds_no_transaction_open(browser, cast, monkeypatch):
    dana = browser(cast.customer)
    await dana.post(f"{HERE}/exports")
    [export] = await copies()
    await make(export)
    stored, waiting = storage().stream, []
    open_ones = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in tr%'"
    )

    async def stream(*args, **kwargs):
        async with transaction() as db:
            waiting.append(await db.scalar(open_ones))
        async for piece in stored(*args, **kwargs):
            yield piece

    monkeypatch.setattr(storage(), "stream", stream)
    fetched = await dana.get(f"{HERE}/exports/{export.id}/file")
    assert (fetched.status_code, waiting) == (200, [0])


async def test_after_a_week_it_is_gone_with_its_bytes(browser, cast):
    dana = browser(cast.customer)
    await dana.post(f"{HERE}/exports")
    [export] = await copies()
    await make(export)
    with clock.moved_by(KEPT + timedelta(minutes=1)):
        later = browser()
        await later.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
        assert str(export.id) not in (await later.get(HERE)).text
        assert (await later.get(f"{HERE}/exports/{export.id}/file")).status_code == 404
        await making.look_after_copies()
        assert (await copies(), await bytes_under(export.key)) == ([], None)
        await making.look_after_copies()


async def test_it_asks_who_is_there_and_how_often(browser, cast):
    dana = browser()
    await dana.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    with clock.moved_by(timedelta(minutes=11)):
        asked = await dana.post(f"{HERE}/exports", headers={"referer": f"http://testserver{HERE}"})
        assert asked.headers["location"].startswith("/step-up")
        assert await copies() == []
    sure = browser(cast.customer)
    for _ in range(3):
        assert (await sure.post(f"{HERE}/exports")).status_code == 303
        await make((await copies())[-1])
    assert (await sure.post(f"{HERE}/exports")).status_code == 429


async def test_a_token_for_one_purpose_carries_nothing_away(browser, cast):
    dana = browser(cast.customer)
    made = await dana.json(
        "POST", "/api/v1/tokens", {"name": "till", "scopes": ["read:own_profile"], "days": 30}
    )
    program = browser()
    headers = {"authorization": f"Bearer {made.json()['token']}"}
    asked = await program.http.post("/api/v1/me/export", headers=headers)
    assert asked.status_code == 403
    assert (await program.http.get(f"/api/v1/me/exports/{new_id()}", headers=headers)).status_code == 403
    assert await copies() == []
