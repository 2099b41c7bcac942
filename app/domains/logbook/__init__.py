"""A car's logbook: what was done to it, what it cost and how much it uses. A shop's work writes itself in."""

from app.domains.logbook.facts import FILLS, KINDS, Written, accepted
from app.domains.logbook.finding import Wanted, entries, find
from app.domains.logbook.models import Entry, EntryFile
from app.domains.logbook.writing import change, log, log_many, remove, remove_many, take_back

__all__ = [
    "FILLS",
    "KINDS",
    "Entry",
    "EntryFile",
    "Wanted",
    "Written",
    "accepted",
    "change",
    "entries",
    "find",
    "log",
    "log_many",
    "remove",
    "remove_many",
    "take_back",
]
