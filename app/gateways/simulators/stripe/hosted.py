"""The hosted pages: checkout, the bank's question, the account's set-up, and a window onto what happened.

They work without a line of script and say on every page that no money moves.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .api import Api
from .cards import CARDS, read_card
from .store import Doc
from .web import Request, Response, see_other

HERE = Path(__file__).parent
DECIMALS = {"jpy": 0, "vnd": 0, "krw": 0, "clp": 0, "kwd": 3, "bhd": 3, "tnd": 3}
SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "vnd": "₫"}


def money(minor: int, currency: str) -> str:
    places = DECIMALS.get(currency, 2)
    figure = f"{minor / 10**places:,.{places}f}"
    return f"{SIGNS[currency]}{figure}" if currency in SIGNS else f"{figure} {currency.upper()}"


class Pages:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._templates.filters["money"] = money

    def _page(
        self, name: str, *, status: int = 200, back: tuple[str | None, ...] = (), **context: Any
    ) -> Response:
        """Render a page. `back` are the addresses its forms may lead to: the browser's policy names them."""
        origins = {f"{u.scheme}://{u.netloc}" for u in (urlsplit(url or "") for url in back) if u.netloc}
        policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        policy += f"frame-ancestors 'none'; form-action 'self' {' '.join(sorted(origins))}"
        body = self._templates.get_template(name).render(**context).encode()
        headers = {"content-security-policy": policy.strip(), "referrer-policy": "no-referrer"}
        return Response(body, status, "text/html; charset=utf-8", headers)

    def style(self, request: Request) -> Response:
        sheet = (HERE / "static" / "simulator.css").read_bytes()
        return Response(
            sheet, content_type="text/css; charset=utf-8", headers={"cache-control": "max-age=60"}
        )

    # Checkout

    def _session(self, ref: str) -> tuple[Doc, str] | None:
        found = self._api.store.peek(ref)
        return found if found and found[0]["object"] == "checkout.session" else None

    def _shop(self, account: str) -> str:
        found = self._api.store.peek(account) if account else None
        return (found[0]["business_profile"].get("name") if found else None) or "Torqueline"

    def _checkout(
        self, session: Doc, account: str, *, card: str, error: str | None = None, status: int = 200
    ) -> Response:
        back = (session["success_url"], session["cancel_url"])
        shop = self._shop(account)
        return self._page(
            "pay.html",
            status=status,
            back=back,
            session=session,
            shop=shop,
            is_held=_is_held(session),
            cards=CARDS,
            typed=card,
            error=error,
        )

    def pay(self, request: Request, ref: str) -> Response:
        if not (found := self._session(ref)):
            return self._page("gone.html", status=404)
        session, account = found
        if session["status"] == "complete":
            return see_other(_success(session))
        if session["status"] == "expired":
            return self._page("gone.html", status=410)
        if request.method == "GET":
            wanted = request.first("card")
            return self._checkout(session, account, card=wanted if _is_number(wanted) else CARDS[0].grouped)
        return self._try(session, account, request.form().get("number", ""))

    def _try(self, session: Doc, account: str, typed: str) -> Response:
        try:
            card = read_card(typed)
        except ValueError as error:
            return self._checkout(session, account, card=typed[:30], error=str(error), status=402)
        with self._api.store.transaction():
            intent = self._api.checkout.pay(session, account, card)
        if intent["status"] == "requires_action":
            return see_other(f"/c/pay/{session['id']}/bank?card={card.last4}")
        if intent["status"] == "requires_payment_method":
            words = intent["last_payment_error"]["message"]
            return self._checkout(session, account, card=card.grouped, error=words, status=402)
        return see_other(_success(session))

    def bank(self, request: Request, ref: str) -> Response:
        if not (found := self._session(ref)):
            return self._page("gone.html", status=404)
        session, account = found
        if session["status"] != "open" or not session["payment_intent"]:
            return see_other(f"/c/pay/{ref}")
        if request.method == "GET":
            shop = self._shop(account)
            back = (session["success_url"],)
            return self._page("bank.html", back=back, session=session, shop=shop, is_held=_is_held(session))
        agreed = request.form().get("answer") == "agree"
        card = next(card for card in CARDS if card.asks_bank)
        with self._api.store.transaction():
            intent = self._api.checkout.answer_bank(session, account, card, agreed=agreed)
        if intent["status"] in ("succeeded", "requires_capture"):
            return see_other(_success(session))
        words = (intent["last_payment_error"] or {}).get("message")
        return self._checkout(session, account, card=card.grouped, error=words, status=402)

    # Connect

    def connect(self, request: Request, ref: str) -> Response:
        found = self._api.store.peek(ref)
        if not found or found[0]["object"] != "account" or "return_url" not in found[0]:
            return self._page("gone.html", status=404)
        account = found[0]
        if request.method == "GET":
            return self._page("connect.html", back=(account["return_url"],), account=account)
        with self._api.store.transaction():
            self._api.accounts.finish(account)
        return see_other(account["return_url"])

    # What happened

    def window(self, request: Request) -> Response:
        sessions = [
            (doc, self._shop(account)) for doc, account in self._api.store.all_of("checkout.session", 30)
        ]
        return self._page("window.html", sessions=sessions, deliveries=self._api.store.deliveries(40))


def _success(session: Doc) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _is_held(session: Doc) -> bool:
    return bool(session["payment_intent_data"].get("capture_method") == "manual")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9 ]{12,24}", text))
