"""From an account's balance to its owner's bank: once a day by itself, or at once when asked.

A real card's money is free after two days; here it is free at once, and is paid out on the next day. A payout is two
days on its way. Days are those of UTC, as Stripe reckons them.
"""

import time
from collections import defaultdict

from .faults import Faults
from .refusals import StripeRefusal, invalid
from .store import Doc, Store
from .webhooks import emit

DAY = 24 * 3600
ON_ITS_WAY = 2 * DAY


class Payouts:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store, self._faults = store, faults

    def balance(self, account: str) -> Doc:
        """What an account has, by currency; a new account has nothing of its own currency."""
        sums = self._sums(account)
        if account and not sums:
            sums = {str(self._store.get("account", "", account)["default_currency"]): 0}
        amounts = [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sums.items()
        ]
        nothing = [{**one, "amount": 0, "source_types": {"card": 0}} for one in amounts]
        return {"object": "balance", "available": amounts, "pending": nothing, "livemode": False}

    def _sums(self, account: str) -> dict[str, int]:
        """The net of every movement, by currency."""
        sums: dict[str, int] = defaultdict(int)
        for entry in self._store.listing("balance_transaction", account):
            sums[entry["currency"]] += entry["net"]
        return dict(sums)

    def _waiting(self, account: str, *, until: float | None) -> dict[str, list[Doc]]:
        """The movements that no payout took along yet, by currency: of those before a moment, and what goes out
        whenever it went."""
        waiting: dict[str, list[Doc]] = defaultdict(list)
        for entry in self._store.listing("balance_transaction", account):
            is_free = until is None or entry["created"] < until or entry["net"] < 0
            if is_free and not entry.get("paid_out_in"):
                waiting[entry["currency"]].append(entry)
        return waiting

    def pay_out(self, account: str, *, until: float | None = None) -> list[Doc]:
        """All that is there (of what came before `until`), one payout a currency. Raises StripeRefusal."""
        if not self._store.get("account", "", account)["payouts_enabled"]:
            raise StripeRefusal("This account cannot be paid out yet.", code="payouts_not_allowed")
        return [
            self._create(account, currency, entries)
            for currency, entries in self._waiting(account, until=until).items()
            if sum(entry["net"] for entry in entries) > 0
        ]

    def _create(self, account: str, currency: str, entries: list[Doc]) -> Doc:
        amount = sum(entry["net"] for entry in entries)
        arrival = int(time.time() + ON_ITS_WAY) // DAY * DAY
        body: Doc = {
            "amount": amount,
            "arrival_date": arrival,
            "automatic": True,
            "currency": currency,
            "failure_code": None,
            "failure_message": None,
            "method": "standard",
            "reconciliation_status": "completed",
            "status": "in_transit",
            "type": "bank_account",
        }
        payout = self._store.create("po", account, body)
        for entry in [*entries, self._move(account, payout, "payout", -amount)]:
            self._store.save({**entry, "paid_out_in": payout["id"]})
        emit(self._store, self._faults, "payout.created", payout, account)
        return payout

    def _move(self, account: str, payout: Doc, kind: str, amount: int) -> Doc:
        body: Doc = {"type": kind, "source": payout["id"], "amount": amount, "fee": 0, "net": amount}
        body |= {"fee_details": [], "currency": payout["currency"], "status": "available"}
        body |= {"description": None, "exchange_rate": None}
        body["reporting_category"] = kind
        entry = self._store.create("txn", account, body, parent=payout["id"])
        payout["balance_transaction" if amount < 0 else "failure_balance_transaction"] = entry["id"]
        self._store.save(payout)
        return entry

    def arrive(self, account: str, ref: str, outcome: str) -> Doc:
        """The bank takes a payout (`paid`), or sends it back (`failed`): then the money is on the balance again."""
        payout = self._store.get("payout", account, ref, "payout")
        if outcome not in ("paid", "failed") or payout["status"] != "in_transit":
            raise invalid("payout", "This payout cannot end like that.")
        payout["status"] = outcome
        if outcome == "failed":
            payout["failure_code"] = "account_closed"
            payout["failure_message"] = "The bank account has been closed."
            self._move(account, payout, "payout_failure", payout["amount"])
        self._store.save(payout)
        emit(self._store, self._faults, f"payout.{outcome}", payout, account)
        return payout

    def daily(self) -> bool:
        """Pay out what came before today, once a day for each account, and let arrive what is due. Returns whether
        anything moved."""
        moved = False
        for payout, account in self._store.all_of("payout", 500):
            if payout["status"] == "in_transit" and payout["arrival_date"] <= time.time():
                self.arrive(account, payout["id"], "paid")
                moved = True
        today = int(time.time()) // DAY * DAY
        for owner, _platform in self._store.all_of("account", 500):
            if not owner["payouts_enabled"] or owner.get("paid_out_on") == today:
                continue
            owner["paid_out_on"] = today
            self._store.save(owner)
            moved = bool(self.pay_out(owner["id"], until=today)) or moved
        return moved
