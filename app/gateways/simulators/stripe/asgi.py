"""The simulator as one ASGI application: the API, the hosted pages, the knobs, the courier beside them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .api import Api, knobs
from .faults import Faults
from .hosted import Pages
from .refusals import StripeRefusal
from .store import Doc, Store
from .web import (
    Handler,
    Receive,
    Request,
    Response,
    Router,
    Scope,
    Send,
    json_response,
    read_request,
    send_response,
    settle,
)
from .webhooks import Courier

log = logging.getLogger("stripe-simulator")

EXPIRY_ROUND = 5.0


@dataclass(frozen=True, slots=True)
class Config:
    home: Path
    webhook_url: str
    webhook_secret: str
    secret_key: str
    public_url: str
    """Where a browser finds the hosted pages; a phone on the shop's network needs the machine's name."""


class Simulator:
    def __init__(self, config: Config) -> None:
        self._config = config
        self.faults = Faults()
        self.store = Store(config.home)
        self.api = Api(self.store, self.faults, config.secret_key, config.public_url.rstrip("/"))
        self.courier = Courier(self.store, self.faults, config.webhook_url, config.webhook_secret)
        self._pages = Pages(self.api)
        self._routes: Router[Handler] = Router()
        self._add_routes()

    def _add_routes(self) -> None:
        add, pages = self._routes.add, self._pages
        add("GET", "/healthz", lambda request: json_response({"status": "ok"}))
        add("GET", "/", pages.window)
        add("GET", "/simulator.css", pages.style)
        for method in ("GET", "POST"):
            add(method, "/c/pay/{id}", pages.pay)
            add(method, "/c/pay/{id}/bank", pages.bank)
            add(method, "/connect/{id}", pages.connect)
        for method in ("GET", "POST", "DELETE"):
            add(method, "/_sim/faults", self._knobs)
        add("GET", "/_sim/deliveries", lambda request: json_response(self.store.deliveries(1000)))
        add("POST", "/_sim/events/{id}/deliver", self._deliver_again)
        add("POST", "/_sim/payment_intents/{id}/dispute", self._dispute)
        add("POST", "/_sim/payment_intents/{id}/enter", self._enter)
        add("POST", "/_sim/payment_intents/{id}/lapse", self._lapse)
        add("POST", "/_sim/refunds/{id}/return", self._return_refund)
        add("POST", "/_sim/accounts/{id}/payout", self._pay_out)
        add("POST", "/_sim/payouts/{id}/{outcome}", self._bank_answers)
        add("POST", "/_sim/disputes/{id}/{outcome}", self._decide)

    def _knobs(self, request: Request) -> Response:
        return knobs(self.api, request)

    def _deliver_again(self, request: Request, event: str) -> Response:
        with self.store.transaction():
            self.store.schedule(event, 0)
        return json_response({"scheduled": event})

    def _dispute(self, request: Request, intent: str) -> Response:
        return self._turned(intent, lambda account: self.api.till.dispute(account, intent))

    def _enter(self, request: Request, intent: str) -> Response:
        return self._turned(intent, lambda account: self.api.till.enter(account, intent))

    def _lapse(self, request: Request, intent: str) -> Response:
        return self._turned(intent, lambda account: self.api.holds.lapse(account, intent))

    def _return_refund(self, request: Request, refund: str) -> Response:
        return self._turned(refund, lambda account: self.api.till.return_refund(account, refund))

    def _pay_out(self, request: Request, account: str) -> Response:
        """Everything an account has, at once, as its owner may ask on the dashboard."""
        try:
            with self.store.transaction():
                made = self.api.payouts.pay_out(account)
        except StripeRefusal as refusal:
            return refusal.response()
        return json_response({"data": made})

    def _bank_answers(self, request: Request, payout: str, outcome: str) -> Response:
        return self._turned(payout, lambda account: self.api.payouts.arrive(account, payout, outcome))

    def _decide(self, request: Request, dispute: str, outcome: str) -> Response:
        return self._turned(dispute, lambda account: self.api.till.decide(account, dispute, outcome))

    def _turned(self, ref: str, act: Callable[[str], Doc]) -> Response:
        """What a bank or the balance does to an object, whichever account it is on."""
        found = self.store.peek(ref)
        try:
            with self.store.transaction():
                return json_response(act(found[1] if found else ""))
        except StripeRefusal as refusal:
            return refusal.response()

    async def answer(self, request: Request) -> Response:
        if self.api.knows(request):
            response = await self.api.answer(request)
        elif request.path.startswith("/_sim/") and not self._may_turn_knobs(request):
            response = json_response({"error": "The knobs want the secret key."}, 401)
        elif found := self._routes.find(request.method, request.path):
            handler, parts = found
            response = await settle(handler(request, *parts))
        else:
            response = json_response({"error": "Not found"}, 404)
        if request.method != "GET":
            self.courier.wake()
        return response

    def _may_turn_knobs(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self._config.secret_key}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await read_request(scope, receive)
        if request is None:
            await send_response(json_response({"error": "Too large"}, 413), send)
            return
        await send_response(await self.answer(request), send)

    async def run_beside(self) -> None:
        """Deliver webhooks, expire sessions and holds, pay out and send back until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.courier.run())
            group.create_task(self._keep_time())

    async def _keep_time(self) -> None:
        while True:
            with self.store.transaction():
                self.api.checkout.expire_overdue()
                moved = any(
                    [
                        self.api.till.return_due(),
                        self.api.holds.lapse_due(),
                        self.api.payouts.daily(),
                    ]
                )
            if moved:
                self.courier.wake()
            await asyncio.sleep(EXPIRY_ROUND)


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, ExceptionGroup):
        await task
