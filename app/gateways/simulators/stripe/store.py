"""What the simulator remembers: JSON documents in one SQLite file, so that a restart forgets nothing.

Every request runs to its end inside one transaction on one connection, without awaiting; that alone makes the
simulator's acts atomic and its objects consistent with each other.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .refusals import missing

Doc = dict[str, Any]

PREFIXES = {
    "acct": "account",
    "cs": "checkout.session",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "dp": "dispute",
    "txn": "balance_transaction",
    "fee": "application_fee",
    "po": "payout",
    "evt": "event",
}

OURS_ALONE = ("lines", "payment_intent_data", "return_url", "paid_out_on", "paid_out_in", "returns_at")
"""What the simulator keeps beside an object and Stripe does not show on it."""


def public(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if name not in OURS_ALONE}


SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL, parent TEXT NOT NULL,
  created INTEGER NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS objects_place ON objects (place);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, account, place);
CREATE INDEX IF NOT EXISTS objects_parent ON objects (parent);
CREATE TABLE IF NOT EXISTS answers (
  account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
  body BLOB NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  done INTEGER NOT NULL DEFAULT 0, last_status INTEGER, last_error TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE NOT done;
-- of files that were begun before there was so much to tell
UPDATE objects SET body = json_set(body, '$.application_fee', NULL)
 WHERE kind = 'charge' AND json_type(body, '$.application_fee') IS NULL;
UPDATE objects SET body = json_set(body, '$.fee_details', json('[]'))
 WHERE kind = 'balance_transaction' AND json_type(body, '$.fee_details') IS NULL;
UPDATE objects SET body = json_set(body, '$.exchange_rate', NULL)
 WHERE kind = 'balance_transaction' AND json_type(body, '$.exchange_rate') IS NULL;
UPDATE objects SET body = json_set(body, '$.description', NULL)
 WHERE kind = 'balance_transaction' AND json_type(body, '$.description') IS NULL;
UPDATE objects SET body = json_set(body, '$.reconciliation_status', 'not_applicable')
 WHERE kind = 'payout' AND json_type(body, '$.reconciliation_status') IS NULL;
UPDATE objects SET body = json_set(body, '$.application_fee_amount', (
         SELECT json_extract(fee.body, '$.amount') FROM objects fee
          WHERE fee.id = json_extract(objects.body, '$.application_fee')))
 WHERE kind = 'charge' AND json_type(body, '$.application_fee_amount') IS NULL;
"""


class Store:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "stripe-simulator.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Documents

    def create(self, prefix: str, account: str, body: Doc, *, parent: str = "") -> Doc:
        """Keep a new object and give it its id, type and time. `parent` is what lists are filtered by."""
        marked = f"{prefix}_test_" if prefix == "cs" else f"{prefix}_"
        new_id = marked + secrets.token_hex(12)
        doc: Doc = {"id": new_id, "object": PREFIXES[prefix], "created": int(time.time()), **body}
        if prefix not in ("acct", "txn", "re"):
            doc["livemode"] = False
        (place,) = self._db.execute("SELECT coalesce(max(place), 0) + 1 FROM objects").fetchone()
        self._db.execute(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new_id, doc["object"], account, parent, doc["created"], place, json.dumps(doc)),
        )
        return doc

    def save(self, doc: Doc, *, parent: str | None = None) -> None:
        self._db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(doc), doc["id"]))
        if parent is not None:
            self._db.execute("UPDATE objects SET parent = ? WHERE id = ?", (parent, doc["id"]))

    def peek(self, ref: str) -> tuple[Doc, str] | None:
        """The object and its account, whoever asks; for the hosted pages and for `expand[]`."""
        row = self._db.execute("SELECT body, account FROM objects WHERE id = ?", (ref,)).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def get(self, kind: str, account: str, ref: str, param: str = "id") -> Doc:
        found = self.peek(ref)
        if found is None or found[1] != account or found[0]["object"] != kind:
            raise missing(kind.replace(".", " "), ref, param)
        return found[0]

    def listing(self, kind: str, account: str, *, parent: str | None = None) -> list[Doc]:
        """The objects of a kind, newest first."""
        rows = self._db.execute(
            "SELECT body FROM objects WHERE kind = ? AND account = ? AND (? IS NULL OR parent = ?)"
            " ORDER BY place DESC",
            (kind, account, parent, parent),
        )
        return [json.loads(body) for (body,) in rows]

    def all_of(self, kind: str, limit: int) -> list[tuple[Doc, str]]:
        rows = self._db.execute(
            "SELECT body, account FROM objects WHERE kind = ? ORDER BY place DESC LIMIT ?", (kind, limit)
        )
        return [(json.loads(body), account) for body, account in rows]

    # Answers already given to an idempotency key

    def answer(self, account: str, key: str) -> tuple[str, int, bytes] | None:
        row = self._db.execute(
            "SELECT fingerprint, status, body FROM answers WHERE account = ? AND key = ?", (account, key)
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def keep_answer(self, account: str, key: str, fingerprint: str, status: int, body: bytes) -> None:
        self._db.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)",
            (account, key, fingerprint, status, body, int(time.time())),
        )

    # Webhook deliveries

    def schedule(self, event: str, due: float) -> None:
        self._db.execute("INSERT INTO deliveries (event, due) VALUES (?, ?)", (event, due))

    def due(self, now: float, limit: int) -> list[tuple[int, str, int]]:
        rows = self._db.execute(
            "SELECT id, event, attempts FROM deliveries WHERE NOT done AND due <= ? ORDER BY due, id LIMIT ?",
            (now, limit),
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def next_due(self) -> float | None:
        (due,) = self._db.execute("SELECT min(due) FROM deliveries WHERE NOT done").fetchone()
        return float(due) if due is not None else None

    def record_attempt(
        self, delivery: int, *, status: int | None, error: str | None, done: bool, due: float | None
    ) -> None:
        self._db.execute(
            "UPDATE deliveries SET attempts = attempts + 1, last_status = ?, last_error = ?, done = ?,"
            " due = coalesce(?, due) WHERE id = ?",
            (status, error, done, due, delivery),
        )

    def deliveries(self, limit: int = 200) -> list[Doc]:
        rows = self._db.execute(
            "SELECT d.id, d.event, d.attempts, d.done, d.last_status, d.last_error,"
            " json_extract(o.body, '$.type')"
            " FROM deliveries d JOIN objects o ON o.id = d.event ORDER BY d.id DESC LIMIT ?",
            (limit,),
        )
        names = ("id", "event", "attempts", "done", "last_status", "last_error", "type")
        return [dict(zip(names, row, strict=True)) for row in rows]
