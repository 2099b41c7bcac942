"""The rate of card payments that went through: what counts, what stands beside it, and what is no attempt."""

from datetime import timedelta

from app.core import clock
from app.core.db import transaction
from app.domains import billing
from app.domains.billing.models import Payment
from tests.cast import CAST, HARBOR, VOLT
from tests.domains.billing.bills import issued


async def test_the_rate_counts_what_is_ours_to_answer_for(site, browser) -> None:
    now = clock.now()
    async with transaction() as db:
        invoice = await issued(db)
        for nr, (status, ref, at) in enumerate(
            [
                ("completed", "cs_1", now),
                ("refunded", "cs_2", now),
                ("completed", "cs_3", now - timedelta(days=31)),
                ("failed", "cs_4", now),
                ("failed", "", now),
                ("expired", "cs_5", now),
                ("cancelled", "", now),
                ("pending", "cs_6", None),
            ]
        ):
            db.add(
                Payment(
                    tenant_id=HARBOR, invoice_id=invoice.id, method="card", provider="stripe", provider_ref=ref,
                    status=status, amount_minor=100 + nr, currency="USD", processed_at=at,
                )
            )  # fmt: skip
    for shop, expected in ((HARBOR, (2, 3, 1)), (VOLT, (0, 0, 0)), (None, (0, 0, 0))):
        async with transaction(tenant=shop) as db:
            told = await billing.card_success(db)
            assert (told.went_through, told.attempts, told.declined) == expected
    said = "Card payments that went through, last 30 days: 2 of 3."
    assert said in (await browser(CAST.network).get("/network")).text
    assert said in (await browser(CAST.owner).get("/invoices")).text
    assert said not in (await browser(CAST.advisor).get("/invoices")).text
    assert "1 more was declined" in (await browser(CAST.owner).get("/invoices")).text
