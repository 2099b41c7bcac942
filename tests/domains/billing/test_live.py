"""Who is rung when money moves, and who is not."""

from sqlalchemy import select, text

from app.core.db import transaction
from app.core.live import read_stream_token
from app.core.tables import EventRow
from tests.cast import CAST
from tests.domains.billing.conftest import Till


async def test_a_payment_rings_the_invoice_the_desk_and_the_orders_pages(till: Till) -> None:
    invoice = await till.invoice()
    await till.open_browser(CAST.advisor).post(f"/invoices/{invoice.id}/cash", {"amount": "10"})
    await till.react()
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rings = await db.scalar(select(EventRow.rings).where(EventRow.name == "PaymentCompleted"))
    assert sorted(topic for topic, _signal in rings["rings"]) == sorted(
        [
            f"invoice:{invoice.id}",
            f"center:{invoice.center_id}:invoices",
            f"order:{invoice.order_id}:staff",
            f"order:{invoice.order_id}:customer",
        ]
    )


async def test_only_those_who_may_see_the_invoice_are_given_its_topic(till: Till) -> None:
    invoice = await till.invoice()
    for person, hears in (
        (CAST.advisor, True),
        (CAST.customer, True),
        (CAST.outsider, False),
        (CAST.stranger, False),
    ):
        page = await till.open_browser(person).get(f"/invoices/{invoice.id}")
        topics: list[str] = []
        if "hx-sse:connect" in page.text:
            token = page.text.partition("/live?topics=")[2].partition("&")[0]
            topics = read_stream_token(token).topics
        assert (f"invoice:{invoice.id}" in topics) is hears
