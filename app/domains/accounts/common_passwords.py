"""Passwords that attackers try first, as rules and roots instead of a long list.

A password is common when, written in lower case, with the usual look-alikes undone (0 for o, 1 for i, @ for
a, $ for s …) and with digits and marks stripped from both ends, nothing but one or two well-known roots, a
row of keys, or a repetition remains.
"""

import itertools
import re
from functools import lru_cache

ROOTS = frozenset(
    """
    password passwort passwd passcode contrasena motdepasse matkhau senha letmein welcome willkommen bienvenue
    admin administrator root user guest login master secret access default changeme change me please qwerty
    qwertz azerty asdfgh asdf zxcvbn zxcv qazwsx wsx edc iloveyou ilove you love lovely princess prince
    sunshine dragon monkey shadow football baseball basketball soccer hockey superman batman spiderman
    starwars pokemon naruto michael jordan michelle ashley jennifer jessica charlie daniel thomas robert
    hello goodbye freedom whatever trustno trust mustang ferrari porsche mercedes corvette camaro harley
    toyota honda bmw audi tesla ford chevrolet computer internet samsung google facebook apple iphone
    summer winter spring autumn fall january february march april june july august september october
    november december monday friday sunday cheese banana orange chocolate cookie pepper ginger buster
    tigger killer hunter ranger soldier matrix phoenix diamond silver golden purple flower butterfly angel
    test testing tester demo sample example temp temporary torqueline garage workshop mechanic
    correcthorsebatterystaple correct horse battery staple my your the is it and
    """.split()  # noqa: SIM905
)

ROWS = ("1234567890", "0987654321", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")

_LOOKALIKES = str.maketrans("0134578@$!|", "oieastbasii")


def is_common(password: str) -> bool:
    """Whether the password is made of well-known pieces only."""
    lowered = password.lower()
    if len(set(lowered)) <= 3 or _is_repetition(lowered) or _is_row(lowered):
        return True
    for written in {lowered, lowered.translate(_LOOKALIKES)}:
        letters = re.sub(r"[^a-z]", "", written)
        stripped = re.sub(r"^[^a-z]+|[^a-z]+$", "", written)
        if _is_made_of_roots(letters) or _is_made_of_roots(stripped) or _is_row(letters):
            return True
    return not re.sub(r"\d", "", lowered) and _is_date_or_count(lowered)


def _is_repetition(text: str) -> bool:
    return any(text == text[:size] * (len(text) // size) for size in range(1, 7) if len(text) % size == 0)


def _is_row(text: str) -> bool:
    if len(text) < 4:
        return False
    pieces = re.findall("..?.?.?", text)
    return all(any(piece in row or piece in row[::-1] for row in ROWS) for piece in pieces)


def _is_date_or_count(digits: str) -> bool:
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    return len(steps) <= 2


@lru_cache(maxsize=1024)
def _is_made_of_roots(text: str) -> bool:
    if not text:
        return False
    return _cover(text, 3)


def _cover(text: str, words_left: int) -> bool:
    if not text:
        return True
    if words_left == 0:
        return False
    return any(
        text.startswith(root) and _cover(text[len(root) :], words_left - 1)
        for root in ROOTS
        if text.startswith(root)
    )
