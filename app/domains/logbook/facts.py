"""What an entry can say, and what is wrong with one that cannot be kept."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from babel.numbers import list_currencies

from app.core import clock
from app.core.errors import Invalid
from app.core.words import N_, _
from app.domains.garage.facts import EARLIEST, FURTHEST_KM, MOST_MINOR

KINDS = {
    "service": N_("Maintenance"),
    "repair": N_("Repair"),
    "upgrade": N_("Upgrade"),
    "fuel": N_("Fuel"),
    "charge": N_("Charging"),
    "tyres": N_("Tires"),
    "tax": N_("Tax"),
    "insurance": N_("Insurance"),
    "note": N_("Note"),
}
FILLS = ("fuel", "charge")
WORK = ("service", "repair", "upgrade", "tyres")
LONGEST_TITLE, LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 160, 4000, 40, 12
MOST_AMOUNT = Decimal(10_000)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is to be written down. Distances are kilometres, amounts litres or kWh."""

    kind: str
    day: date
    km: int | None = None
    title: str = ""
    note: str = ""
    cost_minor: int | None = None
    currency: str = ""
    tags: list[str] = []
    tasks: list[str] = []
    amount: Decimal | None = None
    is_full: bool = False
    is_missed: bool = False


def accepted(written: Written) -> Written:
    """The entry, tidied. Raises Invalid with a message for each field that cannot be kept."""
    wrong: dict[str, str] = {}
    is_fill = written.kind in FILLS
    title, note = written.title.strip(), written.note.strip()
    tags = list(dict.fromkeys(tag for raw in written.tags if (tag := " ".join(raw.split()))))
    if written.kind not in KINDS:
        wrong["kind"] = _("Please choose what it was.")
    # Somewhere it is tomorrow already.
    if not EARLIEST <= written.day <= clock.now().date() + timedelta(days=1):
        wrong["day"] = _("Please enter the day it was done; the logbook holds what has happened.")
    if written.km is not None and not 0 <= written.km <= FURTHEST_KM:
        wrong["km"] = _("Please enter what the odometer shows.")
    if len(title) > LONGEST_TITLE:
        wrong["title"] = _("Please keep this under %(most)d characters.", most=LONGEST_TITLE)
    if not title and not is_fill and not note and not written.tasks:
        wrong["title"] = _("Please say what was done.")
    if len(note) > LONGEST_NOTE:
        wrong["note"] = _("Please keep this under %(most)d characters.", most=LONGEST_NOTE)
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
        wrong["tags"] = _("Please give at most %(most)d short tags.", most=MOST_TAGS)
    if written.cost_minor is not None and not 0 <= written.cost_minor <= MOST_MINOR:
        wrong["cost"] = _("Please enter what it cost.")
    if written.cost_minor is not None and written.currency not in list_currencies("en"):
        wrong["currency"] = _("Please choose a currency.")
    if is_fill and written.amount is None:
        wrong["amount"] = _("Please enter how much went in.")
    if written.amount is not None and not 0 < written.amount <= MOST_AMOUNT:
        wrong["amount"] = _("Please enter how much went in.")
    if wrong:
        raise Invalid(wrong)
    fill: dict[str, Any] = {} if is_fill else {"amount": None, "is_full": False, "is_missed": False}
    return msgspec.structs.replace(
        written,
        title=title,
        note=note,
        tags=tags,
        tasks=list(dict.fromkeys(written.tasks)),
        currency=written.currency if written.cost_minor is not None else "",
        **fill,
    )
