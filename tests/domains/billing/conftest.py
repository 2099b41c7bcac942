"""A shop with an account at the local Stripe, and a postman who brings webhooks as the test wants them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.core.db import transaction
from app.domains.billing.models import Invoice, Payment
from app.gateways.payments.stripe import StripeGateway
from app.settings import settings
from tests.browsing import Answer, Browser
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import issued, with_account
from tests.gateways.stripe_process import (
    SECRET_KEY,
    WEBHOOK_SECRET,
    Listener,
    StripeProcess,
    listening,
    running,
)

Open = Callable[..., Browser]


@pytest.fixture(scope="session")
async def letterbox() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture(scope="session")
async def stripe_process(
    tmp_path_factory: pytest.TempPathFactory, letterbox: Listener
) -> AsyncIterator[StripeProcess]:
    home: Path = tmp_path_factory.mktemp("stripe")
    async with running(home, f"http://127.0.0.1:{letterbox.port}/hook") as process:
        yield process


@dataclass
class Till:
    """The shop's side and the payer's side of a payment, and the post between them."""

    stripe: StripeProcess
    letterbox: Listener
    open_browser: Open
    react: Callable[[], Awaitable[int]]
    delivered: list[tuple[bytes, str]] = field(default_factory=list)

    async def post(self, body: bytes, signature: str) -> Answer:
        """Bring one webhook to the site."""
        return await self.open_browser().http.post(
            "/webhooks/stripe", content=body, headers={"stripe-signature": signature}
        )

    async def letters(self, kind: str, count: int = 1) -> list[tuple[bytes, str]]:
        """The webhooks that came so far, once one of this kind is among them."""
        await self.letterbox.until(kind, count)
        return list(self.letterbox.heard)

    async def deliver(self, kind: str = "checkout.session.completed") -> None:
        for body, signature in await self.letters(kind):
            assert (await self.post(body, signature)).status_code == 200
        await self.react()

    async def invoice(self) -> Invoice:
        async with transaction() as db:
            return await issued(db)

    async def read(self, kind: type[Any], found: UUID) -> Any:
        async with transaction(tenant=HARBOR) as db:
            return await db.get_one(kind, found)

    async def books(self, invoice: Invoice) -> dict[str, int]:
        """What every account holds for an invoice."""
        from sqlalchemy import func, select

        from app.domains.billing.models import LedgerEntry

        async with transaction(tenant=HARBOR) as db:
            rows = await db.execute(
                select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor))
                .where(LedgerEntry.invoice_id == invoice.id)
                .group_by(LedgerEntry.account)
            )
            return {account: int(total) for account, total in rows if total}

    async def payments(self, invoice: Invoice) -> list[Payment]:
        from app.domains.billing import finding

        async with transaction(tenant=HARBOR) as db:
            return list(await finding.payments_of(db, invoice))

    async def give_back(self, payment: Payment, amount: str, given: int = 0, **more: Any) -> Answer:
        """The owner gives money back; their page showed that `given` was given back before."""
        form = {"amount": amount, "given": str(given)}
        return await self.open_browser(CAST.owner).post(f"/payments/{payment.id}/refunds", form, **more)

    async def paid_by_card(self, **form: Any) -> tuple[Invoice, Payment]:
        """An invoice and the card payment that was made for it."""
        invoice = await self.invoice()
        self.letterbox.heard.clear()
        await self.stripe.pay((await self.press_pay(invoice, **form)).headers["location"])
        await self.deliver()
        (payment,) = await self.payments(invoice)
        return invoice, payment

    async def press_pay(self, invoice: Invoice, **form: Any) -> Answer:
        """The driver presses the button."""
        return await self.open_browser(CAST.customer).post(f"/invoices/{invoice.id}/payments", form)


@pytest.fixture
async def bare_till(
    site: str,
    browser: Open,
    run_reactions: Callable[[], Awaitable[int]],
    stripe_process: StripeProcess,
    letterbox: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Till]:
    """The site speaks to the simulator; the shop has no account yet."""
    monkeypatch.setenv("STRIPE_API_KEY", SECRET_KEY)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
    monkeypatch.setenv("STRIPE_API_BASE", stripe_process.base)
    monkeypatch.setenv("STRIPE_CHECKOUT_ORIGIN", stripe_process.base)
    settings.cache_clear()
    letterbox.heard.clear()
    yield Till(stripe_process, letterbox, browser, run_reactions)
    await stripe_process.settle_knobs()


@pytest.fixture(scope="session")
async def connected_account(stripe_process: StripeProcess) -> str:
    """An account that can charge; how a shop gets one has a test of its own."""
    return await new_account(stripe_process)


async def new_account(stripe_process: StripeProcess) -> str:
    """One more, on which nothing has moved yet."""
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe_process.base)
    ref = await gateway.open_account(
        name="Harbor Lane Garage", email=CAST.owner.email, country="US", currency="USD", key=uuid4()
    )
    await stripe_process.connect(
        await gateway.setup_url(ref, return_url="http://testserver/settings/payments")
    )
    return ref


@pytest.fixture
async def till(bare_till: Till, connected_account: str) -> Till:
    """The shop's account is connected."""
    async with transaction(tenant=HARBOR) as db:
        await with_account(db, connected_account)
    return bare_till


def told(body: bytes) -> dict[str, Any]:
    """A webhook's content."""
    content: dict[str, Any] = json.loads(body)
    return content
