"""The hash chain over the audit trail: each business's rows, in the order the relay gave them, each sealed with the one
before. Made soon after, in one place at a time; until then a row is "not yet chained". See docs/decisions/audit.md.

hash = SHA-256(prev, seq, tenant, n, kind, id, hash of the old and new values, the row). A row is written as
PostgreSQL's text of a JSON array of its columns in a fixed order: one form for each value, numbers exact, UTC.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock
from app.core.db import transaction
from app.core.queue import cron
from app.core.tables import AuditLink, AuditLog
from app.core.viewer import Viewer
from app.settings import settings

LOCK = 0x746F7263
BATCH = 500
FIRST = bytes(32)
"""What the first row of a chain is sealed with."""
HEAD = "audit.head"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "events": (
        "id", "tenant_id", "user_id", "actor_id", "actor_name", "name", "subject_id", "payload", "seq", "rings",
        "entity_type", "entity_id", "ip", "user_agent", "request_id", "created_at",
    ),
    "audit_logs": (
        "id", "tenant_id", "user_id", "actor_name", "action", "entity_type", "entity_id", "old_values", "new_values",
        "seq", "ip", "user_agent", "request_id", "created_at",
    ),
    "audit_values": ("row_id", "tenant_id", "salt", "old_values", "new_values"),
}  # fmt: skip
"""What is sealed of each table, in this order for ever: a column that comes later is added to the chain by a new kind of
row ("event2"), or every hash of the past would change."""

_TABLES = (("event", "events"), ("log", "audit_logs"))


JSON = frozenset({"payload", "rings", "old_values", "new_values"})


def _written(table: str) -> str:
    # JSON stands as text in it: in an array of JSON its null could not be told from the database's.
    columns = (f"r.{one}::text" if one in JSON else f"r.{one}" for one in COLUMNS[table])
    return f"jsonb_build_array({', '.join(columns)})::text"


def _with_values(source: str) -> str:
    return (
        f"SELECT s.*, (SELECT {_written('audit_values')} FROM audit_values r WHERE r.row_id = s.row_id) AS held "  # noqa: S608
        f"FROM ({source}) s ORDER BY s.seq"
    )


_NEW = _with_values(
    " UNION ALL ".join(
        f"(SELECT r.seq, r.tenant_id, '{kind}' AS kind, r.id AS row_id, {_written(table)} AS row "  # noqa: S608
        f"FROM {table} r WHERE r.seq > :after ORDER BY r.seq LIMIT :most)"
        for kind, table in _TABLES
    )
    + " ORDER BY seq LIMIT :most"
)
_LINKS = _with_values(
    "SELECT c.*, CASE c.kind "  # noqa: S608
    + " ".join(
        f"WHEN '{kind}' THEN (SELECT {_written(table)} FROM {table} r WHERE r.id = c.row_id)"  # noqa: S608
        for kind, table in _TABLES
    )
    + " END AS row FROM audit_chain c WHERE c.tenant_id {same} AND c.n > :after ORDER BY c.n LIMIT :most"
)


def _same(tenant: UUID | None) -> str:
    return "IS NULL" if tenant is None else "= :tenant"


def _params(tenant: UUID | None, **more: Any) -> dict[str, Any]:
    return more if tenant is None else {"tenant": tenant, **more}


def digest(written: str | None) -> bytes | None:
    """The hash of old and new values; it outlives them when they must be forgotten."""
    return None if written is None else hashlib.sha256(written.encode()).digest()


def seal(
    prev: bytes,
    *,
    seq: int,
    tenant: UUID | None,
    n: int,
    kind: str,
    row_id: UUID,
    values_hash: bytes | None,
    row: str,
) -> bytes:
    """The hash of one row of a chain."""
    held = values_hash.hex() if values_hash is not None else "-"
    said = f"{prev.hex()} {seq} {tenant or '-'} {n} {kind} {row_id} {held}\n{row}"
    return hashlib.sha256(said.encode()).digest()


async def _as_network(db: AsyncSession) -> None:
    await db.execute(
        text("SELECT set_config('app.network', 'on', true), set_config('TimeZone', 'UTC', true)")
    )


async def _head_of(db: AsyncSession, tenant: UUID | None) -> tuple[int, bytes]:
    row = (
        await db.execute(
            select(AuditLink.n, AuditLink.hash)
            .where(AuditLink.tenant_id == tenant)
            .order_by(AuditLink.n.desc())
            .limit(1)
        )
    ).first()
    return (row.n, row.hash) if row else (0, FIRST)


async def extend() -> int:
    """Chain the next rows that have been numbered; how many. Nothing when another worker is at it."""
    async with transaction() as db:
        await _as_network(db)
        if not await db.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}):
            return 0
        # The relay numbers one after the other and only what is committed: nothing below this comes later.
        after = await db.scalar(text("SELECT coalesce(max(seq), 0) FROM audit_chain"))
        rows = (await db.execute(text(_NEW), {"after": after, "most": BATCH})).all()
        heads: dict[UUID | None, tuple[int, bytes]] = {}
        links = []
        for row in rows:
            if row.tenant_id not in heads:
                heads[row.tenant_id] = await _head_of(db, row.tenant_id)
            last, prev = heads[row.tenant_id]
            link = {
                "seq": row.seq,
                "n": last + 1,
                "kind": row.kind,
                "row_id": row.row_id,
                "values_hash": digest(row.held),
            }
            sealed = seal(prev, tenant=row.tenant_id, row=row.row, **link)
            heads[row.tenant_id] = (last + 1, sealed)
            links.append({**link, "tenant_id": row.tenant_id, "prev": prev, "hash": sealed})
        if links:
            await db.execute(insert(AuditLink), links)
    return len(links)


@cron("* * * * *")
async def chain_new_rows() -> None:
    """Soon after they were numbered; what is left of a flood is the next minute's."""
    for _ in range(100):
        if await extend() < BATCH:
            return


