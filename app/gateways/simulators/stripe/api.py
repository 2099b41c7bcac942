"""The JSON side: keys, accounts, idempotency, and the routes of `/v1`."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from .accounts import Accounts
from .brackets import Params, decode, only, whole
from .checkout import Checkout
from .faults import Faults
from .holds import Holds
from .payouts import Payouts
from .refusals import StripeRefusal, missing
from .store import Doc, Store, public
from .till import Till
from .web import Request, Response, Router, json_response

Act = Callable[..., Doc]
"""Takes the connected account ("" is the platform), the ids of the path, and the parameters."""


class Api:
    def __init__(self, store: Store, faults: Faults, secret_key: str, public_url: str) -> None:
        self.store, self.faults, self._secret_key = store, faults, secret_key
        self.till = Till(store, faults)
        self.holds = Holds(store, faults, self.till)
        self.checkout = Checkout(store, faults, self.till, public_url)
        self.accounts = Accounts(store, faults, public_url)
        self.payouts = Payouts(store, faults)
        self._in_flight: set[tuple[str, str]] = set()
        self._routes: Router[Act] = Router()
        self._add_routes()

    def _add_routes(self) -> None:
        add = self._routes.add
        add("POST", "/v1/accounts", lambda account, params: self.accounts.open(params))
        add("GET", "/v1/accounts/{id}", lambda account, ref, params: self._get("account", "", ref))
        add("POST", "/v1/account_links", lambda account, params: self.accounts.link(params))
        add("POST", "/v1/checkout/sessions", self.checkout.open)
        add(
            "POST",
            "/v1/checkout/sessions/{id}/expire",
            lambda account, ref, params: self.checkout.expire(account, ref),
        )
        add("GET", "/v1/checkout/sessions/{id}/line_items", self._line_items)
        add("POST", "/v1/payment_intents/{id}/capture", self.holds.capture)
        add("POST", "/v1/payment_intents/{id}/cancel", self.holds.cancel)
        add("POST", "/v1/refunds", self.till.refund)
        add("GET", "/v1/balance", lambda account, params: self.payouts.balance(account))
        for path, kind in {
            "checkout/sessions": "checkout.session",
            "payment_intents": "payment_intent",
            "charges": "charge",
            "refunds": "refund",
            "disputes": "dispute",
            "balance_transactions": "balance_transaction",
            "application_fees": "application_fee",
            "payouts": "payout",
            "events": "event",
        }.items():
            add("GET", f"/v1/{path}", self._lister(kind, f"/v1/{path}"))
            add("GET", f"/v1/{path}/{{id}}", self._getter(kind))

    def knows(self, request: Request) -> bool:
        return request.path.startswith("/v1/")

    async def answer(self, request: Request) -> Response:
        """One request as Stripe answers it. Never raises StripeRefusal: it becomes the error object."""
        request_id = f"req_{secrets.token_hex(7)}"
        try:
            response = await self._answer(request)
        except StripeRefusal as refusal:
            response = refusal.response()
        response.headers["request-id"] = request_id
        return response

    async def _answer(self, request: Request) -> Response:
        account = self._authenticate(request)
        if self.faults.take("fail_next"):
            raise StripeRefusal(
                "An error of the simulator, on purpose.", status=self.faults.fail_status, kind="api_error"
            )
        found = self._routes.find(request.method, request.path)
        if found is None:
            raise StripeRefusal(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)
        act, refs = found
        encoded = request.query if request.method == "GET" else request.body.decode("utf-8", "replace")
        params = decode(encoded)
        if request.method == "GET":
            await asyncio.sleep(self.faults.latency)
            return json_response(self._shown(act(account, *refs, params), params))
        response = await self._write(request, account, act, refs, params)
        response.cut = self.faults.take("lose_reply")
        return response

    def _authenticate(self, request: Request) -> str:
        offered = request.headers.get("authorization", "")
        if not secrets.compare_digest(offered.encode(), f"Bearer {self._secret_key}".encode()):
            raise StripeRefusal("Invalid API Key provided.", status=401)
        account = request.headers.get("stripe-account", "")
        if account and self.store.peek(account) is None:
            words = f"The provided key does not have access to account '{account}', or there is none."
            raise StripeRefusal(words, status=403, code="account_invalid")
        return account

    # Writes, once per key

    async def _write(
        self, request: Request, account: str, act: Act, refs: list[str], params: Params
    ) -> Response:
        key = request.headers.get("idempotency-key", "")
        if not key:
            await asyncio.sleep(self.faults.latency)
            return self._execute(account, act, refs, params, "", "")
        fingerprint = hashlib.sha256(f"{request.path}\n".encode() + request.body).hexdigest()
        if (account, key) in self._in_flight:
            words = "There is currently another in-progress request using this Idempotent Key."
            raise StripeRefusal(words, status=409, kind="idempotency_error", code="idempotency_key_in_use")
        if before := self.store.answer(account, key):
            return self._replay(before, fingerprint)
        self._in_flight.add((account, key))
        try:
            await asyncio.sleep(self.faults.latency)
            return self._execute(account, act, refs, params, key, fingerprint)
        finally:
            self._in_flight.discard((account, key))

    @staticmethod
    def _replay(before: tuple[str, int, bytes], fingerprint: str) -> Response:
        if before[0] != fingerprint:
            words = "Keys for idempotent requests can only be used with the parameters of their first use."
            raise StripeRefusal(words, kind="idempotency_error")
        return Response(before[2], before[1], headers={"idempotent-replayed": "true"})

    def _execute(
        self, account: str, act: Act, refs: list[str], params: Params, key: str, fingerprint: str
    ) -> Response:
        try:
            with self.store.transaction():
                response = json_response(self._shown(act(account, *refs, params), params))
                if key:
                    self.store.keep_answer(account, key, fingerprint, response.status, response.body)
        except StripeRefusal as refusal:
            response = refusal.response()
            if key and refusal.executed:
                with self.store.transaction():
                    self.store.keep_answer(account, key, fingerprint, response.status, response.body)
        return response

    # Reads

    def _get(self, kind: str, account: str, ref: str) -> Doc:
        return self.store.get(kind, account, ref)

    def _getter(self, kind: str) -> Act:
        return lambda account, ref, params: self._get(kind, account, ref)

    def _lister(self, kind: str, url: str) -> Act:
        def found(account: str, params: Params) -> Doc:
            only(
                params, "limit", "starting_after", "payment_intent", "charge", "source", "type", "created",
                "payout",
            )  # fmt: skip
            parent = params.get("payment_intent") or params.get("source")
            wanted = self.store.listing(kind, account, parent=parent)
            wanted = [doc for doc in wanted if _matches(doc, params)]
            if after := params.get("starting_after"):
                places = [place for place, doc in enumerate(wanted) if doc["id"] == after]
                if not places:
                    raise missing(kind, str(after), "starting_after")
                wanted = wanted[places[0] + 1 :]
            limit = min(max(whole(params.get("limit", 10), "limit"), 1), 100)
            page = [public(doc) for doc in wanted[:limit]]
            return {"object": "list", "url": url, "has_more": len(wanted) > limit, "data": page}

        return found

    def _line_items(self, account: str, ref: str, params: Params) -> Doc:
        session = self.store.get("checkout.session", account, ref, "session")
        lines = [{"object": "item", **line} for line in session["lines"]]
        return {
            "object": "list",
            "url": f"/v1/checkout/sessions/{ref}/line_items",
            "has_more": False,
            "data": lines,
        }

    def _shown(self, doc: Doc, params: Params) -> Doc:
        shown = public(doc)
        wanted = params.get("expand", [])
        for path in wanted if isinstance(wanted, list) else []:
            self._expand(shown, str(path).split("."))
        return shown

    def _expand(self, node: Doc, path: list[str]) -> None:
        value: Any = node.get(path[0])
        if isinstance(value, list) and len(path) > 1:
            for one in value:
                self._expand(one, path[1:])
        if isinstance(value, str) and (found := self.store.peek(value)):
            value = node[path[0]] = public(found[0])
        if len(path) > 1 and isinstance(value, dict):
            self._expand(value, path[1:])


def _matches(doc: Doc, params: Params) -> bool:
    if "payout" in params and doc.get("paid_out_in") != params["payout"]:
        return False
    if "type" in params and doc.get("type") != params["type"]:
        return False
    if "charge" in params and doc.get("charge") != params["charge"]:
        return False
    created = params.get("created", {})
    since = int(created.get("gte", 0)) if isinstance(created, dict) else 0
    until = int(created.get("lte", 2**62)) if isinstance(created, dict) else 2**62
    return bool(since <= doc["created"] <= until)


def knobs(api: Api, request: Request) -> Response:
    """`POST /_sim/faults` turns knobs, `DELETE` puts them back."""
    if request.method == "DELETE":
        api.faults.reset()
    else:
        try:
            api.faults.turn(json.loads(request.body or b"{}"))
        except ValueError as error:
            return json_response({"error": str(error)}, 400)
    return json_response({name: getattr(api.faults, name) for name in api.faults.__slots__})
