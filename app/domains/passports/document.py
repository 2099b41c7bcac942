"""What a passport says, byte by byte.

Canonical JSON: keys in order, no spaces, UTF-8, whole numbers only. Each part is hashed (SHA-256), the *root* is the hash over
all these hashes, and what is signed is the *summary*, which holds the root: so the few letters of a QR code can be verified
alone, and tell whether a file is the one that they were made with.
"""

import base64
import hashlib
import json
from itertools import groupby
from typing import Any

import msgspec

FORMAT = "torqueline-passport/1"
LONGEST = 4 * 1024 * 1024
"""Bytes of a file; a car with a life of records has a tenth."""


class Car(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    make: str
    model: str
    year: int | None
    vin: str
    fuel: str
    battery_type: str
    battery_kwh: str


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    day: str
    km: int
    source: str


class Shop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    town: str


class Work(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry: of a shop that vouches for it, or said by the owner, and then without a shop."""

    day: str
    km: int | None
    kind: str
    what: str
    shop: Shop | None


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    issuer: str
    key: str
    made_at: str


class Hashes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: str
    car: str
    readings: str
    entries: list[str]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: About
    car: Car
    readings: list[Reading]
    entries: list[Work]
    hashes: Hashes
    root: str
    signature: str


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed, and what a QR code holds."""

    format: str
    key: str
    vin8: str
    """The last eight of the VIN."""
    count: int
    last_day: str
    last_km: int | None
    root: str


def canonical(value: Any) -> str:
    """One way only to write a value. It is how `JSON.stringify` writes it in a browser, with the keys in order."""
    plain = msgspec.to_builtins(value)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def hashes_of(about: About, car: Car, readings: list[Reading], entries: list[Work]) -> Hashes:
    return Hashes(digest(about), digest(car), digest(readings), [digest(one) for one in entries])


def kms_in(document: Document) -> list[tuple[str, int]]:
    """Every day and mileage that it says."""
    of_work = [(one.day, one.km) for one in document.entries if one.km is not None]
    return [*((one.day, one.km) for one in document.readings), *of_work]


def summary_of(document: Document) -> Summary:
    """The summary that belongs to what a document says."""
    read: list[tuple[str, int | None]] = [*kms_in(document)]
    last_day, last_km = max(read, default=("", None))
    about, root = document.about, document.root
    return Summary(
        about.format, about.key, document.car.vin[-8:], len(document.entries), last_day, last_km, root
    )


def falls_in(document: Document) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Where the mileage of a later day is below that of an earlier one: the highest before, and what it fell to."""
    found, highest = [], ("", 0)
    for day, group in groupby(sorted(kms_in(document)), key=lambda one: one[0]):
        kms = [km for _day, km in group]
        if kms[0] < highest[1]:
            found.append((highest, (day, kms[0])))
        highest = max(highest, (day, kms[-1]), key=lambda one: one[1])
    return found


def signed_bytes(summary: Summary) -> bytes:
    """What the signature is over. The format stands before it, so that no signature of another kind fits."""
    return f"{FORMAT}\n{canonical(summary)}".encode()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """Raises ValueError, for a second way to write the same bytes too."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(raw) != text:
        raise ValueError("not written as we write it")
    return raw


def compact(document: Document) -> str:
    """The signed summary in few letters, for a QR code."""
    one = summary_of(document)
    km = "" if one.last_km is None else str(one.last_km)
    parts = [
        "1",
        one.key,
        one.vin8,
        str(one.count),
        one.last_day,
        km,
        b64(bytes.fromhex(one.root)),
        document.signature,
    ]
    return "~".join(parts)