# --- signed heads ----------------------------------------------------------------------------------------


class Head(msgspec.Struct, frozen=True):
    """How far a chain went at some moment, signed: whoever keeps it can tell later whether the past is the same."""

    tenant: str
    """The business's id; empty for the platform itself."""
    n: int
    hash: str
    at: str
    signature: str = ""

    @property
    def is_ours(self) -> bool:
        """Signed with the secret key, or with one from before."""
        return any(
            hmac.compare_digest(self.signature, _signature(self, key)) for key in settings().secret_keys
        )


def _signature(head: Head, secret_key: str) -> str:
    key = hmac.digest(secret_key.encode(), b"audit head", "sha256")
    return hmac.new(key, f"{head.tenant} {head.n} {head.hash} {head.at}".encode(), "sha256").hexdigest()


async def chains(db: AsyncSession) -> list[UUID | None]:
    """Whose chains there are; None is the platform's own."""
    rows = await db.execute(text("SELECT DISTINCT tenant_id FROM audit_chain"))
    return sorted((row.tenant_id for row in rows), key=str)


async def sign_head(db: AsyncSession, tenant: UUID | None) -> Head | None:
    """Write the signed head of a chain into the trail it is the head of. None for one that has not grown since."""
    n, sealed = await _head_of(db, tenant)
    newest = await db.scalar(
        select(AuditLog.new_values)
        .where(AuditLog.tenant_id == tenant, AuditLog.action == HEAD)
        .order_by(AuditLog.created_at.desc())
        .limit(1)
    )
    # The line about the last head is a row of the chain itself; alone it is nothing new.
    if n == 0 or (newest and n <= newest["n"] + 1):
        return None
    unsigned = Head(str(tenant or ""), n, sealed.hex(), clock.now().isoformat())
    head = msgspec.structs.replace(unsigned, signature=_signature(unsigned, settings().secret_key))
    detail = msgspec.to_builtins(head)
    await audit.log(db, Viewer.system(tenant), HEAD, tenant=tenant, detail=detail)
    return head


@cron("7 0 * * *")
async def sign_heads() -> None:
    """Every day, after midnight UTC."""
    await chain_new_rows()
    async with transaction() as db:
        await _as_network(db)
        for tenant in await chains(db):
            await sign_head(db, tenant)


def read_heads(lines: Iterable[str]) -> list[Head]:
    """Heads as they were exported, one JSON object a line. Raises ValueError."""
    try:
        return [msgspec.json.decode(line, type=Head) for line in lines if line.strip()]
    except msgspec.DecodeError as error:
        raise ValueError(f"not a list of heads: {error}") from error


async def heads(db: AsyncSession, tenant: UUID | None) -> AsyncIterator[tuple[UUID, Head]]:
    """The signed heads in a trail, oldest first, each with the id of its line."""
    rows = await db.stream(
        select(AuditLog.id, AuditLog.new_values)
        .where(AuditLog.tenant_id == tenant, AuditLog.action == HEAD)
        .order_by(AuditLog.created_at, AuditLog.id)
    )
    async for row in rows:
        yield row.id, msgspec.convert(row.new_values, Head)


# --- verifying -------------------------------------------------------------------------------------------


class Flaw(NamedTuple):
    """The first thing that is wrong with a chain."""

    n: int
    row_id: UUID | None
    words: str


class Verdict(NamedTuple):
    """What a walk along one chain found."""

    rows: int
    waiting: int
    """Rows that are not chained yet."""
    forgotten: int
    """Rows whose old and new values were erased, and the trail says so."""
    flaw: Flaw | None


async def verify(tenant: UUID | None, kept: Iterable[Head] = ()) -> Verdict:
    """Walk the chain of one business (None: of the platform) from its first row to its last, a batch at a time.

    `kept` are heads somebody has kept elsewhere: only they can show that the end of a chain was cut off, or all of
    it made anew by somebody who has the database and the secret key.
    """
    async with transaction() as db:
        await db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        await _as_network(db)
        return await walk(db, tenant, kept)


