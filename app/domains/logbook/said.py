"""The words of the logbook on the screen."""

from collections.abc import Collection

from app.core.render import template_global
from app.core.words import _
from app.domains import garage
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
def entry_title(kind: str, title: str, tasks: Collection[str] = ()) -> str:
    """What an entry is called in a list: by its words, else by the maintenance it was; a fill-up needs no name."""
    return title or ", ".join(task_words(tasks)) or entry_kind_label(kind)


@template_global
def task_words(codes: Collection[str]) -> list[str]:
    """The maintenance that was done, in words; codes of other programs as they came."""
    return [_(garage.TASKS[code].name) if code in garage.TASKS else code for code in codes]


def task_options(fuel: str, chosen: Collection[str]) -> list[tuple[str, str]]:
    """The maintenance a car of this fuel has, to tick; what is ticked already stands first."""
    fitting = garage.tasks_for(fuel)
    codes = [*(code for code in chosen if code), *(code for code in fitting if code not in chosen)]
    return list(zip(codes, task_words(codes), strict=True))
