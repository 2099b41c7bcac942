"""What is refused as well known, what is not, and how long the answer may take."""

import time

import pytest

from app.domains.accounts.common_passwords import is_common

KNOWN = """
manchesterunited liverpoolfc1 chelsea12345 linkedin1234 jesuschrist1 babygirl1234 zaq12wsxcde3 P@ssw0rd2024! 123456789abc
blink182blink182 Password12345! torqueline2026 Willkommen123! correcthorsebatterystaple1 1234qwer1234qwer 111111111111
asdfghjklasdf january2026january toyotahondabmw summer2026summer dragonmonkeyshadow qwertz123456 iloveyouverymuch
""".split()  # noqa: SIM905
FINE = ("a long enough phrase", "my garage door is green", "otter lamp violin", "six oil filters", "ich mag Kuchen sehr",
        "brake pads and coffee", "x7#kQ9!vLm2@", "كلمة سر طويلة جدا", "torque-demo-2026", "the cat sat on the mat")  # fmt: skip


@pytest.mark.parametrize("password", [*KNOWN, "correct horse battery staple", "password" * 32])
def test_what_many_know_is_refused(password):
    assert is_common(password)


@pytest.mark.parametrize("password", FINE)
def test_an_ordinary_phrase_is_taken(password):
    assert not is_common(password)


def test_nothing_that_is_sent_keeps_the_server_busy():
    """Marks that may stand for letters in many ways, the most of them that fit."""
    is_common("the lists are read once")
    for sent in ("4@8({[<369&!17|0$5+%2" * 13, "P@5$w0rd" * 32, "a" * 256, "!|1+{([<$5" * 25):
        began = time.process_time()
        is_common(sent[:256])
        assert time.process_time() - began < 0.05, sent[:24]
