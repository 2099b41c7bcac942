"""What the audit trail keeps beside the events: old and new values, refusals, and who looked at what.

Whatever an operation changes through the session is noticed when it is flushed, and goes with the next event that is
recorded; nobody has to write it down. See docs/decisions/audit.md.
"""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import LargeBinary, event, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper, ORMExecuteState, Session
from sqlalchemy.sql.dml import Delete, Insert

from app.core import clock
from app.core.db import new_id
from app.core.tables import AuditLog, AuditValues
from app.core.viewer import Viewer

UNTOLD = frozenset(
    {
        # the trail itself and the house's machinery
        "events", "audit_logs", "audit_values", "audit_chain", "deliveries", "dead_jobs", "idempotency_keys",
        "rate_counts", "passkey_challenges", "half_ways", "webhook_events", "occupations", "order_numbers", "number_series", "ledger_entries",
        # what people are told, and how they come in: an event says that it happened
        "setting_changes", "notifications", "mails", "threads", "messages", "sessions", "refresh_tokens", "password_resets", "email_proofs",
    }
)  # fmt: skip
"""Tables whose rows are not written down a second time."""

SECRET = re.compile(
    r"password|secret|token|hash|salt|signature|recovery|credential|private|sealed|cipher|verifier|(^|_)(otp|totp|pin|nonce)(_|$)|(^|_)key$"
)
"""Columns whose values never enter the trail, whatever table they stand in; neither do bytes."""

UNSAID = frozenset({"id", "tenant_id", "created_at", "date_of_birth"})
"""Columns that say nothing new; and one that is nobody's business: an employer reads the trail of its people."""

MOST_ROWS, LONGEST = 40, 500
FORGOTTEN = "audit.forgotten"

Values = dict[str, dict[str, dict[str, Any]]]
"""{table: {id: {column: value}}}"""


def is_secret(column: Any) -> bool:
    """Whether a column's values stay out of the trail."""
    return bool(SECRET.search(column.name)) or isinstance(column.type, LargeBinary)


def _columns(mapper: Mapper[Any]) -> list[tuple[str, str]]:
    """(attribute, column) of what may be told of a row."""
    return [
        (one.key, one.columns[0].name)
        for one in mapper.column_attrs
        if not is_secret(one.columns[0]) and one.columns[0].name not in UNSAID
    ]


def plain(value: Any) -> Any:
    """A value as the trail keeps it: JSON without floats, long texts cut."""
    if isinstance(value, float):
        return str(value)
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + "…"
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return msgspec.to_builtins(value, enc_hook=str)


