"""`torqueline verify-audit`: walk every audit trail's hash chain and say whether the past is as it was written."""

import sys
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import text

from app.core import chain, db
from app.core.db import transaction
from app.settings import Settings

PLATFORM = "platform"
"""What the platform's own trail is called where a business has its short name."""


async def verify(settings: Settings, *, only: str = "", heads: Path | None = None) -> int:
    """Walk the chains, or one of them, and print what was found. 0 when all hold, 1 when one does not, 2 when there is
    nothing of that name."""
    try:
        kept = _kept(heads) if heads else []
    except (OSError, ValueError) as error:
        print(f"{heads}: {error}", file=sys.stderr)
        return 2
    if heads and not kept:
        print(f"{heads}: no heads are in this file, so there is nothing to compare with", file=sys.stderr)
        return 2
    if forged := [head for head in kept if not head.is_ours]:
        print(f"{heads}: {len(forged)} of these heads do not carry our signature", file=sys.stderr)
        return 1
    db.connect(settings.sqlalchemy_url)
    try:
        known = await _trails()
        if only and only not in known:
            print(f"There is no business called {only!r}: it is one of {', '.join(known)}", file=sys.stderr)
            return 2
        wrong = 0
        for name, tenant in known.items():
            if only in ("", name):
                verdict = await chain.verify(tenant, kept)
                print(said(name, verdict))
                wrong += verdict.flaw is not None
        return 1 if wrong else 0
    finally:
        await db.disconnect()


async def export_heads(settings: Settings) -> int:
    """Print every signed head, one JSON object a line: to be kept where the database's owner cannot reach."""
    db.connect(settings.sqlalchemy_url)
    try:
        known = await _trails()
        async with transaction() as session:
            await session.execute(text("SELECT set_config('app.network', 'on', true)"))
            count = 0
            for tenant in known.values():
                async for _line, head in chain.heads(session, tenant):
                    print(msgspec.json.encode(head).decode())
                    count += 1
        if not count:
            print("There are no signed heads yet: the first are signed after midnight UTC", file=sys.stderr)
        return 0
    finally:
        await db.disconnect()


def _kept(heads: Path) -> list[chain.Head]:
    return chain.read_heads(heads.read_text().splitlines())


async def _trails() -> dict[str, UUID | None]:
    async with transaction() as session:
        await session.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await session.execute(text("SELECT slug, id FROM tenants ORDER BY slug"))
        return {PLATFORM: None} | {row.slug: row.id for row in rows}


def said(name: str, verdict: chain.Verdict) -> str:
    """One line about one trail."""
    if flaw := verdict.flaw:
        row = f" ({flaw.row_id})" if flaw.row_id else ""
        return f"✗ {name}: row {flaw.n}{row}: {flaw.words}. The {verdict.rows} rows before it hold."
    more = f", {verdict.waiting} not yet chained" if verdict.waiting else ""
    if verdict.forgotten:
        more += f", old and new values of {verdict.forgotten} forgotten"
    return f"✓ {name}: {verdict.rows} rows{more}"
