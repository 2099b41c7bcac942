"""The simulator over real HTTP: what our SDK and our webhooks must be able to rely on."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import stripe as sdk

from app.gateways.payments import Checkout, GatewayRefused, GatewayUnavailable, WebhookForged
from app.gateways.payments.stripe import StripeGateway

from .stripe_process import SECRET_KEY, WEBHOOK_SECRET, Listener, StripeProcess, listening, running


@pytest.fixture(scope="module")
async def listener() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
async def process(
    tmp_path_factory: pytest.TempPathFactory, listener: Listener
) -> AsyncIterator[StripeProcess]:
    home: Path = tmp_path_factory.mktemp("stripe")
    async with running(home, f"http://127.0.0.1:{listener.port}/hook") as process:
        yield process


@pytest.fixture
async def stripe(process: StripeProcess, listener: Listener) -> AsyncIterator[StripeProcess]:
    listener.heard.clear()
    listener.status = 200
    yield process
    await process.settle_knobs()


@pytest.fixture
def gateway(stripe: StripeProcess) -> StripeGateway:
    return StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe.base)


@pytest.fixture
def client(stripe: StripeProcess) -> sdk.StripeClient:
    return sdk.StripeClient(
        SECRET_KEY,
        base_addresses={"api": stripe.base},
        http_client=sdk.HTTPXClient(timeout=5),
        max_network_retries=0,
    )


def checkout(**changes: object) -> Checkout:
    plain = Checkout(
        amount=5000,
        currency="USD",
        description="Invoice INV-1042",
        reference=str(uuid4()),
        key=uuid4(),
        success_url="http://shop.test/done?session={CHECKOUT_SESSION_ID}",
        cancel_url="http://shop.test/back",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


async def connected(gateway: StripeGateway, stripe: StripeProcess, name: str = "Harbor Lane Garage") -> str:
    account = await gateway.open_account(
        name=name, email="owner@demo.test", country="US", currency="USD", key=uuid4()
    )
    await stripe.connect(await gateway.setup_url(account, return_url="http://shop.test/back"))
    return account


# The hosted page


async def test_the_page_shows_the_sum_and_says_that_it_is_a_simulator(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    page = await stripe.http.get(started.url)
    assert "$50.00" in page.text
    assert "no money moves" in page.text
    assert "form-action 'self' http://shop.test" in page.headers["content-security-policy"]
    assert "<script" not in page.text


async def test_paying_leads_back_to_the_shop_with_the_session_named(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    paid = await stripe.pay(started.url)
    assert (paid.status_code, paid.headers["location"]) == (
        303,
        f"http://shop.test/done?session={started.ref}",
    )
    again = await stripe.pay(started.url)
    assert again.headers["location"] == paid.headers["location"]
    status = await gateway.status(started.ref)
    assert (status.amount, status.method, status.fee) == (5000, "Visa ···· 4242", 175)


async def test_a_declined_card_may_try_again(gateway: StripeGateway, stripe: StripeProcess) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    declined = await stripe.pay(started.url, "4000 0000 0000 9995")
    assert declined.status_code == 402
    assert "insufficient funds" in declined.text
    status = await gateway.status(started.ref)
    assert (status.state, status.failure) == ("pending", "Your card has insufficient funds.")
    await stripe.pay(started.url)
    assert (await gateway.status(started.ref)).state == "completed"


async def test_a_number_that_is_no_test_card_is_refused_and_not_kept(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    for number in ("4111 1111 1111 1111", "1234", "<script>"):
        refused = await stripe.pay(started.url, number)
        assert refused.status_code == 402
        assert "<script>" not in refused.text
    stored = b"".join(file.read_bytes() for file in stripe.home.iterdir())
    assert b"4111111111111111" not in stored
    assert b"4111 1111 1111 1111" not in stored


@pytest.mark.parametrize(("answer", "state"), [("agree", "completed"), ("refuse", "pending")])
async def test_the_bank_may_ask(
    gateway: StripeGateway, stripe: StripeProcess, answer: str, state: str
) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    asked = await stripe.pay(started.url, "4000 0027 6000 3184")
    assert (asked.status_code, asked.headers["location"].partition("?")[0]) == (
        303,
        f"/c/pay/{started.ref}/bank",
    )
    assert (await gateway.status(started.ref)).state == "requires_action"
    await stripe.http.post(f"/c/pay/{started.ref}/bank", data={"answer": answer})
    assert (await gateway.status(started.ref)).state == state


async def test_a_cancelled_checkout_takes_no_money(gateway: StripeGateway, stripe: StripeProcess) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    assert (await gateway.cancel(started.ref)).state == "expired"
    assert (await gateway.cancel(started.ref)).state == "expired"
    assert (await stripe.pay(started.url)).status_code == 410


# Webhooks


async def test_a_payment_is_told_by_a_signed_webhook(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    account = await connected(gateway, stripe)
    wanted = checkout(account=account)
    started = await gateway.create_checkout(wanted)
    assert started.url is not None
    await stripe.pay(started.url)
    await listener.until("checkout.session.completed")
    place = listener.kinds.index("checkout.session.completed")
    body, signature = listener.heard[place]
    event = gateway.verify_webhook(body, signature)
    assert (event.kind, event.ref) == ("checkout.session.completed", started.ref)
    assert (event.account, event.reference) == (account, wanted.reference)
    for other in listener.heard:
        heard = gateway.verify_webhook(*other)
        assert heard.account == account
        assert heard.reference == (None if heard.kind == "account.updated" else wanted.reference)
    for broken in (body.replace(b"5000", b"5001"), body + b" "):
        with pytest.raises(WebhookForged):
            gateway.verify_webhook(broken, signature)
    with pytest.raises(WebhookForged):
        StripeGateway(SECRET_KEY, "whsec_other").verify_webhook(body, signature)


async def test_a_stale_signature_is_forged(gateway: StripeGateway) -> None:
    body = json.dumps({"id": "evt_1", "object": "event"})
    header = sdk.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, timestamp=1_700_000_000)
    with pytest.raises(WebhookForged):
        gateway.verify_webhook(body.encode(), header)


async def test_a_refused_webhook_comes_again(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    listener.status = 500
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    await stripe.pay(started.url)
    await listener.until("checkout.session.completed", count=2)
    listener.status = 200
    await listener.until("checkout.session.completed", count=3)


async def test_the_knobs_duplicate_reorder_delay_and_drop(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    await stripe.knobs(duplicate=2, reorder=True)
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    await stripe.pay(started.url)
    await listener.until("payment_intent.created", count=3)
    assert listener.kinds.count("checkout.session.completed") == 3
    assert listener.kinds[0] == "checkout.session.completed"

    await stripe.settle_knobs()
    listener.heard.clear()
    await stripe.knobs(drop_first=2, delay=0.3)
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    await stripe.pay(started.url)
    assert listener.kinds == []
    await listener.until("checkout.session.completed")
    async with asyncio.timeout(20):  # what was dropped comes again after its pause
        while max(one["attempts"] for one in await stripe.deliveries()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_knobs_want_the_key_and_a_known_name(stripe: StripeProcess) -> None:
    assert (await stripe.http.post("/_sim/faults", json={"hold": True})).status_code == 401
    headers = {"authorization": f"Bearer {SECRET_KEY}"}
    assert (await stripe.http.post("/_sim/faults", json={"misspelt": 1}, headers=headers)).status_code == 400


# Keys, errors, accounts


async def test_a_key_is_used_for_one_request_only(gateway: StripeGateway) -> None:
    wanted = checkout()
    await gateway.create_checkout(wanted)
    with pytest.raises(GatewayRefused):
        await gateway.create_checkout(replace(wanted, amount=5001))


async def test_a_key_in_use_is_a_conflict(stripe: StripeProcess, client: sdk.StripeClient) -> None:
    await stripe.knobs(latency=0.5)
    account = {"country": "US"}
    key = {"idempotency_key": str(uuid4())}
    answers = await asyncio.gather(
        *(client.v1.accounts.create_async(account, key) for _ in range(2)), return_exceptions=True
    )
    (refused,) = [answer for answer in answers if isinstance(answer, sdk.StripeError)]
    assert refused.http_status == 409


async def test_an_answer_lost_on_the_way_is_given_again_to_the_same_key(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    await stripe.knobs(lose_reply=1)
    wanted = checkout()
    started = await gateway.create_checkout(wanted)
    assert (await gateway.create_checkout(wanted)).ref == started.ref


async def test_a_provider_that_is_down_leaves_the_outcome_unknown(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    await stripe.knobs(fail_next=2)
    with pytest.raises(GatewayUnavailable):
        await gateway.create_checkout(checkout())
    await stripe.knobs(fail_next=1, fail_status=429)
    with pytest.raises(GatewayUnavailable):
        await gateway.create_checkout(checkout())


async def test_a_wrong_key_is_our_own_fault(stripe: StripeProcess) -> None:
    with pytest.raises(GatewayUnavailable):
        await StripeGateway("sk_other", WEBHOOK_SECRET, stripe.base).create_checkout(checkout())


async def test_a_shop_sees_only_its_own_payments(gateway: StripeGateway, stripe: StripeProcess) -> None:
    mine, theirs = await connected(gateway, stripe), await connected(gateway, stripe, "Voltwerk Berlin")
    started = await gateway.create_checkout(checkout(account=mine))
    assert (await gateway.status(started.ref, account=mine)).state == "pending"
    for account in (theirs, None, "acct_unknown"):
        with pytest.raises(GatewayRefused):
            await gateway.status(started.ref, account=account)


async def test_an_account_charges_only_after_its_set_up(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    account = await gateway.open_account(
        name="Harbor Lane Garage", email="owner@demo.test", country="US", currency="USD", key=uuid4()
    )
    assert not await gateway.can_charge(account)
    with pytest.raises(GatewayRefused, match="set-up"):
        await gateway.create_checkout(checkout(account=account))
    await stripe.connect(await gateway.setup_url(account, return_url="http://shop.test/back"))
    assert await gateway.can_charge(account)


async def test_an_unknown_parameter_is_refused(client: sdk.StripeClient) -> None:
    with pytest.raises(sdk.InvalidRequestError, match="unknown parameter: misspelt"):
        await client.v1.checkout.sessions.create_async({"mode": "payment", "misspelt": "1"})  # type: ignore[typeddict-unknown-key]


async def test_no_more_is_refunded_than_was_taken(gateway: StripeGateway, stripe: StripeProcess) -> None:
    started = await gateway.create_checkout(checkout())
    with pytest.raises(GatewayRefused):
        await gateway.refund(started.ref, 100, key=uuid4())
    assert started.url is not None
    await stripe.pay(started.url)
    with pytest.raises(GatewayRefused, match="greater than"):
        await gateway.refund(started.ref, 5001, key=uuid4())
    await gateway.refund(started.ref, 2000, key=uuid4())
    assert (await gateway.status(started.ref)).state == "partially_refunded"
    await gateway.refund(started.ref, 3000, key=uuid4())
    assert (await gateway.status(started.ref)).state == "refunded"
    with pytest.raises(GatewayRefused, match="already been refunded"):
        await gateway.refund(started.ref, 1, key=uuid4())


async def test_what_is_held_is_no_money_until_a_part_of_it_is_captured(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    account = await connected(gateway, stripe)
    wanted = checkout(account=account, amount=1000, platform_fee=55, capture_later=True)
    started = await gateway.create_checkout(wanted)
    assert started.url is not None
    page = await stripe.http.get(started.url)
    assert "Authorize $10.00" in page.text
    assert "Pay $10.00" not in page.text
    await stripe.pay(started.url, "4000 0027 6000 3184")
    asked = await stripe.http.get(f"{started.url}/bank")
    assert "wants to hold" in asked.text
    await stripe.http.post(f"{started.url}/bank", data={"answer": "agree"})
    assert (await gateway.balance(account)).available == {"USD": 0}
    await gateway.capture(started.ref, 800, key=uuid4(), account=account, platform_fee=44)
    net = 800 - 53 - 44
    assert (await gateway.balance(account)).available == {"USD": net}
    (payout,) = await stripe.pay_out(account)
    (line,) = await gateway.payout_lines(account, payout, most=10)  # the part let go is no movement
    assert (line.kind, line.amount, line.fee, line.platform_fee) == ("payment", 800, 53, 44)
    for kind in ("payment_intent.amount_capturable_updated", "charge.captured", "payment_intent.succeeded"):
        await listener.until(kind)
    told = await gateway.status(started.ref, account=account)
    for letter in listener.heard:
        heard = gateway.verify_webhook(*letter)
        if heard.kind.startswith(("charge.", "payment_intent.")):
            assert (heard.account, heard.reference) == (account, wanted.reference)
            assert heard.transaction == told.transaction


async def test_the_end_of_a_hold_names_its_payment(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    wanted = checkout(capture_later=True)
    started = await gateway.create_checkout(wanted)
    assert started.url is not None
    await stripe.pay(started.url)
    intent = (await gateway.status(started.ref)).transaction
    assert intent is not None
    await stripe.lapse(intent)
    for kind in ("charge.expired", "payment_intent.canceled"):
        await listener.until(kind)
        heard = gateway.verify_webhook(*listener.heard[listener.kinds.index(kind)])
        assert (heard.reference, heard.transaction) == (wanted.reference, intent)


async def test_a_disputing_card_disputes_what_was_captured(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    started = await gateway.create_checkout(checkout(capture_later=True))
    assert started.url is not None
    assert (await stripe.pay(started.url, "4000 0000 0000 0259")).status_code == 303
    assert (await gateway.status(started.ref)).state == "authorized"
    assert (await gateway.capture(started.ref, 3000, key=uuid4())).state == "disputed"


async def test_a_hold_lapses_after_seven_days(tmp_path: Path) -> None:
    from app.gateways.simulators.stripe.cards import CARDS
    from app.gateways.simulators.stripe.faults import Faults
    from app.gateways.simulators.stripe.holds import Holds
    from app.gateways.simulators.stripe.refusals import StripeRefusal
    from app.gateways.simulators.stripe.store import Store
    from app.gateways.simulators.stripe.till import HELD_FOR, Till

    store, faults = Store(tmp_path), Faults()
    till = Till(store, faults)
    holds = Holds(store, faults, till)
    intent = till.open_intent("", amount=700, currency="usd", wishes={"capture_method": "manual"})
    ref = till.charge("", intent, CARDS[0])["id"]
    assert holds.lapse_due() is False
    charge = store.get("charge", "", intent["latest_charge"])
    charge["payment_method_details"]["card"]["capture_before"] -= HELD_FOR
    store.save(charge)
    with pytest.raises(StripeRefusal, match="authorization has expired"):
        holds.capture("", ref, {})
    assert [holds.lapse_due(), holds.lapse_due()] == [True, False]
    ended = store.get("payment_intent", "", ref)
    assert (ended["status"], ended["cancellation_reason"]) == ("canceled", "automatic")
    store.close()


async def test_events_and_balance_can_be_listed(
    gateway: StripeGateway, stripe: StripeProcess, client: sdk.StripeClient
) -> None:
    account = await connected(gateway, stripe)
    for _ in range(3):
        started = await gateway.create_checkout(checkout(account=account))
        assert started.url is not None
        await stripe.pay(started.url)
    options = {"stripe_account": account}
    page = await client.v1.balance_transactions.list_async({"limit": 2}, options)  # type: ignore[arg-type]
    nets = [entry.net async for entry in page.auto_paging_iter()]
    assert nets == [4825, 4825, 4825]
    events = await client.v1.events.list_async({"type": "checkout.session.completed"}, options)  # type: ignore[arg-type]
    assert len(events.data) == 3


async def test_a_killed_simulator_forgets_nothing(tmp_path: Path, listener: Listener) -> None:
    listener.heard.clear()
    async with running(tmp_path, f"http://127.0.0.1:{listener.port}/hook") as stripe:
        gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe.base)
        started = await gateway.create_checkout(checkout())
        assert started.url is not None
        await stripe.knobs(hold=True)
        await stripe.pay(started.url)
        await stripe.stop(signal.SIGKILL)
        assert listener.kinds == []
        await stripe.start()
        await listener.until("checkout.session.completed")
        assert (await gateway.status(started.ref)).state == "completed"
        assert await stripe.stop() == 0
        await stripe.start()


# Disputes and refunds that are asked for again


async def paid_intent(gateway: StripeGateway, stripe: StripeProcess, number: str = "4242424242424242") -> str:
    """A paid checkout of 50.00; returns its session."""
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    await stripe.pay(started.url, number)
    return started.ref


async def test_a_dispute_is_opened_won_and_lost(gateway: StripeGateway, stripe: StripeProcess) -> None:
    for outcome, state, lost in (("won", "completed", 0), ("lost", "lost", 5000)):
        ref = await paid_intent(gateway, stripe)
        intent = (await gateway.status(ref)).transaction
        assert intent is not None
        dispute = await stripe.dispute(intent)
        disputed = await gateway.status(ref)
        assert (disputed.state, disputed.dispute_stage, disputed.dispute_fee) == ("disputed", 1, 0)
        with pytest.raises(GatewayRefused, match="charged back"):
            await gateway.refund(ref, 100, key=uuid4())
        await stripe.decide(dispute, outcome)
        decided = await gateway.status(ref)
        assert (decided.state, decided.dispute_stage, decided.lost) == (state, 2, lost)
        assert (decided.dispute_fee, decided.fee) == (1500, 175)


async def test_a_card_disputes_by_itself_and_its_news_name_the_payment(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    ref = await paid_intent(gateway, stripe, "4000000000000259")
    disputed = await gateway.status(ref)
    assert disputed.state == "disputed"
    await listener.until("charge.dispute.funds_withdrawn")
    letters = [letter for letter in listener.heard if b"charge.dispute.created" in letter[0]]
    event = gateway.verify_webhook(*letters[0])
    assert (event.reference, event.ref, event.transaction) == (None, None, disputed.transaction)


async def test_a_refund_is_recognised_after_its_key_is_forgotten(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    ref, key = await paid_intent(gateway, stripe), uuid4()
    first = await gateway.refund(ref, 400, key=key)
    with sqlite3.connect(stripe.home / "stripe-simulator.sqlite3") as kept:
        kept.execute("DELETE FROM answers")
    assert (await gateway.refund(ref, 400, key=key)).ref == first.ref
    assert (await gateway.status(ref)).refunded == 400


async def test_a_platform_fee_follows_the_refunds_to_the_last_cent(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    account = await connected(gateway, stripe)
    begun = checkout(account=account, amount=1000, platform_fee=25)
    started = await gateway.create_checkout(begun)
    assert started.url is not None
    await stripe.pay(started.url)
    told = await gateway.status(started.ref, account=account)
    assert (told.fee, told.platform_fee, told.platform_fee_back) == (59, 25, 0)
    backs = []
    for amount in (333, 333, 334):
        await gateway.refund(started.ref, amount, key=uuid4(), account=account)
        backs.append((await gateway.status(started.ref, account=account)).platform_fee_back)
    assert backs == [8, 17, 25]
    assert (await gateway.balance(account)).available == {"USD": -59}  # Stripe keeps its own


async def test_fees_are_told_in_the_currency_of_the_payment(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    """An account may settle in another currency; only the balance is kept in that one."""
    account = await connected(gateway, stripe)
    started = await gateway.create_checkout(checkout(account=account, amount=1000, platform_fee=25))
    assert started.url is not None
    await stripe.pay(started.url)
    with sqlite3.connect(stripe.home / "stripe-simulator.sqlite3") as kept:
        (exchanged,) = kept.execute(
            """
            UPDATE objects SET body = json_set(body, '$.currency', 'vnd', '$.exchange_rate', 2.0, '$.amount', 2000,
                   '$.fee', 167, '$.fee_details[0].amount', 117, '$.fee_details[1].amount', 50)
             WHERE kind = 'balance_transaction' AND account = ? RETURNING 1
            """,
            (account,),
        ).fetchall()
    assert exchanged == (1,)
    told = await gateway.status(started.ref, account=account)
    assert (told.fee, told.platform_fee, told.currency) == (59, 25, "USD")


async def test_a_payment_without_a_fee_is_given_back_without_one(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    account = await connected(gateway, stripe)
    started = await gateway.create_checkout(checkout(account=account))
    assert started.url is not None
    await stripe.pay(started.url)
    await gateway.refund(started.ref, 100, key=uuid4(), account=account)
    told = await gateway.status(started.ref, account=account)
    assert (told.refunded, told.platform_fee, told.platform_fee_back) == (100, 0, 0)


async def test_a_refund_that_comes_back_is_told_apart_and_its_news_name_the_payment(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    started = await gateway.create_checkout(checkout(reference="ours"))
    assert started.url is not None
    await stripe.pay(started.url)
    made = await gateway.refund(started.ref, 5000, key=uuid4())
    assert (await gateway.status(started.ref)).state == "refunded"
    await stripe.return_refund(made.ref)
    told = await gateway.status(started.ref)
    assert (told.state, told.refunded, told.returned) == ("completed", 5000, 5000)
    assert told.returned_refs == (made.ref,)
    await listener.until("refund.failed")
    body, signature = next(one for one in listener.heard if b"refund.failed" in one[0])
    assert gateway.verify_webhook(body, signature).transaction == told.transaction


async def test_a_card_sends_its_refunds_back_by_itself_after_a_while(
    gateway: StripeGateway, stripe: StripeProcess, listener: Listener
) -> None:
    started = await gateway.create_checkout(checkout())
    assert started.url is not None
    assert (await stripe.pay(started.url, "4000 0000 0000 5126")).status_code == 303
    made = await gateway.refund(started.ref, 700, key=uuid4())
    assert (await gateway.status(started.ref)).refunded == 700
    with sqlite3.connect(stripe.home / "stripe-simulator.sqlite3") as kept:
        sentence = "UPDATE objects SET body = json_set(body, '$.returns_at', 0) WHERE id = ?"
        assert kept.execute(sentence, (made.ref,)).rowcount == 1
    await listener.until("refund.failed")
    assert (await gateway.status(started.ref)).returned_refs == (made.ref,)


async def test_what_a_shop_has_is_paid_out_and_comes_back_when_its_bank_says_no(
    gateway: StripeGateway, stripe: StripeProcess
) -> None:
    account = await connected(gateway, stripe)
    assert (await gateway.balance(account)).available == {"USD": 0}
    started = await gateway.create_checkout(checkout(account=account))
    assert started.url is not None
    await stripe.pay(started.url)
    net = 5000 - 175
    for outcome in ("failed", "paid"):
        assert (await gateway.balance(account)).available == {"USD": net}
        (ref,) = await stripe.pay_out(account)
        assert (await gateway.balance(account)).available == {"USD": 0}
        (newest, *_) = await gateway.payouts(account, limit=5)
        assert (newest.ref, newest.amount, newest.currency, newest.state) == (ref, net, "USD", "in_transit")
        assert (newest.arrives_on - newest.created_at.date()).days == 2
        await stripe.answer_payout(ref, outcome)
    assert [one.state for one in await gateway.payouts(account, limit=5)] == ["paid", "failed"]
    assert (await gateway.payouts(account, limit=5))[1].failure == "The bank account has been closed."
    other = await connected(gateway, stripe, "Somebody else")
    assert await gateway.payouts(other, limit=5) == []


async def test_every_day_what_came_before_is_paid_out_once(tmp_path: Path) -> None:
    from app.gateways.simulators.stripe.accounts import Accounts
    from app.gateways.simulators.stripe.faults import Faults
    from app.gateways.simulators.stripe.payouts import DAY, Payouts
    from app.gateways.simulators.stripe.store import Store

    store, faults = Store(tmp_path), Faults()
    account = Accounts(store, faults, "").open({"country": "US"})
    Accounts(store, faults, "").finish(account)
    came = store.create("txn", account["id"], {"net": 700, "currency": "usd"})
    payouts = Payouts(store, faults)
    assert payouts.daily() is False  # it came today
    store.save(came | {"created": came["created"] - DAY})
    assert payouts.daily() is False  # today's round is over
    store.save(store.get("account", "", account["id"]) | {"paid_out_on": 0})
    assert [payouts.daily(), payouts.daily()] == [True, False]
    (made,) = store.listing("payout", account["id"])
    assert (made["amount"], made["status"]) == (700, "in_transit")
    store.save(made | {"arrival_date": made["created"]})
    assert payouts.daily() is True
    assert store.get("payout", account["id"], made["id"])["status"] == "paid"
    store.close()
