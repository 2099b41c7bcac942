"""What goes to a push service is sealed for one browser, signed by the site, and goes nowhere else."""

import time
from datetime import timedelta

import pytest

from app.gateways.push import (
    LARGEST_PAYLOAD,
    NotASubscription,
    PushGone,
    PushRefused,
    PushTooLarge,
    PushUnavailable,
    Subscription,
)
from app.gateways.push.keys import from_base64
from app.gateways.push.sealed import sealed_for
from app.gateways.push.services import origin_of
from app.gateways.push.web import WebPush, key_of
from tests.push_service import push_service

KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"  # pragma: allowlist secret
DAY = timedelta(days=1)


def test_the_example_of_the_rfc_comes_out_byte_for_byte():
    """RFC 8291, section 5 and appendix A."""
    browser = Subscription(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        from_base64(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"  # pragma: allowlist secret
        ),
        from_base64("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    body = sealed_for(
        browser,
        b"When I grow up, I want to be a watermelon",
        key=key_of(KEY),
        salt=from_base64("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert (
        body
        == from_base64(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"  # pragma: allowlist secret
        )
    )


async def test_what_arrives_is_read_by_its_browser_alone_and_signed_by_the_site():
    async with push_service() as service:
        push = WebPush(KEY, "mailto:desk@example.com", (service.origin,))
        mine, other = service.device("mine"), service.device("other")
        push.check(mine.subscription)
        payload = "Añejo’s car — سيارة 🚗".encode().ljust(LARGEST_PAYLOAD, b".")
        await push.send(mine.subscription, payload, ttl=DAY, urgency="high", topic="about-this")
        [got] = service.got
        assert mine.read(got.body) == payload
        with pytest.raises(Exception, match=r"[Dd]ecrypt|InvalidTag|tag"):
            other.read(got.body)
        claims, key = service.signed_by(got)
        assert (claims["aud"], claims["sub"], key) == (
            service.origin,
            "mailto:desk@example.com",
            push.public_key,
        )
        assert time.time() < claims["exp"] < time.time() + 24 * 3600
        sent = {name: got.headers[name] for name in ("ttl", "urgency", "topic", "content-encoding")}
        assert sent == {
            "ttl": "86400",
            "urgency": "high",
            "topic": "about-this",
            "content-encoding": "aes128gcm",
        }
        with pytest.raises(PushTooLarge):
            await push.send(mine.subscription, payload + b".", ttl=DAY)
        assert len(service.got) == 1


@pytest.mark.parametrize(
    ("answer", "outcome", "wait"),
    [
        ("404 Not Found", PushGone, None),
        ("410 Gone", PushGone, None),
        ("413 Content Too Large", PushTooLarge, None),
        ("403 Forbidden", PushRefused, None),
        ("302 Found\r\nLocation: http://127.0.0.1:1/inside", PushRefused, None),
        ("429 Too Many Requests\r\nRetry-After: 90", PushUnavailable, timedelta(seconds=90)),
        ("503 Away\r\nRetry-After: Thu, 01 Jan 1970 00:00:00 GMT", PushUnavailable, timedelta()),
        ("500 Broken\r\nRetry-After: soon", PushUnavailable, None),
    ],
)
async def test_each_answer_has_its_meaning(answer, outcome, wait):
    async with push_service() as service:
        service.answers["/mine"] = answer
        push = WebPush(KEY, "mailto:desk@example.com", (service.origin,))
        with pytest.raises(outcome) as raised:
            await push.send(service.device("mine").subscription, b"{}", ttl=DAY)
        assert getattr(raised.value, "retry_after", None) == wait
        assert len(service.got) == 1
        service.got.clear()
    with pytest.raises(PushUnavailable):
        await push.send(service.device("mine").subscription, b"{}", ttl=DAY)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com\\@evil.example/x",
        "https://fcm.googleapis.com:port/x",
        "https:///x",
        "file:///etc/passwd",
        "https://fcm.googleapis.com/" + "x" * 2000,
        "https://fcm.googleapis.com/\r\nHost: inside",
        "",
    ],
)
def test_an_address_that_is_no_known_push_service_is_never_called(endpoint):
    with pytest.raises(NotASubscription):
        origin_of(endpoint)


def test_the_services_of_the_known_browsers_are_called_and_those_of_the_setting():
    for endpoint, origin in (
        ("https://fcm.googleapis.com/fcm/send/abc:DEF", "https://fcm.googleapis.com"),
        (
            "https://updates.push.services.mozilla.com/wpush/v2/gAA",
            "https://updates.push.services.mozilla.com",
        ),
        ("https://web.push.apple.com/QGu", "https://web.push.apple.com"),
        ("https://wns2-am3p.notify.windows.com/w/?token=B%2f", "https://wns2-am3p.notify.windows.com"),
        ("https://push.own.example:443/x", "https://push.own.example"),
    ):
        assert origin_of(endpoint, ("push.own.example",)) == origin


@pytest.mark.parametrize("keys", [(b"", b"a" * 16), (b"\x04" + b"a" * 64, b"a" * 16), (b"\x04" * 65, b"")])
def test_keys_that_are_none_are_refused_before_anything_is_kept(keys):
    with pytest.raises(NotASubscription):
        WebPush(KEY, "mailto:x@example.com").check(Subscription("https://web.push.apple.com/x", *keys))