async def walk(db: AsyncSession, tenant: UUID | None, kept: Iterable[Head] = ()) -> Verdict:
    """`verify` in a transaction that reads as the network does, in UTC."""
    wanted = {head.n: head for head in kept if head.tenant == str(tenant or "")}
    rows, forgotten, flaw = 0, 0, None
    n, prev, last_seq = 0, FIRST, 0
    while flaw is None:
        query = text(_LINKS.format(same=_same(tenant)))
        batch = (await db.execute(query, _params(tenant, after=n, most=BATCH))).all()
        for link in sorted(batch, key=lambda one: one.n):
            flaw = _flaw_of(link, n=n, prev=prev, last_seq=last_seq)
            if flaw is None and link.values_hash is not None and link.held is None:
                forgotten += 1
                flaw = await _unlawful(db, tenant, link)
            if flaw is None and (head := wanted.pop(link.n, None)) and head.hash != link.hash.hex():
                flaw = Flaw(link.n, link.row_id, "it is not the row whose hash was kept")
            if flaw:
                break
            rows, n, prev, last_seq = rows + 1, link.n, link.hash, link.seq
        if len(batch) < BATCH:
            break
    if flaw is None and wanted:
        first = min(wanted)
        flaw = Flaw(first, None, "the row whose hash was kept is gone, and all after it")
    flaw = flaw or await _slipped_in(db, tenant) or await _false_head(db, tenant)
    return Verdict(rows, await _waiting(db, tenant), forgotten, flaw)


def _flaw_of(link: Any, *, n: int, prev: bytes, last_seq: int) -> Flaw | None:
    if link.n != n + 1:
        return Flaw(n + 1, None, "its link is gone")
    if link.prev != prev or link.seq <= last_seq:
        return Flaw(link.n, link.row_id, "it does not follow from the row before")
    if link.row is None:
        return Flaw(link.n, link.row_id, "the row is gone")
    if link.held is not None and digest(link.held) != link.values_hash:
        return Flaw(link.n, link.row_id, "its old and new values are not those that were written")
    sealed = seal(
        prev,
        seq=link.seq,
        tenant=link.tenant_id,
        n=link.n,
        kind=link.kind,
        row_id=link.row_id,
        values_hash=link.values_hash,
        row=link.row,
    )
    return None if sealed == link.hash else Flaw(link.n, link.row_id, "the row is not as it was written")


async def _unlawful(db: AsyncSession, tenant: UUID | None, link: Any) -> Flaw | None:
    """Old and new values that are gone although no line of the trail says that they were to be forgotten."""
    said = await db.scalar(
        text(
            f"SELECT count(*) FROM audit_logs WHERE tenant_id {_same(tenant)} AND action = :action "  # noqa: S608
            "AND new_values -> 'rows' ? :row"
        ),
        _params(tenant, action=audit.FORGOTTEN, row=str(link.row_id)),
    )
    return None if said else Flaw(link.n, link.row_id, "its old and new values are gone")


_LOOSE = " UNION ALL ".join(
    f"(SELECT r.id, r.seq, r.tenant_id FROM {table} r WHERE r.tenant_id {{same}} AND r.seq IS NOT NULL "  # noqa: S608
    "AND r.seq <= (SELECT coalesce(max(seq), 0) FROM audit_chain) "
    "AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.row_id = r.id))"
    for _kind, table in _TABLES
)


async def _slipped_in(db: AsyncSession, tenant: UUID | None) -> Flaw | None:
    """A row that claims a place in the past and was never chained; old values beside a row that had none."""
    loose = _LOOSE.format(same=_same(tenant)) + " ORDER BY seq LIMIT 1"
    row = (await db.execute(text(loose), _params(tenant))).first()
    if row is None:
        return None
    before = f"FROM audit_chain WHERE tenant_id {_same(tenant)} AND seq < :seq"
    place = text(f"SELECT coalesce(max(n), 0) + 1 {before}")
    n = await db.scalar(place, _params(tenant, seq=row.seq))
    return Flaw(n or 1, row.id, "the row was slipped in")


async def _false_head(db: AsyncSession, tenant: UUID | None) -> Flaw | None:
    async for line, head in heads(db, tenant):
        hash_then = await db.scalar(
            select(AuditLink.hash).where(AuditLink.tenant_id == tenant, AuditLink.n == head.n)
        )
        if not head.is_ours:
            return Flaw(head.n, line, "a signed head does not carry our signature")
        if head.tenant != str(tenant or "") or hash_then is None or hash_then.hex() != head.hash:
            return Flaw(head.n, line, "the chain is not the one whose head was signed")
    return None


async def _waiting(db: AsyncSession, tenant: UUID | None) -> int:
    counts = " + ".join(
        f"(SELECT count(*) FROM {table} r WHERE r.tenant_id {_same(tenant)} AND (r.seq IS NULL OR r.seq > "  # noqa: S608
        "(SELECT coalesce(max(seq), 0) FROM audit_chain)))"
        for _kind, table in _TABLES
    )
    return await db.scalar(text(f"SELECT {counts}"), _params(tenant)) or 0
