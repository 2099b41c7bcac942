"""What every payment adapter promises, asked of each of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from app.gateways.payments import Checkout, CheckoutStarted, GatewayRefused, PaymentGateway, WebhookForged
from app.gateways.payments.cash import CashDrawer
from app.gateways.payments.stripe import StripeGateway

from .stripe_process import SECRET_KEY, WEBHOOK_SECRET, listening, running


@dataclass
class Provider:
    gateway: PaymentGateway
    settle: Callable[[CheckoutStarted], Awaitable[None]]
    """What the payer does after the checkout has begun."""
    account: str | None = None


@pytest.fixture(params=["stripe", "cash"], scope="module")
async def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Provider]:
    async def nothing(started: CheckoutStarted) -> None:
        assert started.url is None

    if request.param == "cash":
        yield Provider(CashDrawer(), nothing)
        return
    home: Path = tmp_path_factory.mktemp("stripe")
    async with listening() as listener, running(home, f"http://127.0.0.1:{listener.port}/hook") as stripe:
        gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe.base)
        account = await gateway.open_account(
            name="Harbor Lane Garage", email="owner@demo.test", country="US", currency="USD", key=uuid4()
        )
        await stripe.connect(await gateway.setup_url(account, return_url="http://shop.test/back"))

        async def pay(started: CheckoutStarted) -> None:
            assert started.url is not None
            assert (await stripe.pay(started.url)).status_code == 303

        yield Provider(gateway, pay, account)


def checkout(account: str | None, amount: int = 12_345) -> Checkout:
    return Checkout(
        amount=amount,
        currency="USD",
        description="Invoice INV-1042",
        reference=str(uuid4()),
        key=uuid4(),
        success_url="http://shop.test/done",
        cancel_url="http://shop.test/back",
        account=account,
    )


async def paid(provider: Provider, wanted: Checkout) -> CheckoutStarted:
    started = await provider.gateway.create_checkout(wanted)
    await provider.settle(started)
    return started


async def test_a_paid_checkout_is_completed(provider: Provider) -> None:
    wanted = checkout(provider.account)
    started = await paid(provider, wanted)
    status = await provider.gateway.status(started.ref, account=provider.account)
    assert status.state == "completed"
    assert status.amount in (wanted.amount, None)
    assert status.reference in (wanted.reference, None)


async def test_one_key_begins_one_checkout(provider: Provider) -> None:
    wanted = checkout(provider.account)
    first = await provider.gateway.create_checkout(wanted)
    assert (await provider.gateway.create_checkout(wanted)).ref == first.ref


async def test_nothing_cannot_be_paid(provider: Provider) -> None:
    with pytest.raises(GatewayRefused):
        await provider.gateway.create_checkout(checkout(provider.account, amount=0))


async def test_an_unknown_payment_is_refused(provider: Provider) -> None:
    with pytest.raises(GatewayRefused):
        await provider.gateway.status("cs_test_nothing", account=provider.account)


async def test_a_paid_checkout_can_no_longer_be_cancelled(provider: Provider) -> None:
    started = await paid(provider, checkout(provider.account))
    status = await provider.gateway.cancel(started.ref, account=provider.account)
    assert status.state == "completed"


async def test_a_refund_is_made_once_per_key(provider: Provider) -> None:
    started = await paid(provider, checkout(provider.account, amount=1000))
    key = uuid4()
    first = await provider.gateway.refund(started.ref, 400, key=key, account=provider.account)
    again = await provider.gateway.refund(started.ref, 400, key=key, account=provider.account)
    assert (first.amount, first.ref) == (400, again.ref)
    status = await provider.gateway.status(started.ref, account=provider.account)
    assert status.refunded in (400, 0)


async def test_an_unsigned_webhook_is_forged(provider: Provider) -> None:
    for body, signature in [
        (b"{}", ""),
        (b"not json", "t=1,v1=00"),
        (b"\xff", "nonsense"),
        (b"{}", "t=x,v1="),
    ]:
        with pytest.raises(WebhookForged):
            provider.gateway.verify_webhook(body, signature)