def changes(row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new values of a row that has not been flushed yet, from SQLAlchemy's history of its attributes.

    A new row has no old values, and of its new ones those that say something.
    """
    state = inspect(row)
    is_new = not state.has_identity
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for attribute, column in _columns(state.mapper):
        history = state.attrs[attribute].history
        if not history.added and not history.deleted:
            continue
        before = history.deleted[0] if history.deleted else None
        after = history.added[0] if history.added else None
        if before == after or (is_new and after in (None, "", [], {})):
            continue
        if not is_new:
            old[column] = plain(before)
        new[column] = plain(after)
    return old, new


def _noted(session: Session) -> tuple[Values, Values]:
    noted: tuple[Values, Values] = session.info.setdefault("audit", ({}, {}))
    return noted


def _note(session: Session, table: str, row_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    olds, news = _noted(session)
    if not (old or new) or sum(map(len, news.values())) + sum(map(len, olds.values())) >= 2 * MOST_ROWS:
        return
    first = olds.setdefault(table, {}).setdefault(row_id, {})
    for column, value in old.items():
        first.setdefault(column, value)  # changed twice: what it was before the first time
    news.setdefault(table, {}).setdefault(row_id, {}).update(new)


def _key_of(row: Any) -> str:
    return " ".join(str(part) for part in inspect(row).mapper.primary_key_from_instance(row))


def _on_flush(session: Session, _context: Any) -> None:
    for row in [*session.new, *session.dirty]:
        if row.__tablename__ not in UNTOLD:
            _note(session, row.__tablename__, _key_of(row), *changes(row))
    for row in session.deleted:
        if row.__tablename__ not in UNTOLD:
            mapper = inspect(row).mapper
            was = {column: plain(row.__dict__.get(attribute)) for attribute, column in _columns(mapper)}
            _note(session, row.__tablename__, _key_of(row), was, {})


def _on_delete(state: ORMExecuteState) -> None:
    """A DELETE … WHERE goes past the session: read first what it will take away."""
    mapper = state.bind_mapper
    if not isinstance(state.statement, Delete) or mapper is None:
        return
    table = str(mapper.local_table)
    if table in UNTOLD:
        return
    told = {column: attribute for attribute, column in _columns(mapper)}
    wanted = select(*mapper.primary_key, *(mapper.columns[one] for one in told.values())).limit(MOST_ROWS)
    if state.statement.whereclause is not None:
        wanted = wanted.where(state.statement.whereclause)
    keys = len(mapper.primary_key)
    for row in state.session.execute(
        wanted, state.parameters if isinstance(state.parameters, dict) else None
    ):
        was = dict(zip(told, map(plain, row[keys:]), strict=True))
        _note(state.session, table, " ".join(map(str, row[:keys])), was, {})


event.listen(Session, "after_flush", _on_flush)
event.listen(Session, "do_orm_execute", _on_delete)


async def take_changes(db: AsyncSession) -> tuple[Values, Values]:
    """What has been changed since the last time this was asked in this transaction: old and new values."""
    await db.flush()
    old, new = db.sync_session.info.pop("audit", ({}, {}))
    return {name: kept for name, rows in old.items() if (kept := {i: v for i, v in rows.items() if v})}, new


def values_beside(row_id: UUID, tenant: UUID | None, old: Values, new: Values) -> Insert:
    """The statement that puts old and new values beside an event."""
    return insert(AuditValues.metadata.tables["audit_values"]).values(
        row_id=row_id, tenant_id=tenant, salt=uuid4(), old_values=old, new_values=new
    )


async def keep_rest(db: AsyncSession, by: Viewer, *, tenant: UUID | None) -> None:
    """At the end of a request: what was changed without an event (a person's colours, say) is a line of its own."""
    old, new = await take_changes(db)
    if old or new:
        table = next(iter({**new, **old}))
        row_id = next(iter(new.get(table) or old[table]))
        await log(db, by, "changed", table, row_id, tenant=tenant, detail=new, old=old)


NOT_THE_ENTITY = ("center_id", "event_id")


def entity_of(payload: dict[str, Any]) -> tuple[str, str]:
    """What an event is about: the first thing it names, and its center only when it names nothing else."""
    named = [name for name, value in payload.items() if name.endswith("_id") and value is not None]
    rest = [name for name in named if name not in NOT_THE_ENTITY] or [
        name for name in named if name == "center_id"
    ]
    return (rest[0].removesuffix("_id"), str(payload[rest[0]])) if rest else ("", "")


async def read(
    db: AsyncSession,
    by: Viewer,
    entity_type: str,
    entity_id: object = "",
    *,
    tenant: UUID | None = None,
    **detail: Any,
) -> None:
    """Remember in the same transaction that somebody looked at something sensitive. `tenant` is whose it is, if it is
    not the reader's own shop's."""
    await log(
        db, by, f"read.{entity_type}", entity_type, entity_id, tenant=tenant or by.tenant_id, detail=detail
    )


async def log(
    db: AsyncSession,
    by: Viewer,
    action: str,
    entity_type: str = "",
    entity_id: object = "",
    *,
    tenant: UUID | None,
    detail: dict[str, Any] | None = None,
    old: dict[str, Any] | None = None,
) -> UUID:
    """Write a line that no event tells into the trail."""
    row_id = new_id()
    values: dict[str, Any] = {}
    if old:
        values["old_values"] = plain(old)
    if detail:
        values["new_values"] = plain(detail)
    await db.execute(
        insert(AuditLog).values(
            id=row_id,
            tenant_id=tenant,
            user_id=by.user_id,
            actor_name=by.name,
            action=action,
            entity_type=entity_type,
            entity_id=str(entity_id),
            ip=by.ip,
            user_agent=by.user_agent,
            request_id=by.request_id,
            created_at=clock.now(),
            **values,
        )
    )
    return row_id


async def forget(db: AsyncSession, rows: Sequence[UUID], *, by: Viewer, tenant: UUID | None, why: str) -> int:
    """Erase the old and new values of events, as the law may want it; the chain still proves all the rest, and the
    erasure itself is in the trail. How many there were."""
    gone = await db.scalars(text("SELECT * FROM forget_audit_values(:rows)"), {"rows": list(rows)})
    forgotten = [str(one) for one in gone]
    if forgotten:
        await log(db, by, FORGOTTEN, tenant=tenant, detail={"rows": forgotten, "why": why})
    return len(forgotten)
