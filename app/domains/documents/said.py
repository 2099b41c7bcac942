"""The words of documents on the screen."""

from datetime import date

from app.core.render import day as day_words
from app.core.render import template_global
from app.core.words import _
from app.domains.documents.facts import KINDS
from app.domains.documents.models import Document


@template_global
def document_kinds() -> list[tuple[str, str]]:
    """The kinds to choose from."""
    return [(kind, _(label)) for kind, label in KINDS.items()]


@template_global
def document_kind(kind: str) -> str:
    return _(KINDS[kind]) if kind in KINDS else kind


@template_global
def document_title(document: Document) -> str:
    """What it is called in a list."""
    return document.title or document_kind(document.kind)


@template_global
def expiry_of(document: Document, today: date) -> tuple[str, str] | None:
    """How pressing it is, as a status is shown: its kind and the words."""
    urgency = document.urgency(today)
    if not urgency:
        return None
    day = day_words(document.expires_on)
    return {
        "expired": ("stop", _("Expired on %(day)s", day=day)),
        "soon": ("wait", _("Expires on %(day)s", day=day)),
        "valid": ("go", _("Valid until %(day)s", day=day)),
    }[urgency]
