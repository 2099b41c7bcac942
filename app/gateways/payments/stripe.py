"""Stripe Checkout through Stripe's own SDK, with direct charges on each shop's connected account.

The SDK is imported on first use: it is 17 MB that a page without payments never needs. `api_base` points it
at the local simulator; nothing else here knows that there is one.
"""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from . import (
    Balance,
    Checkout,
    CheckoutStarted,
    GatewayRefused,
    GatewayUnavailable,
    PaymentStatus,
    Payout,
    PayoutLine,
    PayoutLineKind,
    PayoutState,
    RefundMade,
    State,
    WebhookEvent,
    WebhookForged,
)

if TYPE_CHECKING:
    from stripe import StripeClient

TIMEOUT = 5.0
RETRIES = 1
"""Of the SDK itself, with the same key; beyond that our own reconciliation asks."""
TOLERANCE = 300
"""Seconds that a signature stays good."""

WHOLE_STORY = ["payment_intent.latest_charge.balance_transaction"]

_INTENT_STATES: Mapping[str, State] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "processing": "pending",
    "requires_action": "requires_action",
    "requires_capture": "authorized",
    "succeeded": "completed",
    "canceled": "cancelled",
}

_LAPSED = ("automatic", "expired")
"""Why Stripe itself gave up an intent; every other reason is that of whoever cancelled it."""

_DISPUTE_DECIDED = ("won", "lost", "warning_closed", "prevented")
_REFUND_FAILED = ("failed", "canceled")

T = TypeVar("T")


