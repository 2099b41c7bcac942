import asyncio
import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.db import transaction
from app.domains.messaging import conversing
from tests.cast import HARBOR, HARBOR_CENTER, VOLT, known
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


async def test_earlier_messages_are_a_link_away_and_stay_while_one_writes(browser, cast, url):
    driver, by = browser(cast.customer), cast.customer.viewer
    await driver.post(url, {"text": "Message 1."})
    async with transaction(user=by.user_id) as db:
        [thread] = await conversing.mine(db, by)
        for number in range(2, 35):
            await conversing.write(db, thread, f"Message {number}.", by=by)

    async def shows(address):
        page = (await driver.get(address)).text
        return [int(number) for number in re.findall(r">Message (\d+)\.<", page)], page

    found, page = await shows(url)
    assert found == [*range(5, 35)]
    assert f'href="{url}?before=5"' in page
    assert (await shows(f"{url}?before=5"))[0] == [1, 2, 3, 4]
    sent = await driver.post(url, {"text": "Message 35.", "since": "5"})
    assert (await shows(sent.headers["location"]))[0] == [*range(5, 36)]
    assert (await driver.get(f"{url}?before={10**30}&since=-1")).status_code in (200, 400)


async def test_two_businesses_read_each_other_and_neither_speaks_for_the_other(site, cast):
    thread, photo = known("thread"), known("photo")
    add = text(
        "INSERT INTO messages (id, tenant_id, thread_id, number, side, sender_name, kind, text, file_id, created_at) "
        "VALUES (:id, :tenant, :thread, :number, :side, 'Somebody', 'image', '', :file, now())"
    )

    def message(number, side, file=None):
        return {
            "id": known(f"message {number}"), "tenant": HARBOR, "thread": thread, "number": number, "side": side,
            "file": file,
        }  # fmt: skip

    async with transaction(tenant=HARBOR) as db:
        await db.execute(
            text(
                "INSERT INTO threads (id, tenant_id, center_id, buyer_tenant_id, subject_kind, subject_id, title, business_url, "
                "other_url, business_last, other_last, business_read, other_read, other_told, created_at) "
                "VALUES (:id, :tenant, :center, :buyer, 'appointment', :id, '', '', '', 0, 0, 0, 0, 0, now())"
            ),
            {"id": thread, "tenant": HARBOR, "center": HARBOR_CENTER, "buyer": VOLT},
        )
        await db.execute(
            text(
                "INSERT INTO files (id, tenant_id, kind, label, content_type, size, key, sha256, is_evidence, state, refusal, percent, created_at) "
                "VALUES (:id, :tenant, 'image', '', 'image/jpeg', 1, 'k', '\\x00', false, 'ready', '', 0, now())"
            ),
            {"id": photo, "tenant": HARBOR},
        )
        await db.execute(add, message(1, "business", photo))
    async with transaction(tenant=VOLT) as db:
        assert (await db.scalars(text("SELECT file_id FROM messages"))).all() == [photo]
        assert (await db.scalars(text("SELECT id FROM files"))).all() == [photo]
        await db.execute(add, message(2, "other"))
    for wrong in (message(3, "business"), message(4, "other", photo)):  # another's words, another's photo
        with pytest.raises(DBAPIError, match="row-level security"):
            async with transaction(tenant=VOLT) as db:
                await db.execute(add, wrong)
    async with transaction(user=cast.customer.user_id) as db:
        assert not (await db.scalars(text("SELECT id FROM messages UNION SELECT id FROM threads"))).all()
        assert photo not in (await db.scalars(text("SELECT id FROM files"))).all()
