"""Everything a business can set itself: one row a setting, with its bounds and its words.

A row here is all a new setting needs: its field on the page, its JSON, its history and its checks follow from it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from unicodedata import category
from urllib.parse import urlsplit

from babel import Locale
from babel.localedata import locale_identifiers

from app.core import contrast, words
from app.core.modules import MODULES, PREFIX
from app.core.places import currency_options
from app.core.words import N_, _
from app.domains.network.premises import currencies

Kind = Literal["text", "long_text", "email", "url", "number", "colour", "choice", "switch", "logo"]

GROUPS: Final = {
    "identity": N_("Name and contact"),
    "look": N_("Look"),
    "formats": N_("Language, money, units"),
    "terms": N_("Estimates, bills, visits"),
    "modules": N_("What we use"),
}
"""The pages of the settings, in order."""

PAPER_GROUNDS: Final = ("#ffffff", "#f7f5ef", "#ece8dd")
NIGHT_GROUNDS: Final = ("#172221", "#0f1716", "#21302e")
"""What a shop's colour stands on: card, page and sunk ground of each theme (`tokens.css`). White letters stand on it
by day and dark ones at night, which these grounds demand already."""
PETROL: Final = "#0b5a5e"
"""The product's own colour, until a shop has one."""


class Unfit(Exception):
    """A value that a setting cannot take; the words are for who typed it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a business may set. `least` and `most` bound a number, or the length of a text."""

    key: str
    group: str
    kind: Kind
    label: str
    help: str = ""
    default: Any = ""
    least: int = 0
    most: int = 120
    unit: str = ""
    choices: Callable[[], Mapping[str, str]] | None = None
    grounds: tuple[str, ...] = ()
    column: str = ""
    """The column of `tenants` it is kept in, for the few that were there before the settings."""
    needs: str = "manage:center"
    """The permission it takes to change it."""

    def accepted(self, raw: Any) -> Any:
        """What is kept of something typed or sent. Raises Unfit."""
        return _ACCEPT[self.kind](self, raw)


def _text(one: Setting, raw: Any) -> str:
    if not isinstance(raw, str):
        raise Unfit(_("Please enter a text."))
    text = raw.replace("\r\n", "\n").strip()
    if any(category(letter) == "Cc" and (letter, one.kind) != ("\n", "long_text") for letter in text):
        raise Unfit(_("This holds a character that cannot be kept."))
    if len(text) > one.most:
        raise Unfit(_("Please keep this under %(count)s characters.", count=one.most + 1))
    if len(text) < one.least:
        raise Unfit(_("Please fill this in."))
    return text


def _email(one: Setting, raw: Any) -> str:
    text = _text(one, raw)
    if text and not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", text):
        raise Unfit(_("This does not look like an email address."))
    return text


def _url(one: Setting, raw: Any) -> str:
    text = _text(one, raw)
    if not text:
        return ""
    text = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(text)
        is_site = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in text
    except ValueError:
        is_site = False
    if not is_site or parts.username or parts.password:
        raise Unfit(_("This does not look like a website: https://www.example.com"))
    return text