class StripeGateway:
    name = "stripe"

    def __init__(self, api_key: str, webhook_secret: str, api_base: str | None = None) -> None:
        self._api_key, self._webhook_secret, self._api_base = api_key, webhook_secret, api_base

    @cached_property
    def _client(self) -> "StripeClient":
        import stripe

        return stripe.StripeClient(
            self._api_key,
            max_network_retries=RETRIES,
            http_client=stripe.HTTPXClient(timeout=TIMEOUT),
            base_addresses={"api": self._api_base} if self._api_base else {},
        )

    # Payments

    async def create_checkout(self, checkout: Checkout) -> CheckoutStarted:
        price = {
            "currency": checkout.currency.lower(),
            "unit_amount": checkout.amount,
            "product_data": {"name": checkout.description},
        }
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "client_reference_id": checkout.reference,
            "metadata": {"payment": checkout.reference},
            "payment_intent_data": {
                "metadata": {"payment": checkout.reference},
                "description": checkout.description,
            },
            "success_url": checkout.success_url,
            "cancel_url": checkout.cancel_url,
            "submit_type": "pay",
        }
        if checkout.expires_at:
            params["expires_at"] = checkout.expires_at
        if checkout.email:
            params["customer_email"] = checkout.email
        if checkout.platform_fee:
            params["payment_intent_data"]["application_fee_amount"] = checkout.platform_fee
        if checkout.capture_later:
            params["payment_intent_data"]["capture_method"] = "manual"
        if spoken := _spoken(checkout.locale):
            params["locale"] = spoken
        call = self._client.v1.checkout.sessions.create_async(
            params,  # type: ignore[arg-type]
            {"idempotency_key": str(checkout.key), "stripe_account": checkout.account},
        )
        session = await _asked(call)
        return CheckoutStarted(ref=session.id, url=session.url, state="pending")

    async def status(self, ref: str, *, account: str | None = None) -> PaymentStatus:
        options = {"stripe_account": account}
        session = await self._session(ref, WHOLE_STORY, options)
        intent: Any = session.payment_intent
        charge: Any = intent.latest_charge if intent else None
        disputes: Sequence[Any] = []
        refunds: Sequence[Any] = []
        fee: Any = None
        if charge and charge.disputed:
            # The charge stays `disputed` for ever; how a dispute stands is known to the dispute alone.
            found = self._client.v1.disputes.list_async({"payment_intent": intent.id, "limit": 100}, options)  # type: ignore[arg-type]
            disputes = (await _asked(found)).data
        if charge and charge.paid:
            # Whether a refund came back from the payer's bank is known to the refund alone.
            refunds = await self._refunds(intent.id, options)
        if refunds and charge.application_fee:
            # The fee is the platform's: it is read from the platform's account, not from the shop's.
            fees = await _asked(self._client.v1.application_fees.list_async({"charge": charge.id}))
            fee = next(iter(fees.data), None)
        return _status(session, disputes, refunds, fee)

    async def _session(self, ref: str, expand: Sequence[str], options: Any) -> Any:
        return await _asked(
            self._client.v1.checkout.sessions.retrieve_async(ref, {"expand": list(expand)}, options)
        )

    async def _refunds(self, intent: str, options: Any) -> Sequence[Any]:
        found = self._client.v1.refunds.list_async({"payment_intent": intent, "limit": 100}, options)
        return (await _asked(found)).data

    async def capture(
        self, ref: str, amount: int, *, key: UUID, account: str | None = None, platform_fee: int = 0
    ) -> PaymentStatus:
        options = {"stripe_account": account}
        intent: Any = (await self._session(ref, ["payment_intent"], options)).payment_intent
        if intent and intent.status == "requires_capture":
            params: dict[str, Any] = {"amount_to_capture": amount}
            if platform_fee or intent.application_fee_amount:
                params["application_fee_amount"] = platform_fee
            await self._unless_moved(
                self._client.v1.payment_intents.capture_async(
                    intent.id,
                    params,  # type: ignore[arg-type]
                    {"idempotency_key": str(key), "stripe_account": account},
                )
            )
        told = await self.status(ref, account=account)
        if not told.amount:
            raise GatewayRefused(f"Nothing is held that could be taken ({told.state}).", "nothing_authorized")
        if told.amount != amount:
            raise GatewayRefused("Another amount was taken already.", "captured_already")
        return told

    @staticmethod
    async def _unless_moved(call: Awaitable[object]) -> None:
        """Ask for what only an authorised payment allows. Somebody else may have taken it or let it go since we looked:
        that is not an error, only another answer."""
        try:
            await _asked(call)
        except GatewayRefused as refused:
            if refused.code != "payment_intent_unexpected_state":
                raise

    async def cancel(self, ref: str, *, account: str | None = None) -> PaymentStatus:
        options = {"stripe_account": account}
        try:
            await _asked(self._client.v1.checkout.sessions.expire_async(ref, None, options))  # type: ignore[arg-type]
        except GatewayRefused as refused:
            if refused.code == "resource_missing":
                raise
            # Paid or expired a moment ago: not an error, only another answer.
        told = await self.status(ref, account=account)
        if told.state != "authorized" or not told.transaction:
            return told
        await self._unless_moved(
            self._client.v1.payment_intents.cancel_async(told.transaction, None, options)  # type: ignore[arg-type]
        )
        return await self.status(ref, account=account)

    async def refund(self, ref: str, amount: int, *, key: UUID, account: str | None = None) -> RefundMade:
        options = {"stripe_account": account}
        intent: Any = (await self._session(ref, ["payment_intent.latest_charge"], options)).payment_intent
        if not intent or not intent.amount_received:
            # A refund of what is only authorised is not one: Stripe lets the whole hold go by it.
            raise GatewayRefused("Nothing was paid that could be given back.", "charge_not_refundable")
        # Stripe forgets an idempotency key after a day; the refund itself remembers whose it is.
        made = await self._refunds(intent.id, options)
        refund: Any = next((one for one in made if getattr(one.metadata, "refund", None) == str(key)), None)
        if refund is None:
            params: dict[str, Any] = {
                "payment_intent": intent.id,
                "amount": amount,
                "metadata": {"refund": str(key)},
            }
            if (
                intent.latest_charge.application_fee_amount
            ):  # where there is none, asking for it back is an error
                params["refund_application_fee"] = True
            refund = await _asked(
                self._client.v1.refunds.create_async(
                    params,  # type: ignore[arg-type]
                    {"idempotency_key": str(key), "stripe_account": account},
                )
            )
        if refund.status in _REFUND_FAILED:
            raise GatewayRefused(f"The refund did not arrive ({refund.status}).", "refund_failed")
        return RefundMade(ref=refund.id, amount=refund.amount)

    def verify_webhook(self, body: bytes, signature: str) -> WebhookEvent:
        import stripe

        try:
            event = stripe.Webhook.construct_event(body, signature, self._webhook_secret, TOLERANCE)
        except (ValueError, LookupError, UnicodeDecodeError, stripe.SignatureVerificationError) as error:
            raise WebhookForged(str(error)) from error
        return _event(event)

    # The shop's own account

    async def open_account(self, *, name: str, email: str, country: str, currency: str, key: UUID) -> str:
        params: dict[str, Any] = {
            "country": country,
            "email": email,
            "default_currency": currency.lower(),
            "business_profile": {"name": name},
            "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
            "controller": {
                "fees": {"payer": "account"},
                "losses": {"payments": "stripe"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "full"},
            },
        }
        call = self._client.v1.accounts.create_async(params, {"idempotency_key": str(key)})  # type: ignore[arg-type]
        account = await _asked(call)
        return str(account.id)

    async def setup_url(self, account: str, *, return_url: str) -> str:
        call = self._client.v1.account_links.create_async(
            {
                "account": account,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": return_url,
            }
        )
        return (await _asked(call)).url

    async def can_charge(self, account: str) -> bool:
        return bool((await _asked(self._client.v1.accounts.retrieve_async(account))).charges_enabled)

    async def balance(self, account: str) -> Balance:
        found = await _asked(self._client.v1.balance.retrieve_async(None, {"stripe_account": account}))
        return Balance(available=_by_currency(found.available), pending=_by_currency(found.pending))

    async def payouts(self, account: str, *, limit: int) -> Sequence[Payout]:
        call = self._client.v1.payouts.list_async({"limit": limit}, {"stripe_account": account})
        return [_payout(one) for one in (await _asked(call)).data]

    async def payout(self, account: str, ref: str) -> Payout:
        return _payout(
            await _asked(self._client.v1.payouts.retrieve_async(ref, None, {"stripe_account": account}))
        )

    async def payout_lines(self, account: str, ref: str, *, most: int) -> Sequence[PayoutLine]:
        found: list[PayoutLine] = []
        asked: dict[str, Any] = {"payout": ref, "limit": 100, "expand": ["data.source"]}
        while True:
            call = self._client.v1.balance_transactions.list_async(asked, {"stripe_account": account})  # type: ignore[arg-type]
            part = await _asked(call)
            # The payout itself is among them, as what left the balance.
            found += [_payout_line(one) for one in part.data if one.type != "payout"]
            if not part.has_more or len(found) >= most:
                return found[:most]
            asked["starting_after"] = part.data[-1].id


