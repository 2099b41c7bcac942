"""What is said of a document."""

from datetime import date

import msgspec

from app.core.errors import Invalid
from app.core.words import N_, _

KINDS = {
    "registration": N_("Registration"),
    "insurance": N_("Insurance"),
    "inspection": N_("Inspection certificate"),
    "licence": N_("Driving licence"),
    "warranty": N_("Warranty"),
    "purchase": N_("Purchase contract"),
    "receipt": N_("Receipt"),
    "manual": N_("Manual"),
    "other": N_("Other"),
}
LONGEST = 160
LONGEST_NOTE = 2000


class Facts(msgspec.Struct, kw_only=True):
    """A document as somebody describes it."""

    kind: str = "other"
    title: str = ""
    number: str = ""
    issuer: str = ""
    valid_from: date | None = None
    expires_on: date | None = None
    note: str = ""


def accepted(given: Facts) -> Facts:
    """The facts as they are kept. Raises Invalid with words by field."""
    wrong: dict[str, str] = {}
    if given.kind not in KINDS:
        wrong["kind"] = _("Please choose what it is.")
    line = {name: " ".join(getattr(given, name).split()) for name in ("title", "number", "issuer")}
    for name, said in line.items():
        if len(said) > LONGEST:
            wrong[name] = _("At most %(most)d characters, please.", most=LONGEST)
    note = given.note.strip()
    if len(note) > LONGEST_NOTE:
        wrong["note"] = _("At most %(most)d characters, please.", most=LONGEST_NOTE)
    for name in ("valid_from", "expires_on"):
        day = getattr(given, name)
        if day is not None and not date(1900, 1, 1) <= day <= date(2199, 12, 31):
            wrong[name] = _("Please check the year.")
    if given.valid_from and given.expires_on and given.expires_on < given.valid_from:
        wrong["expires_on"] = _("It cannot expire before it begins to be valid.")
    if wrong:
        raise Invalid(wrong)
    return msgspec.structs.replace(given, **line, note=note)