def _number(one: Setting, raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", raw):
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise Unfit(_("Please enter a whole number."))
    if not one.least <= raw <= one.most:
        raise Unfit(_("Between %(least)s and %(most)s, please.", least=one.least, most=one.most))
    return raw


def _switch(_one: Setting, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw not in ("", "yes"):  # as a box on a form that is left empty or ticked
        raise Unfit(_("This is either on or off."))
    return bool(raw == "yes")


def _choice(one: Setting, raw: Any) -> str:
    if one.choices is None or not isinstance(raw, str) or raw not in one.choices():
        raise Unfit(_("Please choose one of the list."))
    return raw


def _colour(one: Setting, raw: Any) -> str:
    text = _text(one, raw).lower()
    if not text:
        return str(one.default)
    if not contrast.is_colour(text):
        raise Unfit(_("A color is written as # and six digits or letters from a to f: #0b5a5e"))
    found = contrast.weakest(text, one.grounds)
    if found < contrast.LEAST:
        raise Unfit(
            _(
                "This is too hard to read on our pages: its contrast is %(found)s to 1 and must be 4.5 to 1. "
                "The nearest that reads well is %(nearest)s.",
                found=f"{int(found * 10) / 10:.1f}", nearest=contrast.nearest(text, one.grounds),
            )
        )  # fmt: skip
    return text


def _logo(_one: Setting, raw: Any) -> dict[str, Any] | None:
    if raw in (None, ""):
        return None
    raise Unfit(_("A logo is sent as a picture."))


_ACCEPT: Mapping[str, Callable[[Setting, Any], Any]] = {
    "text": _text, "long_text": _text, "email": _email, "url": _url, "number": _number, "colour": _colour,
    "choice": _choice, "switch": _switch, "logo": _logo,
}  # fmt: skip


@lru_cache(maxsize=4)
def _written(languages: tuple[str, ...]) -> dict[str, str]:
    codes = (one for one in locale_identifiers() if one.split("_")[0] in languages)
    # A language and a country; no script that nobody writes it in (English in Deseret).
    plain = [one for one in codes if len(one.split("_")) < 3 and Locale.parse(one).script is None]
    return {one: Locale.parse(one).get_display_name(one) or one for one in sorted(plain)}


def locales() -> Mapping[str, str]:
    """Ways to write dates and numbers in a language whose words we have."""
    return _written(words.languages())


def _currencies() -> Mapping[str, str]:
    known = dict(currency_options())
    return known | {code: code for code in sorted(currencies()) if code not in known}


def _units() -> Mapping[str, str]:
    return {"km": _("Kilometers"), "mi": _("Miles")}


_MODULE_WORDS: Final = {
    "online_booking": (
        N_("Online booking"),
        N_("Drivers find you and book by themselves. Off: you are not offered; visits that stand are kept."),
    ),
    "phone_booking": (N_("Booking for callers"), N_("The desk books for somebody on the phone.")),
    "inspections": (
        N_("Inspections"),
        N_(
            "Checklists with photos and measures. Off: what was found before stays, and comes back with the switch."
        ),
    ),
    "card_payments": (
        N_("Card payments"),
        N_("Customers pay invoices by card. Off: no new payment begins; what is under way is finished."),
    ),
    "messages": (
        N_("Messages to customers"),
        N_("The desk writes to a customer from their record, and the two write to each other about a visit."),
    ),
    "reminders": (N_("Reminders"), N_("A mail before each visit, and before a car's next service is due.")),
    "api_tokens": (
        N_("Programs with API tokens"),
        N_("Off: every token for your business stops at once, and works again when switched on."),
    ),
    "parts_market": (
        N_("Parts from shops around"),
        N_(
            "Ask parts shops for what a job needs, and take their offers. Off: no new requests; nothing is lost."
        ),
    ),
}

_ALL: Final = (
    Setting("business.name", "identity", "text", N_("Name"), N_("As customers know you."), least=1, column="name"),
    Setting("business.legal_name", "identity", "text", N_("Legal name"), N_("Stands on invoices: Harbor Lane Garage LLC."), most=160),
    Setting("business.registration", "identity", "text", N_("Tax or register number"), N_("Stands on invoices where the law wants it."), most=80),
    Setting("business.phone", "identity", "text", N_("Phone"), N_("Shown where a workshop has no number of its own."), most=40),
    Setting("business.email", "identity", "email", N_("Email"), N_("Answers to mails come here where a workshop has no address of its own."), most=200),
    Setting("business.website", "identity", "url", N_("Website"), N_("Stands at the foot of mails and invoices."), most=200),
    Setting("brand.logo", "look", "logo", N_("Logo"), N_("JPEG, PNG or WebP. It is shown small, on white."), default=None),
    Setting("brand.accent", "look", "colour", N_("Your color"), N_("For buttons, links and the bar of mails and invoices. It must read well on paper."), default=PETROL, most=7, grounds=PAPER_GROUNDS),
    Setting("brand.accent_night", "look", "colour", N_("Your color at night"), N_("Empty: the nearest shade of your color that reads well in the dark."), most=7, grounds=NIGHT_GROUNDS),
    Setting("formats.locale", "formats", "choice", N_("Language and formats"), N_("For mails and papers to customers whom you write down yourself. Who has an account chooses."), default="en", choices=locales, column="locale"),
    Setting("formats.currency", "formats", "choice", N_("Currency"), N_("New workshops begin with it. It cannot change once it stands on an estimate or an invoice."), default="USD", choices=_currencies, column="currency"),
    Setting("formats.distance_unit", "formats", "choice", N_("Distances"), N_("New workshops begin with it."), default="km", choices=_units),
    Setting("estimates.valid_days", "terms", "number", N_("An estimate is valid for"), N_("Proposed on each new estimate; the advisor may change it there."), default=7, least=1, most=180, unit=N_("days")),
    Setting("estimates.link_hours", "terms", "number", N_("A link to approve works for"), N_("Then the customer asks for a new one with one tap. Never longer than the estimate is valid."), default=72, least=1, most=720, unit=N_("hours")),
    Setting("invoices.days_to_pay", "terms", "number", N_("An invoice is due after"), N_("0 is the same day."), default=14, most=120, unit=N_("days")),
    Setting("invoices.link_days", "terms", "number", N_("A link to pay works for"), default=90, least=7, most=365, unit=N_("days")),
    Setting("invoices.terms", "terms", "long_text", N_("Terms on invoices"), N_("Warranty, how to pay by transfer, what is due when. Invoices that are issued keep the words they had."), most=800),
    Setting("invoices.footer", "terms", "text", N_("Last line of invoices"), N_("At the foot of each page, such as your bank account."), most=160),
    Setting("booking.hold_minutes", "terms", "number", N_("A time is kept while a driver confirms"), default=10, least=5, most=60, unit=N_("minutes")),
    Setting("reminders.days_before", "terms", "number", N_("We remind drivers of a visit"), default=1, least=1, most=7, unit=N_("days before")),
    Setting("reminders.hour", "terms", "number", N_("The reminder leaves at"), N_("By the clock on the workshop's wall."), default=9, most=23, unit=N_("o'clock")),
    Setting("reminders.service_days", "terms", "number", N_("We remind drivers of a service that is due"), N_("Where no visit is booked. 0: never."), default=14, most=60, unit=N_("days before")),
    Setting("reminders.package_days", "terms", "number", N_("We remind customers of a service package that runs out"), N_("Where the next one is not sold yet. 0: never."), default=30, most=90, unit=N_("days before")),
    *(Setting(PREFIX + one, "modules", "switch", *_MODULE_WORDS[one], default=True) for one in MODULES),
)  # fmt: skip

SETTINGS: Final[Mapping[str, Setting]] = {one.key: one for one in _ALL}


def of_group(group: str) -> list[Setting]:
    """The settings of one page."""
    return [one for one in _ALL if one.group == group]