_PAYOUT_STATES: Mapping[str, PayoutState] = {
    "pending": "pending",
    "in_transit": "in_transit",
    "paid": "paid",
    "failed": "failed",
    "canceled": "cancelled",
}


def _payout(payout: Any) -> Payout:
    return Payout(
        ref=payout.id,
        amount=payout.amount,
        currency=str(payout.currency).upper(),
        state=_PAYOUT_STATES.get(payout.status, "pending"),
        created_at=datetime.fromtimestamp(payout.created, UTC),
        arrives_on=datetime.fromtimestamp(
            payout.arrival_date, UTC
        ).date(),  # a day, told as its midnight in UTC
        failure=payout.failure_message or "",
        is_itemized=payout.reconciliation_status == "completed",
    )


_LINE_KINDS: Mapping[str, PayoutLineKind] = {
    "charge": "payment",
    "payment": "payment",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_returned",
    "payment_failure_refund": "refund_returned",
    "adjustment": "dispute",
    "payout_failure": "payout_returned",
    "payout_cancel": "payout_returned",
}


def _payout_line(entry: Any) -> PayoutLine:
    source: Any = (
        entry.source
    )  # whole, as it was asked for; nothing for what has none, as a fee of Stripe's own
    kind = _LINE_KINDS.get(entry.type, "other")
    if kind == "dispute" and getattr(source, "object", "") != "dispute":
        kind = "other"
    ours = sum(part.amount for part in entry.fee_details if part.type == "application_fee")
    return PayoutLine(
        ref=entry.id,
        kind=kind,
        amount=entry.amount,
        fee=entry.fee - ours,
        platform_fee=ours,
        net=entry.net,
        at=datetime.fromtimestamp(entry.created, UTC),
        source=getattr(source, "id", None) or "",
        transaction=getattr(source, "payment_intent", None) or "",
        description=entry.description or "",
        is_exchanged=bool(entry.exchange_rate),
    )


def _by_currency(amounts: Sequence[Any]) -> Mapping[str, int]:
    return {str(one.currency).upper(): int(one.amount) for one in amounts}


_LANGUAGES = frozenset({
    "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th",
    "tr", "vi", "zh", "zh-HK", "zh-TW",
})  # fmt: skip
"""What Stripe's page speaks."""


def _spoken(locale: str | None) -> str | None:
    """The language as Stripe names it; None, its own guess by the browser, where its page does not speak it."""
    tag = (locale or "").replace("_", "-")
    return next((one for one in (tag, tag.partition("-")[0]) if one in _LANGUAGES), None)


