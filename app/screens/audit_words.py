"""The words of the audit trail: what was done, to what, and what stood there before and after."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from app.core import render, words
from app.core.events import Event
from app.core.render import template_global
from app.core.security import as_uuid
from app.core.trail import LABELS, Entry
from app.core.words import _
from app.domains.accounts.said import permission_label

UNTOLD = ("currency", "center_id", "tenant", "version")
"""They say nothing to a reader."""

TOLD = ("MailWritten", "NotificationSent")
"""Of these only whom it went to says something."""

Names = Mapping[str, str]
"""What is known of an id by people: {id: name}."""


class Row(NamedTuple):
    """One value of one thing, before and after."""

    label: str
    old: str
    new: str


def plain(name: str) -> str:
    """order_id, OrderMoved or job.illegal_move as words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace(".", ": ")
    return spaced[:1].upper() + spaced[1:].lower()


def _known() -> dict[str, str]:
    return {
        "permission.denied": _("Not allowed"),
        "sign_in.unknown": _("Sign-in with an address nobody has"),
        "pin.wrong": _("Wrong PIN at a tablet"),
        "pin.paused": _("Wrong PIN at a tablet, for the fifth time"),
        "MailWritten": _("Mail written"),
        "NotificationSent": _("Told on the site"),
        "ClipMoved": _("Video being prepared"),
        "changed": _("Changed"),
        "audit.head": _("Chain signed"),
        "audit.forgotten": _("Old and new values forgotten"),
        "erasures.replayed": _("Erased again after a restore"),
        "read.customer": _("Looked at a customer"),
        "read.invoice_pdf": _("Fetched an invoice's PDF"),
        "read.people": _("Looked at the list of people"),
        "read.parts_shop_papers": _("Looked at a parts shop's papers"),
        "read.audit": _("Looked at the audit trail"),
        "read.audit_export": _("Exported the audit trail"),
        "read.audit_heads": _("Fetched the signed heads"),
        "upload.infected": _("A file with a virus was refused"),
        "token.reused": _("A spent token was used again"),
    }


def action_words(action: str) -> str:
    """What was done, in words."""
    return _known().get(action) or words._(plain(action))


@template_global
def audit_action(entry: Entry) -> str:
    """What a row says was done."""
    return action_words(entry.action)


def actions_that_read(part: str) -> list[str]:
    """The actions whose words hold these."""
    kinds: list[type[Event]] = [Event]
    for one in kinds:
        kinds += one.__subclasses__()
    every = {one.__name__ for one in kinds} | set(_known())
    return [one for one in every if part.casefold() in action_words(one).casefold()]


@template_global
def audit_thing(entry: Entry, names: Names) -> str:
    """What it was done to, in words."""
    if entry.entity_type == "route":
        return entry.entity_id
    if not entry.entity_type or entry.entity_type.startswith(("audit", "people")):
        return ""
    if entry.action in TOLD:
        who = names.get(entry.entity_id) or names.get(str(entry.detail.get("user_id", "")), "")
        return _("to %(name)s", name=who) if who else ""
    label = words._(plain(entry.entity_type))
    said = (entry.detail.get(one) for one in LABELS)
    name = next((one for one in said if one), "") or names.get(entry.entity_id, "")
    return f"{label} {name}".strip()


@template_global
def audit_changes(entry: Entry, names: Names, currency: str, zone: str) -> list[tuple[str, list[Row]]]:
    """Each row that was changed, with its values before and after."""
    found = []
    for table in dict.fromkeys([*entry.old, *entry.new]):
        olds, news = entry.old.get(table) or {}, entry.new.get(table) or {}
        for row_id in dict.fromkeys([*olds, *news]):
            old, new = olds.get(row_id) or {}, news.get(row_id) or {}
            rows = [
                Row(_field(name), *(_said(name, one.get(name), names, currency, zone) for one in (old, new)))
                for name in dict.fromkeys([*old, *new])
                if name not in UNTOLD
            ]
            if rows:
                found.append((words._(plain(table)), rows))
    return found


@template_global
def audit_facts(entry: Entry, names: Names, currency: str, zone: str) -> list[tuple[str, str]]:
    """What the event itself says."""
    currency = entry.detail.get("currency") or currency
    return [
        (_field(name), _said(name, value, names, currency, zone))
        for name, value in entry.detail.items()
        if name not in UNTOLD and value not in (None, "", [], {}) and f"{entry.entity_type}_id" != name
    ]


def _field(name: str) -> str:
    return words._(plain(name.removesuffix("_minor").removesuffix("_id").removesuffix("_at")))


def _said(name: str, value: Any, names: Names, currency: str, zone: str) -> str:
    if value is None or value == "":
        return "–"
    if name == "permission":
        return str(permission_label(str(value)))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int) and name.endswith("_minor"):
        return render.money(value, currency)
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return names.get(value) or _moment(value, zone) if isinstance(value, str) else str(value)


def _moment(said: str, zone: str) -> str:
    if not re.match(r"\d{4}-\d\d-\d\dT", said):
        return said
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return said
    return render.when(moment, zone) if moment.tzinfo else said


def ids_in(value: Any) -> set[str]:
    """Every id that stands in some values."""
    if isinstance(value, dict):
        return set().union(*map(ids_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(ids_in, value))
    return {value} if isinstance(value, str) and as_uuid(value) else set()


def url_of(entry: Entry, customers: Mapping[str, int]) -> str:
    """Where the shop looks at the thing; "" for what has no page."""
    kind, thing, detail = entry.entity_type, entry.entity_id, entry.detail
    center = f"/settings/centers/{detail.get('center_id')}"
    match kind:
        case "order":
            return f"/orders/{detail['number']}" if isinstance(detail.get("number"), int) else ""
        case "customer" | "customers":
            return f"/customers/{customers[thing]}" if thing in customers else ""
        case "invoice" | "invoice_pdf" | "appointment":
            return f"/{kind.removesuffix('_pdf')}s/{thing}"
        case "service":
            return f"/settings/services/{thing}"
        case "canned_job":
            return f"/settings/canned-jobs/{thing}"
        case "package_plan":
            return f"/settings/packages/{thing}"
        case "center":
            return f"/settings/centers/{thing}"
        case "bay" if detail.get("center_id"):
            return f"{center}/bays"
        case "staff" if detail.get("center_id"):
            return f"{center}/people/{thing}"
    return ""
