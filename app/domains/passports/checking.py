"""Whether a passport is as it was signed, and if not, what of it does not fit. Needs no database and no network; the same
checks stand in `static/js/passport.js`, for a browser without either."""

import json
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature

from app.domains.passports.document import (
    FORMAT,
    LONGEST,
    Document,
    Summary,
    canonical,
    digest,
    hashes_of,
    signed_bytes,
    summary_of,
    unb64,
)
from app.domains.passports.keys import Keys


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it. `faults` are of: unreadable, shape, about, car, readings, entries, entry:N, root, key, signature."""

    document: Document | None
    faults: list[str]

    @property
    def is_valid(self) -> bool:
        return self.document is not None and not self.faults


def check(content: bytes, keys: Keys) -> Checked:
    """Check a file."""
    try:
        if len(content) > LONGEST:
            raise ValueError("too long")
        text = content.decode()
        document = msgspec.convert(json.loads(text), Document)
    except (ValueError, RecursionError):
        return Checked(None, ["unreadable"])
    faults = [] if canonical(document) == text and document.about.format == FORMAT else ["shape"]
    faults += _hashes(document)
    if document.about.key not in keys:
        faults.append("key")
    elif not _is_signed(summary_of(document), document.signature, keys):
        faults.append("signature")
    return Checked(document, faults)


def _hashes(document: Document) -> list[str]:
    now = hashes_of(document.about, document.car, document.readings, document.entries)
    said = document.hashes
    faults = [part for part in ("about", "car", "readings") if getattr(now, part) != getattr(said, part)]
    if len(now.entries) != len(said.entries):
        faults.append("entries")
    else:
        pairs = zip(now.entries, said.entries, strict=True)
        faults += [f"entry:{number}" for number, (here, there) in enumerate(pairs, 1) if here != there]
    return [*faults, "root"] if digest(said) != document.root else faults


def _is_signed(summary: Summary, signature: str, keys: Keys) -> bool:
    try:
        keys[summary.key].verify(unb64(signature), signed_bytes(summary))
    except (InvalidSignature, ValueError):
        return False
    return True


def check_compact(text: str, keys: Keys) -> tuple[Summary | None, list[str]]:
    """What a scanned QR code says, with or without the link before it, and what is wrong with it."""
    parts = text.strip().rpartition("#")[2].split("~")
    try:
        version, key, vin8, count, last_day, last_km, root, signature = parts
        if version != "1":
            raise ValueError("another version")
        summary = Summary(
            FORMAT, key, vin8, int(count), last_day, int(last_km) if last_km else None, unb64(root).hex()
        )  # fmt: skip
    except ValueError:
        return None, ["unreadable"]
    if key not in keys:
        return summary, ["key"]
    return summary, [] if _is_signed(summary, signature, keys) else ["signature"]