async def _asked(call: Awaitable[T]) -> T:
    """The SDK's answer, its many errors told apart by the one question that matters: is the outcome known?"""
    import stripe

    try:
        return await call
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnavailable(type(error).__name__) from error
    except stripe.StripeError as error:
        if error.http_status is None or error.http_status >= 500 or error.http_status in (401, 409, 429):
            # 401 is our own misconfiguration and 409 our own twin: neither says anything about the money.
            raise GatewayUnavailable(f"{type(error).__name__} {error.http_status}") from error
        raise GatewayRefused(error.user_message or str(error), error.code) from error


def _status(session: Any, disputes: Sequence[Any], refunds: Sequence[Any], fee: Any) -> PaymentStatus:
    intent = session.payment_intent
    charge = intent.latest_charge if intent else None
    state: State = "pending"
    if session.status == "expired":
        state = "expired"
    elif intent:
        state = _INTENT_STATES.get(intent.status, "pending")
        if state == "cancelled" and intent.cancellation_reason in _LAPSED:
            state = "expired"
        if intent.capture_method == "manual":
            refunds = [refund for refund in refunds if not _is_release(refund)]
    refunded = sum(refund.amount for refund in refunds)
    returned = [refund for refund in refunds if refund.status in _REFUND_FAILED]
    gone = refunded - sum(refund.amount for refund in returned)
    if state == "completed" and charge:
        if any(dispute.status not in _DISPUTE_DECIDED for dispute in disputes):
            state = "disputed"
        elif any(dispute.status == "lost" for dispute in disputes):
            state = "lost"
        elif gone:
            state = "refunded" if gone >= charge.amount_captured else "partially_refunded"
    entry = charge.balance_transaction if charge else None
    # For up to an hour there is no entry. Its fee is all that was kept; its details tell whose each part is.
    theirs = [part for part in entry.fee_details if part.type != "application_fee"] if entry else []
    decided = [dispute for dispute in disputes if dispute.status in _DISPUTE_DECIDED]
    return PaymentStatus(
        ref=session.id,
        state=state,
        reference=session.client_reference_id,
        amount=intent.amount_received if intent else 0,
        authorized=intent.amount_capturable if intent else 0,
        authorized_until=_capture_before(charge) if state == "authorized" else None,
        refunded=refunded,
        returned=refunded - gone,
        returned_refs=tuple(refund.id for refund in returned),
        fee=_as_paid(sum(part.amount for part in theirs), entry),
        platform_fee=charge.application_fee_amount or 0 if charge and charge.captured else 0,
        platform_fee_back=fee.amount_refunded if fee else 0,
        dispute_stage=len(disputes) + len(decided),
        lost=sum(dispute.amount for dispute in decided if dispute.status == "lost"),
        dispute_fee=sum(
            _as_paid(line.fee, line) for dispute in decided for line in dispute.balance_transactions
        ),
        currency=str(session.currency).upper(),
        transaction=intent.id if intent else None,
        method=_method(charge) if charge and charge.paid else None,
        failure=_failure(intent),
    )


def _is_release(refund: Any) -> bool:
    """Whether it only let go what was held: of what a capture leaves and of a hold that ends Stripe makes a refund,
    too. It moved no money, so the balance knows nothing of it."""
    return refund.status == "succeeded" and not refund.balance_transaction


def _capture_before(charge: Any) -> datetime | None:
    card = getattr(charge.payment_method_details, "card", None)
    moment = getattr(card, "capture_before", None)
    return datetime.fromtimestamp(moment, UTC) if moment else None


def _as_paid(amount: int, entry: Any) -> int:
    """What an entry tells in the account's currency, in that of the payment: the rate leads from this to that."""
    if not entry or not entry.exchange_rate:
        return amount
    paid = Decimal(amount) / Decimal(str(entry.exchange_rate))
    return int(paid.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _method(charge: Any) -> str | None:
    card = getattr(charge.payment_method_details, "card", None)
    return (
        f"{str(card.brand).capitalize()} ···· {card.last4}"
        if card
        else str(charge.payment_method_details.type)
    )


def _failure(intent: Any) -> str | None:
    error = intent.last_payment_error if intent else None
    return str(error.message) if error else None


def _event(event: Any) -> WebhookEvent:
    told: dict[str, Any] = event.to_dict()
    subject = told["data"]["object"]
    is_session = str(told["type"]).startswith("checkout.session.")
    is_intent = str(told["type"]).startswith("payment_intent.")
    return WebhookEvent(
        id=told["id"],
        kind=told["type"],
        account=told.get("account"),
        reference=subject.get("client_reference_id") or (subject.get("metadata") or {}).get("payment"),
        ref=subject.get("id") if is_session else None,
        transaction=subject.get("id") if is_intent else subject.get("payment_intent"),
    )
