"""A conversation is in its driver's copy, and goes with them or with the shop's record of them."""

from sqlalchemy import text, update

from app.core.db import transaction
from app.core.personal import AtShop
from app.core.tables import File
from app.domains.messaging.personal import DECLARED
from tests.cast import HARBOR
from tests.core.pictures import jpeg


async def left():
    async with transaction(tenant=HARBOR) as db:
        counts = [
            await db.scalar(text(f"SELECT count(*) FROM {one}")) for one in ("threads", "messages", "files")
        ]
        forgotten = await db.scalar(text("SELECT count(*) FROM events WHERE name = 'FileForgotten'"))
    return counts, forgotten


async def test_it_is_in_the_copy_and_goes_with_the_account(browser, cast, url):
    dana = cast.customer.user_id
    await browser(cast.customer).post(
        url, {"text": "Look"}, files={"attachment": ("a.jpg", jpeg(), "image/jpeg")}
    )
    await browser(cast.advisor).post(url, {"text": "I see"})
    async with transaction(user=dana) as db:
        [records] = DECLARED.records(dana)
        rows = (await db.execute(records.query)).all()
    assert [(row.side, row.text, bool(row.file_id)) for row in rows] == [
        ("other", "Look", True),
        ("business", "I see", False),
    ]
    assert [one.name.rpartition(".")[2] async for one in DECLARED.papers(dana)] == ["jpg"]
    async with transaction(user=dana) as db:
        await DECLARED.erase(db, dana)
    assert await left() == ([0, 0, 0], 1)


async def test_it_goes_with_the_shops_record_and_evidence_stays(browser, cast, url):
    await browser(cast.customer).post(
        url, {"text": "Look"}, files={"attachment": ("a.jpg", jpeg(), "image/jpeg")}
    )
    who = AtShop(HARBOR, cast.customer.customer_id, cast.customer.user_id, cast.customer.email)
    async with transaction(tenant=HARBOR) as db:
        await db.execute(update(File).values(is_evidence=True))
        await DECLARED.leave(db, who)
    assert await left() == ([0, 0, 1], 0)
