"""Words on the screen: gettext with the viewer's language, and Babel for dates, numbers and money."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.core import UnknownLocaleError, negotiate_locale
from babel.support import NullTranslations, Translations

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"

PSEUDO = "en_XA"
"""English with accents, in brackets and two fifths longer: what stays plain or is cut off was not made to be translated.
Nobody is offered it; an account whose language it is shows it."""

_KEPT = re.compile(r"(%\(\w+\)[sd]|%%|<[^>]+>|&\w+;)")
_ACCENTS = str.maketrans("AEIOUaeiounyc", "ÅÉÎÖÛåéîöûñýç")

_spoken: ContextVar[str] = ContextVar("spoken", default="en")


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """English, and every language with a catalogue that is compiled."""
    return ("en", *sorted(one.parent.parent.name for one in CATALOGUES.glob("*/LC_MESSAGES/messages.mo")))


@lru_cache(maxsize=256)
def negotiate(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header."""
    wanted = [part.split(";")[0].strip().replace("-", "_") for part in accept_language.split(",")]
    return negotiate_locale([one for one in wanted if one], languages(), sep="_") or "en"


def speak(locale: str) -> None:
    """Use a language from here on in this task."""
    _spoken.set(locale)


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Use a language inside the block: for mails and PDFs in the reader's language."""
    token = _spoken.set(locale)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> Locale:
    """The present language as a Babel locale."""
    return locale_of(_spoken.get())


@lru_cache(maxsize=16)
def locale_of(code: str) -> Locale:
    """A language as a Babel locale; English for one that Babel does not know."""
    try:
        return Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Locale("en")


class Accented(NullTranslations):
    """The catalogue of `PSEUDO`: every text of ours comes out changed, with its placeholders as they were."""

    def ugettext(self, message: str) -> str:
        if not message:
            return message
        parts = _KEPT.split(message)
        plain = [part if number % 2 else part.translate(_ACCENTS) for number, part in enumerate(parts)]
        longer = ("~~~~~~~ " * (len("".join(parts[::2])) // 20 + 1))[
            : max(1, len("".join(parts[::2])) * 2 // 5)
        ].strip()
        return f"[{''.join(plain)} {longer}]"

    def ungettext(self, one: str, many: str, count: int) -> str:
        return self.ugettext(one if count == 1 else many)


@lru_cache(maxsize=16)
def _catalogue(locale: str) -> NullTranslations:
    if locale == PSEUDO:
        return Accented()
    return Translations.load(CATALOGUES, [locale], "messages")


def _(message: str, **values: object) -> str:
    """Translate; named placeholders are filled in: _("Hello %(name)s", name=…)."""
    found = _catalogue(_spoken.get()).ugettext(message)
    return found % values if values else found


def N_(message: str) -> str:
    """Mark words of a table: they are translated where they are shown, by `_(…)`."""
    return message


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Translate by number; %(num)s is the count."""
    return _catalogue(_spoken.get()).ungettext(one, many, count) % {"num": count, **values}
