"""What every payment adapter promises, asked of each of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.core import clock
from app.gateways.payments import (
    Checkout,
    CheckoutStarted,
    GatewayRefused,
    GatewayUnavailable,
    PaymentGateway,
    PaymentStatus,
    WebhookForged,
)
from app.gateways.payments.cash import CashDrawer
from app.gateways.payments.stripe import StripeGateway

from .stripe_process import SECRET_KEY, WEBHOOK_SECRET, listening, running


@dataclass
class Provider:
    gateway: PaymentGateway
    settle: Callable[[CheckoutStarted], Awaitable[None]]
    """What the payer does after the checkout has begun."""
    account: str | None = None
    lapse: Callable[[str], Awaitable[None]] | None = None
    """The time of a hold runs out (`PaymentStatus.transaction`). None: the provider holds nothing."""


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

        yield Provider(gateway, pay, account, stripe.lapse)


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


# Authorised now, captured later

HOLDS = pytest.mark.parametrize("provider", ["stripe"], indirect=True, scope="module")
"""Providers that can hold an amount."""
HELD = 1000


@dataclass
class Hold:
    """An amount that a payer authorised, and what may be done with it."""

    provider: Provider
    ref: str

    async def status(self) -> PaymentStatus:
        return await self.provider.gateway.status(self.ref, account=self.provider.account)

    async def capture(self, amount: int, *, platform_fee: int = 0, key: object = None) -> PaymentStatus:
        return await self.provider.gateway.capture(
            self.ref,
            amount,
            key=key or uuid4(),  # type: ignore[arg-type]
            account=self.provider.account,
            platform_fee=platform_fee,
        )

    async def cancel(self) -> PaymentStatus:
        return await self.provider.gateway.cancel(self.ref, account=self.provider.account)

    async def refund(self, amount: int) -> None:
        await self.provider.gateway.refund(self.ref, amount, key=uuid4(), account=self.provider.account)

    async def lapse(self) -> None:
        transaction = (await self.status()).transaction
        assert transaction is not None
        assert self.provider.lapse is not None
        await self.provider.lapse(transaction)


def to_hold(provider: Provider, **changes: object) -> Checkout:
    return replace(checkout(provider.account, HELD), capture_later=True, **changes)  # type: ignore[arg-type]


async def held(provider: Provider, **changes: object) -> Hold:
    return Hold(provider, (await paid(provider, to_hold(provider, **changes))).ref)


async def test_cash_cannot_be_held() -> None:
    drawer = CashDrawer()
    with pytest.raises(GatewayRefused, match="cannot be held"):
        await drawer.create_checkout(to_hold(Provider(drawer, lambda _started: asyncio.sleep(0))))
    taken = await drawer.create_checkout(checkout(None))
    with pytest.raises(GatewayRefused, match="nothing is held"):
        await drawer.capture(taken.ref, 12_345, key=uuid4())


@HOLDS
async def test_what_is_authorised_is_held_for_days_and_not_taken(provider: Provider) -> None:
    hold = await held(provider, platform_fee=25)
    told = await hold.status()
    assert (told.state, told.authorized, told.amount) == ("authorized", HELD, 0)
    assert (told.fee, told.platform_fee, told.refunded) == (0, 0, 0)
    assert told.method
    assert told.authorized_until is not None
    assert timedelta(days=4) < told.authorized_until - clock.now() <= timedelta(days=7)
    with pytest.raises(GatewayRefused):
        await hold.refund(HELD)
    assert (await hold.status()).state == "authorized"


@HOLDS
async def test_a_capture_takes_a_part_once_and_lets_go_the_rest(provider: Provider) -> None:
    hold, key = await held(provider, platform_fee=55), uuid4()
    with pytest.raises(GatewayRefused, match="greater than"):
        await hold.capture(HELD + 1, platform_fee=55)
    with pytest.raises(GatewayRefused):
        await hold.capture(0)
    told = await hold.capture(800, platform_fee=50, key=key)
    assert (told.state, told.amount, told.authorized, told.refunded) == ("completed", 800, 0, 0)
    assert told.authorized_until is None
    assert told.platform_fee == 50
    for again in (key, uuid4()):
        assert await hold.capture(800, platform_fee=50, key=again) == told
    with pytest.raises(GatewayRefused, match="Another amount"):
        await hold.capture(200)
    assert await hold.status() == told


@HOLDS
async def test_no_more_is_given_back_than_was_captured(provider: Provider) -> None:
    hold = await held(provider, platform_fee=55)
    await hold.capture(800, platform_fee=50)
    await hold.refund(200)
    told = await hold.status()
    assert (told.state, told.refunded, told.platform_fee_back) == ("partially_refunded", 200, 13)
    with pytest.raises(GatewayRefused):
        await hold.refund(601)
    await hold.refund(600)
    told = await hold.status()
    assert (told.state, told.refunded, told.platform_fee_back) == ("refunded", 800, 50)
    assert (await hold.capture(800)).state == "refunded"


@HOLDS
async def test_of_captures_at_once_one_is_made(provider: Provider) -> None:
    hold = await held(provider)
    answers = await asyncio.gather(
        *(hold.capture(amount) for amount in (400, 500, 600)), return_exceptions=True
    )
    taken = [one for one in answers if isinstance(one, PaymentStatus)]
    assert len(taken) == 1
    assert all(isinstance(one, PaymentStatus | GatewayRefused | GatewayUnavailable) for one in answers)
    assert (await hold.status()).amount == taken[0].amount


@HOLDS
async def test_of_a_capture_and_a_cancelling_at_once_one_counts(provider: Provider) -> None:
    hold = await held(provider)
    taken, cancelled = await asyncio.gather(hold.capture(400), hold.cancel(), return_exceptions=True)
    assert isinstance(cancelled, PaymentStatus)
    if isinstance(taken, PaymentStatus):
        assert (taken.amount, cancelled.state) == (400, "completed")
    else:
        assert isinstance(taken, GatewayRefused)
        assert (await hold.status()).state == cancelled.state == "cancelled"


@HOLDS
async def test_what_was_let_go_cannot_be_captured(provider: Provider) -> None:
    for state in ("cancelled", "expired"):
        hold = await held(provider, platform_fee=25)
        if state == "expired":
            await hold.lapse()
        told = await hold.cancel()
        assert (told.state, told.amount, told.authorized, told.refunded) == (state, 0, 0, 0)
        assert told.platform_fee == 0
        with pytest.raises(GatewayRefused, match=f"Nothing is held .*{state}"):
            await hold.capture(HELD)
        with pytest.raises(GatewayRefused):
            await hold.refund(1)


@HOLDS
async def test_what_was_captured_cannot_be_let_go(provider: Provider) -> None:
    hold = await held(provider)
    told = await hold.capture(HELD)
    assert await hold.cancel() == told


@HOLDS
async def test_what_nobody_authorised_cannot_be_captured(provider: Provider) -> None:
    hold = Hold(provider, (await provider.gateway.create_checkout(to_hold(provider))).ref)
    with pytest.raises(GatewayRefused, match="Nothing is held"):
        await hold.capture(HELD)
    assert (await hold.cancel()).state == "expired"


Act = tuple[Literal["capture", "refund", "cancel", "lapse"], int]
some = st.one_of(st.just(HELD), st.integers(1, HELD + 5))


@HOLDS
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(acts=[("capture", 400), ("refund", 300), ("refund", 101), ("capture", 400), ("capture", 600)])
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["capture", "capture", "refund", "refund", "cancel", "lapse"]), some)
    )
)
async def test_whatever_is_tried_a_hold_is_taken_once_and_no_more_goes_back(
    provider: Provider, acts: list[Act]
) -> None:
    hold = await held(provider)
    taken = refunded = 0
    over = ""
    for act, amount in acts:
        may = {
            "capture": amount == taken or (not taken and not over and amount <= HELD),
            "refund": amount <= taken - refunded,
            "cancel": True,
            "lapse": not taken and not over,
        }[act]
        if act == "lapse" and not may:
            continue
        try:
            await (getattr(hold, act)(amount) if act in ("capture", "refund") else getattr(hold, act)())
        except GatewayRefused:
            assert not may, (act, amount)
        else:
            assert may, (act, amount)
            taken = amount if act == "capture" else taken
            refunded += amount if act == "refund" else 0
            if act in ("cancel", "lapse") and not taken:
                over = over or {"cancel": "cancelled", "lapse": "expired"}[act]
        told = await hold.status()
        after = "completed" if not refunded else "refunded" if refunded == taken else "partially_refunded"
        assert told.state == (after if taken else over or "authorized")
        assert (told.amount, told.refunded) == (taken, refunded)
        assert told.authorized == (0 if taken or over else HELD)
