"""What a hostile request can try before anybody looks at what it asks for."""

import io
import itertools

import pytest
import structlog

from app.core import logs
from app.core.middleware import Envelope
from app.core.security import csrf_token
from app.settings import settings
from tests.cast import CAST, PASSWORD

THEME = {"theme": "night"}
OURS, OTHERS = "http://testserver", "https://evil.example"

ORIGINS = [OURS, OTHERS, "null", "http://testserver.evil.example", None]
FETCH_SITES = ["same-origin", "same-site", "cross-site", "none", "nonsense", None]


@pytest.mark.parametrize(("origin", "fetch_site"), itertools.product(ORIGINS, FETCH_SITES))
async def test_only_our_own_pages_change_anything(browser, origin, fetch_site):
    """`Sec-Fetch-Site` decides where a browser sends it, `Origin` where it does not; no token helps."""
    person = browser(CAST.customer)
    token = csrf_token(person.binding)
    headers = {
        name: said for name, said in (("origin", origin), ("sec-fetch-site", fetch_site)) if said is not None
    }
    form = {**THEME, "csrf_token": token, "idempotency_key": "k"}
    answer = await person.http.post("/settings/theme", data=form, headers=headers)
    assert not any(name.startswith("access-control-") for name in answer.headers), (
        "no other site reads anything"
    )
    ours = fetch_site in ("same-origin", "none") if fetch_site is not None else origin in (OURS, None)
    assert answer.status_code == (303 if ours else 403)


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/%2f/evil.example", "/%5cevil.example", "http:evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
        "data:text/html,x", "/\t/evil.example", "/\n/evil.example", " //evil.example", "/.//evil.example",
        "https:/evil.example", "//testserver@evil.example", "/@evil.example\\", "http://testserver@evil.example",
        "/\r\nSet-Cookie: a=b",
    ],
)  # fmt: skip
async def test_a_sign_in_leads_to_our_pages_only(browser, onward):
    """Whatever stands in `next`: where a browser would go from there is still our own site."""
    form = {"email": CAST.customer.email, "password": PASSWORD, "next": onward}
    answer = await browser().post("/sign-in", form)
    went = answer.headers["location"]
    assert went.startswith("/")
    assert not went.startswith(("//", "/\\", "/\t", "/\n"))
    assert "\n" not in went
    assert "evil.example" not in went or went.startswith(("/%2f", "/%5c", "/.", "/@"))


@pytest.mark.parametrize(
    ("proxies", "came_from", "said", "believed"),
    [
        ("", "203.0.113.5", "10.1.1.1", "203.0.113.5"),
        ("10.0.0.0/8", "203.0.113.5", "198.51.100.7", "203.0.113.5"),
        ("10.0.0.0/8", "10.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.0/8", "10.0.0.2", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.0/8", "10.0.0.2", "1.1.1.1, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.0/8", "10.0.0.2", "<script>", "<script>"),
        ("10.0.0.0/8", "10.0.0.2", "", "10.0.0.2"),
    ],
)
async def test_only_a_proxy_of_ours_says_whose_address_it_is(monkeypatch, proxies, came_from, said, believed):
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    settings.cache_clear()
    seen = {}

    async def inner(scope, _receive, _send):
        seen.update(scope)

    headers = [
        (b"x-forwarded-for", said.encode()),
        (b"x-forwarded-host", b"evil.example"),
        (b"host", b"ours"),
    ]
    headers.append((b"x-forwarded-proto", b"gopher"))
    scope = {"type": "http", "path": "/", "scheme": "http", "client": (came_from, 1), "headers": headers}
    await Envelope(inner)(scope, None, None)
    settings.cache_clear()
    assert seen["client"][0] == believed
    assert seen["scheme"] == "http"
    assert dict(seen["headers"])[b"host"] == b"ours"


def test_a_name_cannot_write_a_log_line():
    """What somebody types is a value in a line of JSON, never a line."""
    lines = io.StringIO()
    logs.configure_logs()
    log = structlog.wrap_logger(structlog.PrintLogger(lines), processors=structlog.get_config()["processors"])
    for typed in ("a\nWARNING forged", "a\r\nb", "a\x1b[2J", "a\u2028b", 'a","level":"error'):
        log.info("somebody.typed", said=typed)
    written = lines.getvalue()
    assert written.count("\n") == 5
    assert "\x1b" not in written
    assert "\nWARNING" not in written


async def test_an_error_of_ours_is_told_without_its_reason_and_with_its_number(browser, monkeypatch):
    person = browser(CAST.customer)
    person.http._transport.raise_app_exceptions = False

    async def broken(*_words, **_named):
        raise RuntimeError("canary: the password is hunter2")

    monkeypatch.setattr("app.core.visit.identify", broken)
    answer = await person.get("/garage")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize("length", [64, 128, 200])
async def test_a_long_password_is_taken_whole(browser, length):
    """No rule of composition, no upper limit that cuts: the last letter counts."""
    visitor = browser()
    phrase = ("lantern gravel otter mosaic é漢 " * 20)[: length - 1]
    form = {"name": "Lena Long", "email": f"lena{length}@test.example", "password": phrase + "!"}
    answer = await visitor.post("/sign-up", form)
    assert answer.status_code == 303, answer.text
    for password, status in ((phrase + "?", 422), (phrase + "!", 303)):
        answer = await browser().post("/sign-in", {"email": form["email"], "password": password})
        assert answer.status_code == status, answer.text[:300]


async def test_the_cookie_of_a_session_is_of_this_host_alone_and_tls_is_remembered(browser, monkeypatch):
    monkeypatch.setenv("BASE_URL", "https://testserver")
    settings.cache_clear()
    visitor = browser()
    visitor.http.cookies.set("__Host-visitor", visitor.binding)
    form = {"email": CAST.customer.email, "password": PASSWORD}
    answer = await visitor.post("https://testserver/sign-in", form)
    assert answer.status_code == 303, answer.text
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-session=")]
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= said
    assert not any(part.startswith("domain") for part in said)
    age, *rest = answer.headers["strict-transport-security"].split("; ")
    assert int(age.removeprefix("max-age=")) >= 31_536_000
    assert "includeSubDomains" in rest


async def test_a_form_sets_nothing_it_does_not_name(browser, cast):
    """Browsers' extensions add fields of their own, so that a form with more is not refused as a program is."""
    driver = browser(cast.customer)
    form = {
        "name": "Dana",
        "email": "thief@test.example",
        "role": "owner",
        "user_id": str(cast.owner.user_id),
    }
    assert (await driver.post("/settings/profile", form)).status_code == 303
    profile = (await driver.get("/api/v1/users/profile")).json()
    assert (profile["name"], profile["email"]) == ("Dana", cast.customer.email)
    assert (await browser(cast.owner).get("/api/v1/users/profile")).json()["name"] == cast.owner.name
