import asyncio

from sqlalchemy import text

from app.core.db import transaction
from tests.cast import HARBOR
from tests.core.pictures import jpeg


async def said(tenant=HARBOR, user=None):
    async with transaction(tenant=tenant, user=user) as db:
        rows = await db.execute(text("SELECT side, kind, text FROM messages ORDER BY number"))
        return [tuple(row) for row in rows]


async def test_driver_and_workshop_write_to_each_other(browser, cast, url):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    visit = url.removesuffix("/messages")
    assert "Nothing has been written yet" in (await driver.get(visit)).text
    sent = await driver.post(url, {"text": "  It's the left one.\n\nCan I wait? <b>really</b> "})
    assert (sent.status_code, sent.headers["location"]) == (303, url)
    seen = (await desk.get(visit)).text
    assert "It&#39;s the left one.\n\nCan I wait? &lt;b&gt;really&lt;/b&gt;" in seen
    assert "Seen" in (await driver.get(url)).text
    await desk.post(url, {"text": "Of course, there is coffee."})
    answer = (await driver.get(visit)).text
    assert "Avery Advisor" in answer
    assert "there is coffee" in answer
    assert await said() == [
        ("other", "text", "It's the left one.\n\nCan I wait? <b>really</b>"),
        ("business", "text", "Of course, there is coffee."),
    ]


async def test_a_double_click_sends_once_and_an_empty_message_not_at_all(browser, cast, url):
    driver = browser(cast.customer)
    twice = [driver.post(url, {"text": "Twice"}, key="the same") for _click in range(2)]
    assert {one.status_code for one in await asyncio.gather(*twice)} == {303}
    refused = await driver.post(url, {"text": " \n "})
    assert refused.status_code == 422
    assert "Write something, or choose a photo." in refused.text
    long = await driver.post(url, {"text": "ä" * 4001})
    assert long.status_code == 422
    assert "ä" * 4001 in long.text  # what was typed is still there
    assert await said() == [("other", "text", "Twice")]


async def test_a_photo_is_taken_by_its_content_and_seen_by_both(browser, cast, url):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    fake = {"attachment": ("rim.jpg", b"MZ this is a program", "image/jpeg")}
    refused = await driver.post(url, {"text": "Look"}, files=fake)
    assert refused.status_code == 422
    assert "“rim.jpg” is neither a photo" in refused.text
    assert "Look" in refused.text
    real = {"attachment": ("rim.exe", jpeg(), "application/x-msdownload")}
    assert (await driver.post(url, files=real)).status_code == 303
    for person in (driver, desk):
        assert "Photo from Dana O&#39;Neil" in (await person.get(url)).text
    assert await said() == [("other", "image", "")]


async def test_nobody_else_reads_hears_or_writes(browser, cast, url):
    await browser(cast.customer).post(url, {"text": "Between us"})
    for person in (cast.stranger, cast.outsider, cast.network, cast.technician):
        other = browser(person)
        for answer in (await other.get(url), await other.post(url, {"text": "Me too"})):
            assert answer.status_code == 404, person.key
    assert (await browser().get(url)).status_code == 303  # to sign in
    for who in ({"user": cast.stranger.user_id}, {"tenant": cast.outsider.tenant_id}, {}):
        async with transaction(**who) as db:
            await db.execute(text("SELECT set_config('app.network', 'on', true)"))
            for table in ("threads", "messages"):
                assert not (await db.scalars(text(f"SELECT id FROM {table}"))).all()
