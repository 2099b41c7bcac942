"""What moves money: payment intents, charges, refunds, disputes and the balance they leave behind."""

import secrets
import time
from typing import Any

from .brackets import Params, only, whole
from .cards import RETURNING, Card
from .faults import Faults
from .refusals import StripeRefusal, invalid, required
from .store import Doc, Store
from .webhooks import emit

FEE_PERCENT_HUNDREDTHS, FEE_FIXED = 290, 30
"""Stripe's usual 2.9 % + 30, so that reconciliation has a fee to find."""
HELD_FOR = 7 * 24 * 3600
"""Seconds that a card holds what its owner authorised online."""
RETURNED_AFTER = 10
"""Seconds until a refund comes back of which its card is known; in life it is days."""
DISPUTE_FEE = 1500
"""Kept whoever wins, as in most countries."""


class Till:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store, self._faults = store, faults

    def _emit(self, kind: str, subject: Doc, account: str) -> None:
        emit(self._store, self._faults, kind, subject, account)

    # Payment intents

    def open_intent(self, account: str, *, amount: int, currency: str, wishes: Params) -> Doc:
        """An intent without a card yet; `wishes` is what Checkout was given as `payment_intent_data`."""
        intent = self._store.create(
            "pi",
            account,
            {
                "amount": amount,
                "amount_capturable": 0,
                "amount_received": 0,
                "application_fee_amount": int(fee) if (fee := wishes.get("application_fee_amount")) else None,
                "canceled_at": None,
                "cancellation_reason": None,
                "capture_method": wishes.get("capture_method", "automatic_async"),
                "client_secret": f"pi_secret_{secrets.token_hex(8)}",
                "currency": currency,
                "description": wishes.get("description"),
                "last_payment_error": None,
                "latest_charge": None,
                "metadata": wishes.get("metadata", {}),
                "next_action": None,
                "payment_method": None,
                "payment_method_types": ["card"],
                "receipt_email": wishes.get("receipt_email"),
                "status": "requires_payment_method",
                "transfer_data": wishes.get("transfer_data"),
            },
        )
        self._emit("payment_intent.created", intent, account)
        return intent

    def ask_bank(self, account: str, intent: Doc, url: str) -> None:
        intent |= {
            "status": "requires_action",
            "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": url}},
        }
        self._store.save(intent)
        self._emit("payment_intent.requires_action", intent, account)

    def decline(
        self, account: str, intent: Doc, *, code: str, decline_code: str | None, message: str, last4: str
    ) -> None:
        """The attempt failed; the intent waits for another card."""
        charge = self._new_charge(account, intent, brand="visa", last4=last4)
        charge |= {
            "status": "failed",
            "paid": False,
            "captured": False,
            "failure_code": code,
            "failure_message": message,
        }
        self._store.save(charge)
        intent |= {
            "status": "requires_payment_method",
            "next_action": None,
            "latest_charge": charge["id"],
            "last_payment_error": {
                "type": "card_error",
                "code": code,
                "decline_code": decline_code,
                "message": message,
                "charge": charge["id"],
            },
        }
        self._store.save(intent)
        self._emit("charge.failed", charge, account)
        self._emit("payment_intent.payment_failed", intent, account)

    def charge(self, account: str, intent: Doc, card: Card) -> Doc:
        """The card pays: captured at once, or held when the intent is to be captured by hand."""
        charge = self._new_charge(account, intent, brand=card.brand, last4=card.last4)
        intent |= {"latest_charge": charge["id"], "payment_method": charge["payment_method"]}
        intent |= {"next_action": None, "last_payment_error": None}
        if intent["capture_method"] == "manual":
            charge |= {"captured": False, "amount_captured": 0}
            charge["application_fee_amount"] = intent["application_fee_amount"]
            charge["payment_method_details"]["card"]["capture_before"] = int(time.time()) + HELD_FOR
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            self._store.save(charge)
            self._store.save(intent)
            self._emit("charge.succeeded", charge, account)
            self._emit("payment_intent.amount_capturable_updated", intent, account)
        else:
            self.settle(account, intent, charge, intent["amount"])
            self._emit("charge.succeeded", charge, account)
            self._emit("payment_intent.succeeded", intent, account)
        return intent

    # Charges and the balance

    def _new_charge(self, account: str, intent: Doc, *, brand: str, last4: str) -> Doc:
        method = f"pm_{secrets.token_hex(12)}"
        details = {
            "type": "card",
            "card": {"brand": brand, "last4": last4, "exp_month": 12, "exp_year": 2030},
        }
        body: Doc = {
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "captured": True,
            "currency": intent["currency"],
            "disputed": False,
            "failure_code": None,
            "failure_message": None,
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent["id"],
            "payment_method": method,
            "payment_method_details": details,
            "refunded": False,
            "status": "succeeded",
        }
        return self._store.create("ch", account, body, parent=intent["id"])

    def settle(self, account: str, intent: Doc, charge: Doc, amount: int) -> None:
        platforms = min(int(intent["application_fee_amount"] or 0), amount)
        charge |= {"captured": True, "amount_captured": amount, "application_fee_amount": platforms or None}
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self._store.save(charge)
        self._store.save(intent)
        if not self._faults.late_entries:
            self._enter(account, charge)

    def enter(self, account: str, ref: str) -> Doc:
        """The balance learns of an intent's charge, within the hour when entries are late."""
        intent = self._store.get("payment_intent", account, ref, "payment_intent")
        charge = self._store.get("charge", account, str(intent["latest_charge"]), "charge")
        if not charge["amount_captured"] or charge["balance_transaction"]:
            raise invalid("payment_intent", "There is nothing to enter.")
        self._enter(account, charge)
        self._emit("charge.updated", charge, account)
        return charge

    def _enter(self, account: str, charge: Doc) -> None:
        amount, platforms = charge["amount_captured"], charge["application_fee_amount"] or 0
        fee = (amount * FEE_PERCENT_HUNDREDTHS + 5000) // 10000 + FEE_FIXED
        entry = self._balance(
            account, "charge", charge["id"], amount, fee, charge["currency"], platforms=platforms
        )
        charge["balance_transaction"] = entry["id"]
        if platforms:
            charge["application_fee"] = self._platform_earns(account, charge, platforms)["id"]
        self._store.save(charge)

    def _balance(
        self,
        account: str,
        kind: str,
        source: str,
        amount: int,
        fee: int,
        currency: str,
        *,
        platforms: int = 0,
    ) -> Doc:
        """A movement of an account's balance. `fee` is Stripe's, `platforms` the application fee; what comes back
        of one is less than nothing."""
        parts = [("stripe_fee", fee), ("application_fee", platforms)]
        body: Doc = {"type": kind, "source": source, "amount": amount, "fee": fee + platforms}
        body["net"] = amount - body["fee"]
        body["fee_details"] = [
            {"type": type_, "amount": part, "currency": currency, "description": None, "application": None}
            for type_, part in parts
            if part
        ]
        body |= {"currency": currency, "exchange_rate": None, "status": "available", "description": None}
        body["reporting_category"] = kind
        return self._store.create("txn", account, body, parent=source)

    # Application fees: the platform's part of a charge on a connected account

    def _platform_earns(self, account: str, charge: Doc, amount: int) -> Doc:
        body: Doc = {
            "account": account,
            "amount": amount,
            "amount_refunded": 0,
            "charge": charge["id"],
            "currency": charge["currency"],
            "refunded": False,
        }
        fee = self._store.create("fee", "", body, parent=charge["id"])
        entry = self._balance("", "application_fee", fee["id"], amount, 0, charge["currency"])
        fee["balance_transaction"] = entry["id"]
        self._store.save(fee)
        return fee

    def _platform_gives_back(self, charge: Doc) -> int:
        """The fee follows the refunds in proportion, reckoned over all of them, so that the last cent goes with the
        last refund. Returns how much comes back with this one."""
        fee = self._store.get("application_fee", "", charge["application_fee"])
        left, all_of_it = charge["amount"] - charge["amount_refunded"], charge["amount_captured"]
        gone = all_of_it - left
        upto = (2 * fee["amount"] * gone + all_of_it) // (2 * all_of_it)
        back = max(int(upto) - int(fee["amount_refunded"]), 0)
        if back:
            fee["amount_refunded"] += back
            fee["refunded"] = fee["amount_refunded"] == fee["amount"]
            self._store.save(fee)
            self._balance("", "application_fee_refund", fee["id"], -back, 0, charge["currency"])
        return back

    # Refunds

    def refund(self, account: str, params: Params) -> Doc:
        only(params, "payment_intent", "charge", "amount", "reason", "metadata", "refund_application_fee")
        charge = self._refundable(account, params)
        if params.get("refund_application_fee") == "true" and not charge["application_fee_amount"]:
            words = f"Charge {charge['id']} does not have an application fee to refund."
            raise invalid("refund_application_fee", words)
        left = charge["amount"] - charge["amount_refunded"]  # what a capture left is refunded, too
        if left == 0:
            words = f"Charge {charge['id']} has already been refunded."
            raise StripeRefusal(words, code="charge_already_refunded", executed=True)
        amount = whole(params.get("amount", left), "amount")
        if amount <= 0:
            raise invalid("amount", "Invalid positive integer", "parameter_invalid_integer")
        if amount > left:
            words = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise StripeRefusal(words, param="amount", executed=True)
        if self._faults.take("refuse_refunds"):
            words = "Insufficient funds in your Stripe balance to refund this amount."
            raise StripeRefusal(words, code="balance_insufficient", executed=True)
        return self._give_back(account, charge, amount, params)

    def _refundable(self, account: str, params: Params) -> Doc:
        if ref := params.get("charge"):
            charge = self._store.get("charge", account, ref, "charge")
        elif ref := params.get("payment_intent"):
            intent = self._store.get("payment_intent", account, ref, "payment_intent")
            if not intent["latest_charge"]:
                words = f"This PaymentIntent ({ref}) does not have a successful charge to refund."
                raise invalid("payment_intent", words, "resource_missing")
            charge = self._store.get("charge", account, intent["latest_charge"])
        else:
            raise required("charge")
        if charge["status"] != "succeeded" or not charge["captured"]:
            raise StripeRefusal(f"Charge {charge['id']} has not been captured.", code="charge_not_refundable")
        disputes = self._store.listing("dispute", account, parent=charge["payment_intent"])
        if any(dispute["status"] != "won" for dispute in disputes):
            words = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise StripeRefusal(words, code="charge_disputed", executed=True)
        return charge

    def _give_back(self, account: str, charge: Doc, amount: int, params: dict[str, Any]) -> Doc:
        if not charge["balance_transaction"]:
            self._enter(account, charge)
        body: Doc = {
            "amount": amount,
            "charge": charge["id"],
            "currency": charge["currency"],
            "metadata": params.get("metadata", {}),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "status": "succeeded",
        }
        if charge["payment_method_details"]["card"]["last4"] in RETURNING:
            body["returns_at"] = time.time() + RETURNED_AFTER
        refund = self._store.create("re", account, body, parent=charge["payment_intent"])
        charge["amount_refunded"] += amount
        back = self._platform_gives_back(charge) if params.get("refund_application_fee") == "true" else 0
        entry = self._balance(
            account, "refund", refund["id"], -amount, 0, charge["currency"], platforms=-back
        )
        refund["balance_transaction"] = entry["id"]
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._store.save(refund)
        self._store.save(charge)
        self._emit("refund.created", refund, account)
        self._emit("charge.refunded", charge, account)
        return refund

    def return_refund(self, account: str, ref: str) -> Doc:
        """The payer's bank sends a refund back, days after it was made: the money is the shop's again. The platform's
        fee that went back with it stays where it is."""
        refund = self._store.get("refund", account, ref, "refund")
        if refund["status"] != "succeeded":
            raise invalid("refund", "Only a refund that was made can come back.")
        charge = self._store.get("charge", account, refund["charge"])
        entry = self._balance(account, "refund_failure", ref, refund["amount"], 0, refund["currency"])
        refund |= {
            "status": "failed",
            "failure_reason": "lost_or_stolen_card",
            "failure_balance_transaction": entry["id"],
        }
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        self._store.save(refund)
        self._store.save(charge)
        self._emit("refund.failed", refund, account)
        self._emit("charge.refund.updated", refund, account)
        return refund

    def return_due(self) -> bool:
        """Send back what is due to come back; the server calls it every few seconds. Returns whether any was."""
        due = [
            (refund["id"], account)
            for refund, account in self._store.all_of("refund", 500)
            if refund["status"] == "succeeded" and refund.get("returns_at", 2**62) <= time.time()
        ]
        for ref, account in due:
            self.return_refund(account, ref)
        return bool(due)

    # Disputes

    def dispute(self, account: str, ref: str) -> Doc:
        """The payer asks their bank for all that is left of an intent's charge. The money is gone at once."""
        intent = self._store.get("payment_intent", account, ref, "payment_intent")
        charge = self._store.get("charge", account, str(intent["latest_charge"]), "charge")
        amount = charge["amount"] - charge["amount_refunded"]
        if charge["status"] != "succeeded" or not charge["captured"] or amount <= 0:
            raise invalid("payment_intent", "There is nothing to dispute.")
        body: Doc = {
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "currency": charge["currency"],
            "is_charge_refundable": False,
            "metadata": {},
            "payment_intent": ref,
            "reason": "fraudulent",
            "status": "needs_response",
        }
        dispute = self._store.create("dp", account, body, parent=ref)
        charge["disputed"] = True  # and stays so, whoever wins
        self._store.save(charge)
        self._dispute_entry(account, dispute, -amount, DISPUTE_FEE)
        self._emit("charge.dispute.created", dispute, account)
        self._emit("charge.dispute.funds_withdrawn", dispute, account)
        return dispute

    def decide(self, account: str, ref: str, outcome: str) -> Doc:
        """The bank decides a dispute: `won` by the shop, or `lost`."""
        dispute = self._store.get("dispute", account, ref, "dispute")
        if outcome not in ("won", "lost") or dispute["status"] in ("won", "lost"):
            raise invalid("dispute", "This dispute cannot be decided like that.")
        dispute["status"] = outcome
        self._store.save(dispute)
        if outcome == "won":
            self._dispute_entry(account, dispute, dispute["amount"], 0)
            self._emit("charge.dispute.funds_reinstated", dispute, account)
        self._emit("charge.dispute.closed", dispute, account)
        return dispute

    def _dispute_entry(self, account: str, dispute: Doc, amount: int, fee: int) -> None:
        entry = self._balance(account, "adjustment", dispute["id"], amount, fee, dispute["currency"])
        dispute["balance_transactions"].append(entry)
        self._store.save(dispute)
