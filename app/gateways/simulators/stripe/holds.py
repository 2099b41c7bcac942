"""What becomes of an amount that is held: it is captured, let go, or lapses."""

import time

from .brackets import Params, only, whole
from .cards import DISPUTING
from .faults import Faults
from .refusals import StripeRefusal, invalid
from .store import Doc, Store
from .till import Till
from .webhooks import emit


class Holds:
    def __init__(self, store: Store, faults: Faults, till: Till) -> None:
        self._store, self._faults, self._till = store, faults, till

    def _emit(self, kind: str, subject: Doc, account: str) -> None:
        emit(self._store, self._faults, kind, subject, account)

    def capture(self, account: str, ref: str, params: Params) -> Doc:
        only(params, "amount_to_capture", "application_fee_amount", "metadata")
        intent = self._store.get("payment_intent", account, ref, "intent")
        if intent["status"] != "requires_capture":
            raise _unexpected(intent, "captured")
        amount = whole(params.get("amount_to_capture", intent["amount"]), "amount_to_capture")
        if amount <= 0:
            raise invalid("amount_to_capture", "Invalid positive integer", "parameter_invalid_integer")
        if amount > intent["amount_capturable"]:
            words = "The requested capture amount is greater than the amount you can capture for this charge."
            raise invalid("amount_to_capture", words, "amount_too_large")
        charge = self._store.get("charge", account, intent["latest_charge"])
        if _is_over(charge):
            words = "The charge cannot be captured as the authorization has expired."
            raise StripeRefusal(words, code="charge_expired_for_capture", executed=True)
        if self._faults.take("refuse_captures"):
            raise StripeRefusal(
                "Your card was declined.", status=402, kind="card_error", code="card_declined", executed=True
            )
        if "application_fee_amount" in params:
            intent["application_fee_amount"] = _fee(account, params)
        self._take(account, intent, charge, amount)
        return intent

    def _take(self, account: str, intent: Doc, charge: Doc, amount: int) -> None:
        self._till.settle(account, intent, charge, amount)
        if amount < intent["amount"]:
            self._release(account, charge, intent["amount"] - amount)
        for session in self._store.listing("checkout.session", account, parent=intent["id"]):
            self._store.save(session | {"payment_status": "paid"})
        self._emit("charge.captured", charge, account)
        self._emit("payment_intent.succeeded", intent, account)
        if charge["payment_method_details"]["card"]["last4"] in DISPUTING:
            self._till.dispute(account, intent["id"])

    def _release(self, account: str, charge: Doc, amount: int, reason: str | None = None) -> None:
        """Let go what was not taken. Stripe makes a refund of it, of which the balance knows nothing."""
        body: Doc = {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "currency": charge["currency"],
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "succeeded",
        }
        refund = self._store.create("re", account, body, parent=charge["payment_intent"])
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._store.save(charge)
        self._emit("refund.created", refund, account)
        self._emit("charge.refunded", charge, account)

    def cancel(self, account: str, ref: str, params: Params) -> Doc:
        only(params, "cancellation_reason")
        intent = self._store.get("payment_intent", account, ref, "intent")
        if intent["status"] in ("succeeded", "canceled"):
            raise _unexpected(intent, "canceled")
        return self._give_up(account, intent, params.get("cancellation_reason"))

    def _give_up(self, account: str, intent: Doc, reason: str | None, why_released: str | None = None) -> Doc:
        if intent["status"] == "requires_capture":
            charge = self._store.get("charge", account, intent["latest_charge"])
            self._release(account, charge, intent["amount_capturable"], why_released)
        intent |= {"status": "canceled", "amount_capturable": 0, "next_action": None}
        intent |= {"cancellation_reason": reason, "canceled_at": int(time.time())}
        self._store.save(intent)
        self._emit("payment_intent.canceled", intent, account)
        return intent

    def lapse(self, account: str, ref: str) -> Doc:
        """A hold that nobody took in time ends by itself."""
        intent = self._store.get("payment_intent", account, ref, "payment_intent")
        if intent["status"] != "requires_capture":
            raise invalid("payment_intent", "There is no hold that could lapse.")
        self._give_up(account, intent, "automatic", "expired_uncaptured_charge")
        self._emit("charge.expired", self._store.get("charge", account, intent["latest_charge"]), account)
        return intent

    def lapse_due(self) -> bool:
        """End the holds whose time is over; the server calls it every few seconds. Returns whether any was."""
        due = [
            (intent["id"], account)
            for intent, account in self._store.all_of("payment_intent", 500)
            if intent["status"] == "requires_capture"
            and _is_over(self._store.get("charge", account, intent["latest_charge"]))
        ]
        for ref, account in due:
            self.lapse(account, ref)
        return bool(due)


def _is_over(charge: Doc) -> bool:
    return bool(charge["payment_method_details"]["card"]["capture_before"] <= time.time())


def _fee(account: str, params: Params) -> int:
    fee = whole(params["application_fee_amount"], "application_fee_amount")
    if fee < 0:
        raise invalid("application_fee_amount", "Invalid non-negative integer", "parameter_invalid_integer")
    if not account:
        words = "Can only apply an application_fee_amount when a connected account takes the payment."
        raise invalid("application_fee_amount", words)
    return fee


def _unexpected(intent: Doc, done: str) -> StripeRefusal:
    return StripeRefusal(
        f"This PaymentIntent could not be {done} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        executed=True,
    )
