"""`torqueline passport check FILE`: the check of a file by hand, without database and network."""

import json
import sys
from pathlib import Path

from app.domains.passports import keys
from app.domains.passports.checking import check

WORDS = {
    "unreadable": "this is no passport",
    "shape": "the file is not written as a passport is",
    "about": "who made it and when was changed",
    "car": "the facts of the car were changed",
    "readings": "the mileage was changed",
    "entries": "entries were added or removed",
    "root": "the list of hashes was changed",
    "key": "it is signed with a key that is not known here",
    "signature": "the signature does not fit",
}


def run(path: Path, keys_path: Path | None) -> int:
    """Print what came of it: 0 when the passport is as it was signed, 1 when it is not, 2 when a file cannot be read."""
    try:
        content = path.read_bytes()
        known = keys.read_set(json.loads(keys_path.read_text())) if keys_path else keys.ours()
    except (OSError, ValueError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    checked = check(content, known)
    if checked.document is None or checked.faults:
        print("NOT VALID", file=sys.stderr)
        for fault in checked.faults:
            name, _colon, number = fault.partition(":")
            print(f"- entry {number} was changed" if name == "entry" else f"- {WORDS[name]}", file=sys.stderr)
        return 1
    said = checked.document
    of_shops = sum(one.shop is not None for one in said.entries)
    print(f"valid, made by {said.about.issuer} at {said.about.made_at} with key {said.about.key}")
    print(f"{said.car.year or ''} {said.car.make} {said.car.model} {said.car.vin}".strip())
    print(
        f"{len(said.entries)} entries, {of_shops} of them by shops; {len(said.readings)} readings of the mileage"
    )
    return 0
