"""The words of passports on the screen."""

from datetime import date, datetime

from app.core.render import day, template_global
from app.core.words import N_, _
from app.domains.passports.document import Document

SOURCES = {
    "owner": N_("the owner"),
    "logbook": N_("the owner, in the logbook"),
    "check_in": N_("a shop"),
    "shop": N_("a shop"),
    "telematics": N_("the car itself"),
    "import": N_("a file from elsewhere"),
    "previous": N_("a previous owner"),
}
FAULTS = {
    "unreadable": N_("This is no passport, or a part of it is missing."),
    "shape": N_(
        "The file is not written as a passport is: something was added, removed or written otherwise."
    ),
    "about": N_("Who made it and when was changed."),
    "car": N_("The facts of the car were changed."),
    "readings": N_("The mileage was changed."),
    "entries": N_("Entries were added or removed."),
    "root": N_("The list that holds everything together was changed."),
    "key": N_("It is signed with a key that this site does not know."),
    "signature": N_("The signature does not fit."),
    "code_unreadable": N_("The code is none of a passport, or a part of it is missing."),
    "code_key": N_("The code is signed with a key that this site does not know."),
    "code_signature": N_("The code was changed: its signature does not fit."),
    "other": N_("The code was made with another file."),
    "nothing": N_("Choose a file, or paste what the QR code says."),
}
ENTRY = N_("Entry %(number)s was changed.")


@template_global
def reading_source(source: str) -> str:
    return _(SOURCES[source]) if source in SOURCES else source


@template_global
def passport_fault(fault: str) -> str:
    """What of a passport does not fit, in words."""
    name, _colon, number = fault.partition(":")
    return _(ENTRY, number=number) if name == "entry" else _(FAULTS[name])


@template_global
def passport_faults() -> dict[str, str]:
    """All of them, for the check in the browser."""
    return {name: _(words) for name, words in FAULTS.items()} | {"entry": _(ENTRY, number="NUMBER")}


@template_global
def passport_day(said: str) -> str:
    """A day of a document; as it stands there when it is none."""
    try:
        return day(date.fromisoformat(said))
    except ValueError:
        return said


@template_global
def passport_made(document: Document) -> str:
    """When it was made."""
    try:
        return day(datetime.fromisoformat(document.about.made_at), "UTC")
    except ValueError:
        return document.about.made_at
