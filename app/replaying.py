"""`torqueline erasures` and `torqueline replay-erasures`: restoring an older copy of the database brings nobody back."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import select, text

from app.core import audit, db, erasures, personal
from app.core.db import transaction
from app.core.erasures import Again, Erasure
from app.core.tables import EventRow
from app.core.viewer import Viewer
from app.domains.customers import erasing as customers
from app.domains.privacy import erasing as accounts
from app.personal import PERSONAL
from app.settings import Settings

REPLAYED = "erasures.replayed"

NAMED: dict[str, tuple[erasures.Kind, str]] = {
    "AccountErased": ("account", "user_id"),
    "CustomerErased": ("customer", "customer_id"),
}


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[None]:
    personal.declare(PERSONAL)
    db.connect(settings.sqlalchemy_url)
    try:
        yield
    finally:
        await db.disconnect()


async def export(settings: Settings) -> int:
    """Print the list, one signed JSON object a line, to be kept elsewhere too. What the log knows of and the list does
    not is put onto it first. 0."""
    async with _connected(settings):
        listed, _others = await erasures.listed()
        known = {(one.kind, one.id) for one in listed}
        async with transaction() as session:
            await session.execute(text("SELECT set_config('app.network', 'on', true)"))
            rows = await session.scalars(select(EventRow).where(EventRow.name.in_(NAMED)))
            told = [(row, *NAMED[row.name]) for row in rows]
        for row, kind, field in told:
            one = UUID(row.payload[field])
            if (kind, one) not in known:
                await erasures.note(kind, one, tenant=row.tenant_id, at=row.created_at)
        listed, _others = await erasures.listed()
        for line in listed:
            print(msgspec.json.encode(line).decode())
    return 0


async def replay(settings: Settings, kept: Path | None = None) -> int:
    """Erase again whoever is on the list, or in a file that `erasures` printed, and stands in the database. Prints what
    became of each. 0 when nobody on it is left; 1 when somebody waits or a line is not ours; 2 when the file or the list
    cannot be read."""
    async with _connected(settings):
        try:
            lines, forged = await erasures.listed()
            if kept:
                more, others = erasures.ours_of(_kept(kept))
                lines, forged = lines + more, forged + others
        except OSError as error:
            print(f"The list cannot be read: {error}", file=sys.stderr)
            return 2
        # Accounts first: a shop's record that is still linked to one goes the same way twice.
        ours = {(one.kind, one.id): one for one in sorted(lines, key=lambda one: one.kind)}
        became = {key: await _erase(one) for key, one in ours.items()}
        await _tell([key for key, what in became.items() if what == "erased"])
    for (kind, one), what in became.items():
        if what != "is gone":
            print(f"{kind} {one}: {what}{WHY_IT_WAITS[kind] if what == 'waits' else ''}")
    count = {what: list(became.values()).count(what) for what in ("erased", "waits", "is gone")}
    print(f"{count['erased']} erased again, {count['is gone']} were gone, {count['waits']} wait")
    if forged:
        print(f"{forged} lines do not carry our signature and were passed over", file=sys.stderr)
    return 1 if count["waits"] or forged else 0


def _kept(file: Path) -> list[bytes]:
    return [one for one in file.read_bytes().splitlines() if one.strip()]


WHY_IT_WAITS = {
    "account": ": they work for a business in this copy; end their roles and replay once more",
    "customer": ": not everything between them and the shop is settled in this copy; it is done once it is",
}


async def _erase(one: Erasure) -> Again:
    if one.kind == "account":
        return await accounts.erase_again(one.id)
    return await customers.erase_again(one.tenant, one.id) if one.tenant else "is gone"


async def _tell(again: list[tuple[erasures.Kind, object]]) -> None:
    """Into the platform's own trail, if there is something to tell."""
    if again:
        async with transaction() as session:
            await session.execute(text("SELECT set_config('app.network', 'on', true)"))
            detail = {"again": [f"{kind} {one}" for kind, one in again]}
            await audit.log(session, Viewer.system(), REPLAYED, tenant=None, detail=detail)
