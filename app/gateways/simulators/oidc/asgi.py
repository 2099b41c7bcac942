"""The issuer as one ASGI application: what the site asks for, the page where people say who they are, the knobs."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.gateways.simulators import stripe
from app.gateways.simulators.stripe.web import (
    Handler,
    Receive,
    Request,
    Response,
    Router,
    Scope,
    Send,
    json_response,
    read_request,
    see_other,
    send_response,
    settle,
)

from .issuer import LIES, Asked, Issuer, Knobs, TokenRefused
from .people import PEOPLE, Person, somebody

SHEET = Path(stripe.__file__).parent / "static" / "simulator.css"
FOR_THE_SITE = ("/.well-known/openid-configuration", "/keys", "/token")


class Simulator:
    def __init__(self, issuer: Issuer, *, name: str, knob_secret: str) -> None:
        self.issuer, self._name, self._knob_secret = issuer, name, knob_secret
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._routes: Router[Handler] = Router()
        add = self._routes.add
        add("GET", "/healthz", lambda request: json_response({"status": "ok"}))
        add("GET", "/.well-known/openid-configuration", lambda request: json_response(issuer.configuration()))
        add("GET", "/keys", lambda request: json_response(issuer.keys()))
        add("POST", "/token", self._token)
        add("GET", "/simulator.css", _sheet)
        for method in ("GET", "POST"):
            add(method, "/authorize", self._authorize)
            add(method, "/_sim/knobs", self._turn)
        add("POST", "/_sim/rotation", self._rotate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await read_request(scope, receive)
        if request is None:
            await send_response(json_response({"error": "Too large"}, 413), send)
            return
        await send_response(await self.answer(request), send)

    async def answer(self, request: Request) -> Response:
        found = self._routes.find(request.method, request.path)
        if request.path in FOR_THE_SITE:
            await asyncio.sleep(self.issuer.knobs.delay)
            if self.issuer.knobs.status:
                return json_response({"error": "out of order"}, self.issuer.knobs.status)
        if request.path.startswith("/_sim/") and not self._may_turn_knobs(request):
            return json_response({"error": "The knobs want the client's secret."}, 401)
        if found is None:
            return json_response({"error": "Not found"}, 404)
        handler, parts = found
        return await settle(handler(request, *parts))

    def _may_turn_knobs(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self._knob_secret}"

    def _turn(self, request: Request) -> Response:
        if request.method == "POST":
            knobs = Knobs(**json.loads(request.body or b"{}"))
            if knobs.lie and knobs.lie not in LIES:
                return json_response({"error": f"lies are: {', '.join(LIES)}"}, 400)
            self.issuer.knobs = knobs
        return json_response(asdict(self.issuer.knobs))

    def _rotate(self, request: Request) -> Response:
        self.issuer.rotate()
        return json_response(self.issuer.keys())

    def _token(self, request: Request) -> Response:
        try:
            return json_response(self.issuer.tokens(request.form(), request.headers.get("authorization", "")))
        except TokenRefused as refused:
            return json_response({"error": str(refused)}, 401 if str(refused) == "invalid_client" else 400)

    def _authorize(self, request: Request) -> Response:
        try:
            asked = self.issuer.asked(dict(parse_qsl(request.query)))
        except ValueError as wrong:
            return self._page("wrong.html", status=400, words=str(wrong))
        if request.method == "GET":
            return self._choice(request, asked)
        form = request.form()
        if form.get("answer") == "no":
            return self._back(asked, {"error": "access_denied"})
        person = _chosen(form)
        if person is None:
            return self._choice(request, asked, "Type an address such as robin@demo.test.")
        return self._back(asked, {"code": self.issuer.code_for(asked, person.claims)}, person)

    def _choice(self, request: Request, asked: Asked, wrong: str = "") -> Response:
        return self._page(
            "authorize.html", status=422 if wrong else 200, back=asked.redirect_uri, query=request.query,
            people=PEOPLE, wrong=wrong, site=urlsplit(asked.redirect_uri).netloc,
        )  # fmt: skip

    def _back(self, asked: Asked, told: dict[str, str], person: Person | None = None) -> Response:
        told = {**told, "state": asked.state, "iss": self.issuer.public_url}
        if asked.mode == "query":
            return see_other(f"{asked.redirect_uri}?{urlencode(told)}")
        if person and person.name:
            told["user"] = json.dumps({"name": {"firstName": person.name, "lastName": ""}})
        return self._page("form_post.html", back=asked.redirect_uri, fields=told)

    def _page(self, template: str, *, status: int = 200, back: str = "", **context: Any) -> Response:
        """Render a page. `back` is where its form may lead: the browser's policy names it."""
        parts = urlsplit(back)
        origin = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
        policy = (
            "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        )
        headers = {
            "content-security-policy": f"{policy}form-action 'self'{origin}",
            "referrer-policy": "no-referrer",
        }
        body = self._templates.get_template(template).render(name=self._name, back=back, **context)
        return Response(body.encode(), status, "text/html; charset=utf-8", headers)


def _chosen(form: dict[str, str]) -> Person | None:
    for person in PEOPLE:
        if person.subject == form.get("person"):
            return person
    email = form.get("email", "").strip()
    if "@" not in email:
        return None
    return somebody(email, form.get("name", "").strip(), is_verified=form.get("verified") == "yes")


def _sheet(request: Request) -> Response:
    return Response(
        SHEET.read_bytes(), content_type="text/css; charset=utf-8", headers={"cache-control": "max-age=60"}
    )
