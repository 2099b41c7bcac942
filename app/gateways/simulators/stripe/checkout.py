"""Checkout sessions in payment mode: opened by the API, paid on the hosted page."""

import time
from typing import Any

from .brackets import Params, only, whole
from .cards import Card
from .faults import Faults
from .refusals import StripeRefusal, invalid, required
from .store import Doc, Store
from .till import Till
from .webhooks import emit

SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "vnd": 10_000}
"""Stripe refuses smaller amounts; other currencies are taken from one minor unit on."""
SOONEST, LATEST = 30 * 60, 24 * 3600

ALLOWED = (
    *("mode", "line_items", "success_url", "cancel_url", "client_reference_id", "customer_email", "metadata"),
    *("payment_intent_data", "expires_at", "locale", "payment_method_types", "submit_type"),
)


class Checkout:
    def __init__(self, store: Store, faults: Faults, till: Till, public_url: str) -> None:
        self._store, self._faults, self._till, self._public_url = store, faults, till, public_url

    def _emit(self, kind: str, session: Doc, account: str) -> None:
        emit(self._store, self._faults, kind, session, account)

    def open(self, account: str, params: Params) -> Doc:
        only(params, *ALLOWED)
        if params.get("mode") != "payment":
            raise invalid("mode", "This simulator knows `payment` mode only.", "parameter_invalid_mode")
        if not params.get("success_url"):
            raise required("success_url")
        lines, currency = self._read_lines(params.get("line_items"))
        total = sum(line["amount_total"] for line in lines)
        if total < SMALLEST.get(currency, 1):
            words = "The Checkout Session's total amount due must add up to at least the smallest charge."
            raise invalid("line_items", words, "amount_too_small")
        self._check_wishes(account, params.get("payment_intent_data", {}))
        session = self._store.create("cs", account, self._body(params, lines, currency, total))
        session["url"] = f"{self._public_url}/c/pay/{session['id']}"
        self._store.save(session)
        return session

    def _body(self, params: Params, lines: list[Doc], currency: str, total: int) -> Doc:
        now = int(time.time())
        expires_at = whole(params.get("expires_at", now + LATEST), "expires_at")
        # A minute of grace: the caller's clock and its reckoning are a moment before ours.
        if not now + SOONEST - 60 <= expires_at <= now + LATEST + 60:
            raise invalid(
                "expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
            )
        return {
            "amount_subtotal": total,
            "amount_total": total,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "currency": currency,
            "customer_email": params.get("customer_email"),
            "expires_at": expires_at,
            "lines": lines,
            "locale": params.get("locale"),
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_intent_data": params.get("payment_intent_data", {}),
            "payment_method_types": params.get("payment_method_types", ["card"]),
            "payment_status": "unpaid",
            "status": "open",
            "success_url": params["success_url"],
        }

    @staticmethod
    def _read_lines(given: Any) -> tuple[list[Doc], str]:
        if not isinstance(given, list) or not given:
            raise required("line_items")
        lines = []
        for place, line in enumerate(given):
            where = f"line_items[{place}]"
            price = line.get("price_data") if isinstance(line, dict) else None
            if not isinstance(price, dict) or not price.get("currency") or "unit_amount" not in price:
                raise required(f"{where}[price_data]")
            if not (product := price.get("product_data")) or not product.get("name"):
                raise required(f"{where}[price_data][product_data][name]")
            unit, quantity = whole(price["unit_amount"], where), whole(line.get("quantity", 1), where)
            if unit < 0 or quantity < 1:
                raise invalid(where, "Amounts and quantities are positive.", "parameter_invalid_integer")
            lines.append(
                {"description": product["name"], "quantity": quantity, "amount_total": unit * quantity}
            )
        currencies = {str(line["price_data"]["currency"]).lower() for line in given}
        if len(currencies) != 1:
            raise invalid("line_items", "All prices of a session share one currency.", "currency_mismatch")
        return lines, currencies.pop()

    def _check_wishes(self, account: str, wishes: Params) -> None:
        how = wishes.get("capture_method", "automatic_async")
        if how not in ("automatic", "automatic_async", "manual"):
            raise invalid("payment_intent_data[capture_method]", f"Invalid capture_method: {how}")
        if wishes.get("application_fee_amount") and not (account or wishes.get("transfer_data")):
            words = "Can only apply an application_fee_amount when a connected account takes the payment."
            raise invalid("payment_intent_data[application_fee_amount]", words)
        if account and not self._store.get("account", "", account)["charges_enabled"]:
            words = "The connected account cannot take charges yet: its owner has not finished the set-up."
            raise StripeRefusal(words, code="account_invalid")

    def expire(self, account: str, ref: str) -> Doc:
        session = self._store.get("checkout.session", account, ref, "session")
        if session["status"] != "open":
            words = (
                f'Only Checkout Sessions with a status in ["open"] can be expired; it is {session["status"]}.'
            )
            raise StripeRefusal(words, code="resource_invalid_state", executed=True)
        session |= {"status": "expired", "url": None}
        self._store.save(session)
        self._emit("checkout.session.expired", session, account)
        return session

    def expire_overdue(self) -> None:
        """Close the sessions whose time is over; the server calls it every few seconds."""
        for session, account in self._store.all_of("checkout.session", 500):
            if session["status"] == "open" and session["expires_at"] < time.time():
                self.expire(account, session["id"])

    # The hosted page

    def pay(self, session: Doc, account: str, card: Card) -> Doc:
        """Try the card; returns the intent, whose status says how it went."""
        if session["payment_intent"]:
            intent = self._store.get("payment_intent", account, session["payment_intent"])
        else:
            intent = self._till.open_intent(
                account,
                amount=session["amount_total"],
                currency=session["currency"],
                wishes=session["payment_intent_data"],
            )
            session["payment_intent"] = intent["id"]
            self._store.save(session, parent=intent["id"])
        if card.decline:
            self._till.decline(
                account,
                intent,
                code=card.decline,
                decline_code=card.decline_code,
                message=card.message,
                last4=card.last4,
            )
        elif card.asks_bank:
            self._till.ask_bank(account, intent, f"{self._public_url}/c/pay/{session['id']}/bank")
        else:
            self._complete(session, account, intent, card)
        return intent

    def answer_bank(self, session: Doc, account: str, card: Card, *, agreed: bool) -> Doc:
        intent = self._store.get("payment_intent", account, session["payment_intent"])
        if intent["status"] != "requires_action":
            return intent
        if agreed:
            self._complete(session, account, intent, card)
        else:
            words = "We are unable to authenticate your payment method. Please choose a different one."
            self._till.decline(
                account,
                intent,
                code="payment_intent_authentication_failure",
                decline_code=None,
                message=words,
                last4=card.last4,
            )
        return intent

    def _complete(self, session: Doc, account: str, intent: Doc, card: Card) -> None:
        self._till.charge(account, intent, card)
        paid = "paid" if intent["status"] == "succeeded" else "unpaid"
        session |= {"status": "complete", "payment_status": paid, "url": None}
        session["customer_details"] = {"email": session["customer_email"]}
        self._store.save(session, parent=intent["id"])
        self._emit("checkout.session.completed", session, account)
        if card.disputes and paid == "paid":
            self._till.dispute(account, intent["id"])
