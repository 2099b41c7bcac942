"""Passwords that attackers try first: what few guesses find, by the lists and the estimate of zxcvbn."""

import re

from zxcvbn_rs_py import zxcvbn

GUESSES = 9
"""Ten to the power of this many guesses, at least."""

JUDGED = 32
"""Characters: what is hard to guess so far does not get easier, and the estimate's time grows with them."""

MARKS = 4
"""Different marks that may stand for letters; all ways of reading them are tried, so the rest stand for themselves."""

OURS = [
    *[
        "torqueline",
        "garage",
        "workshop",
        "mechanic",
        "passwort",
        "willkommen",
        "bienvenue",
        "contrasena",
        "motdepasse",
        "matkhau",
        "senha",
    ],
    "changeme",
    "change me please",
    "correcthorsebatterystaple",
    "correct horse battery staple",
]
"""Well known, to a shop or in languages that the lists leave out."""


def is_common(password: str) -> bool:
    """Whether a guesser who knows leaked passwords, words, names and keyboards has it within GUESSES."""
    return zxcvbn(_readable(password[:JUDGED]), OURS).guesses_log10 < GUESSES


def _readable(text: str) -> str:
    marks = list(dict.fromkeys(re.findall(r"[^\w\s]", text)))
    return text.translate({ord(mark): "~" for mark in marks[MARKS:]})
