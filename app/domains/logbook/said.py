"""The words of the logbook on the screen."""

from app.core.render import template_global
from app.core.words import _
from app.domains.logbook.facts import KINDS


@template_global
def entry_kind_label(kind: str) -> str:
    return _(KINDS[kind]) if kind in KINDS else kind


@template_global
def entry_kinds() -> list[tuple[str, str]]:
    """The kinds to choose from."""
    return [(kind, _(label)) for kind, label in KINDS.items()]


@template_global
def entry_icon(kind: str) -> str:
    return {
        "fuel": "fuel", "charge": "plug", "tyres": "tyre", "insurance": "shield", "tax": "receipt", "note": "note",
        "upgrade": "plus",
    }.get(kind, "wrench")  # fmt: skip


@template_global
def entry_title(kind: str, title: str) -> str:
    """What an entry is called in a list: a fill-up needs no name."""
    return title or entry_kind_label(kind)
