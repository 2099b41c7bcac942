"""The audit trail as people search it: events and log entries in one list, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.tables import AuditLink, AuditLog, AuditValues, EventRow

PAGE = 50

Kind = Literal["", "writes", "refusals", "looks", "sign_ins"]

SIGN_INS = (
    "SignedIn", "SignInFailed", "SignInLocked", "SignedUp", "PasswordChanged", "PasswordResetRequested", "RecoveryCodeUsed",
    "SecondFactorPaused", "KioskEntered", "KioskPinPaused",
)  # fmt: skip
PIN_WRONG, PIN_PAUSED = "pin.wrong", "pin.paused"
REFUSED_IN = ("sign_in.unknown", PIN_WRONG, PIN_PAUSED)
"""What no event tells of somebody who was not let in."""
HOUSE = ("audit.head", "audit.forgotten", "changed", "erasures.replayed")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for. Empty fields want anything."""

    kind: Kind = ""
    who: str = ""
    """Part of a name."""
    action: str = ""
    """Part of what was done: OrderMoved, permission.denied."""
    entity: str = ""
    """A kind of thing ("order"), or one thing's id."""
    q: str = ""
    """Free text, also in the values."""
    q_actions: Sequence[str] = ()
    q_ids: Sequence[str] = ()
    """What the free text says on the screen: actions that read so, and things that are called so."""
    actions: Sequence[str] = ()
    """Actions that read as `action` does."""
    ids: Sequence[str] = ()
    """Things that are called as `entity` says."""
    since: datetime | None = None
    until: datetime | None = None


class Place(msgspec.Struct, frozen=True):
    """Where a page of the list ends: the next one begins behind it."""

    at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """As it stood in an address; None for nonsense, which begins at the top."""
        at, _rule, row_id = text.partition("_")
        try:
            moment = datetime.fromisoformat(at)
            return cls(moment, UUID(row_id)) if moment.tzinfo else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.id}"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the trail, whichever table it is in."""

    id: UUID
    kind: Literal["event", "log"]
    at: datetime
    user_id: UUID | None
    who: str
    action: str
    entity_type: str
    entity_id: str
    detail: dict[str, Any]
    old: dict[str, Any]
    new: dict[str, Any]
    ip: str
    user_agent: str
    request_id: str
    n: int | None
    """Its number in the hash chain; None while it is not chained yet."""
    hash: str

    @property
    def is_look(self) -> bool:
        return self.action.startswith("read.")

    @property
    def is_refusal(self) -> bool:
        return self.kind == "log" and not self.is_look and self.action not in HOUSE

    @property
    def place(self) -> Place:
        return Place(self.at, self.id)


def like(text: str) -> str:
    """A part of a text, for ILIKE."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _of_kind(kind: Kind) -> tuple[ColumnElement[bool] | None, ColumnElement[bool] | None]:
    """The condition on events and on log entries; None leaves that table out."""
    every = literal(True)
    is_look = AuditLog.action.like("read.%")
    match kind:
        case "writes":
            return EventRow.name.not_in(SIGN_INS), AuditLog.action == "changed"
        case "refusals":
            return None, and_(~is_look, AuditLog.action.not_in(HOUSE))
        case "looks":
            return None, is_look
        case "sign_ins":
            return EventRow.name.in_(SIGN_INS), AuditLog.action.in_(REFUSED_IN)
    return every, every


LABELS = ("label", "number", "title", "code")
"""What a thing is called in its events, the first that says something."""


def _thing(kind: Any, said: Any) -> ColumnElement[str]:
    """A row's thing as it is shown: "order 1003"."""
    called = func.coalesce(*(func.nullif(said[one].astext, "") for one in LABELS))
    return func.concat_ws(" ", func.replace(kind, "_", " "), called)


def _events(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.who:
        found.append(EventRow.actor_name.ilike(like(wanted.who)))
    if wanted.action:
        name = EventRow.name
        found.append(or_(name.ilike(like(wanted.action.replace(" ", ""))), name.in_(wanted.actions)))
    thing = _thing(EventRow.entity_type, EventRow.payload)
    if wanted.entity:
        ids = [wanted.entity, *wanted.ids]
        found.append(
            or_(
                EventRow.entity_type == wanted.entity,
                EventRow.entity_id.in_(ids),
                thing.ilike(like(wanted.entity)),
            )
        )
    if wanted.q:
        part = like(wanted.q)
        held = exists().where(
            AuditValues.row_id == EventRow.id,
            or_(
                cast(AuditValues.old_values, Text).ilike(part), cast(AuditValues.new_values, Text).ilike(part)
            ),
        )
        texts = (
            EventRow.actor_name,
            EventRow.name,
            EventRow.entity_id,
            EventRow.ip,
            EventRow.request_id,
            cast(EventRow.payload, Text),
            thing,
        )
        said = [EventRow.name.in_(wanted.q_actions), EventRow.entity_id.in_(wanted.q_ids)]
        if wanted.q_ids:
            said.append(cast(EventRow.payload, Text).op("~")("|".join(wanted.q_ids)))
        found.append(or_(*(one.ilike(part) for one in texts), held, *said))
    return found


def _logs(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.who:
        found.append(AuditLog.actor_name.ilike(like(wanted.who)))
    if wanted.action:
        part = wanted.action.replace(" ", "_")
        parts = (AuditLog.action.ilike(like(one)) for one in (part, wanted.action))
        found.append(or_(*parts, AuditLog.action.in_(wanted.actions)))
    thing = _thing(AuditLog.entity_type, AuditLog.new_values)
    if wanted.entity:
        ids = [wanted.entity, *wanted.ids]
        found.append(
            or_(
                AuditLog.entity_type == wanted.entity,
                AuditLog.entity_id.in_(ids),
                thing.ilike(like(wanted.entity)),
            )
        )
    if wanted.q:
        texts = (
            AuditLog.actor_name,
            AuditLog.action,
            AuditLog.entity_id,
            AuditLog.ip,
            AuditLog.request_id,
            cast(AuditLog.old_values, Text),
            cast(AuditLog.new_values, Text),
            thing,
        )
        said = (AuditLog.action.in_(wanted.q_actions), AuditLog.entity_id.in_(wanted.q_ids))
        found.append(or_(*(one.ilike(like(wanted.q)) for one in texts), *said))
    return found


def _within(table: type[EventRow] | type[AuditLog], wanted: Wanted, before: Place | None) -> list[Any]:
    found: list[Any] = []
    if wanted.since:
        found.append(table.created_at >= wanted.since)
    if wanted.until:
        found.append(table.created_at < wanted.until)
    if before:
        found.append(tuple_(table.created_at, table.id) < tuple_(before.at, before.id))
    return found


async def search(
    db: AsyncSession,
    tenant: UUID | None,
    wanted: Wanted,
    *,
    before: Place | None = None,
    limit: int = PAGE,
    only: UUID | None = None,
) -> Sequence[Entry]:
    """Rows of one trail (None: the platform's own), newest first, from behind `before` on."""
    of_events, of_logs = _of_kind(wanted.kind)
    parts = []
    if of_events is not None:
        parts.append(
            select(
                EventRow.id,
                literal("event").label("kind"),
                EventRow.created_at.label("at"),
                EventRow.actor_id.label("user_id"),
                EventRow.actor_name.label("who"),
                EventRow.name.label("action"),
                EventRow.entity_type,
                EventRow.entity_id,
                EventRow.payload.label("detail"),
                cast(null(), AuditLog.old_values.type).label("old"),
                cast(null(), AuditLog.new_values.type).label("new"),
                EventRow.ip,
                EventRow.user_agent,
                EventRow.request_id,
            )
            .where(
                EventRow.tenant_id == tenant,
                of_events,
                *_events(wanted),
                *_within(EventRow, wanted, before),
                *([EventRow.id == only] if only else []),
            )
            .order_by(EventRow.created_at.desc(), EventRow.id.desc())
            .limit(limit)
        )
    if of_logs is not None:
        parts.append(
            select(
                AuditLog.id,
                literal("log").label("kind"),
                AuditLog.created_at.label("at"),
                AuditLog.user_id,
                AuditLog.actor_name.label("who"),
                AuditLog.action,
                AuditLog.entity_type,
                AuditLog.entity_id,
                cast(null(), AuditLog.old_values.type).label("detail"),
                AuditLog.old_values.label("old"),
                AuditLog.new_values.label("new"),
                AuditLog.ip,
                AuditLog.user_agent,
                AuditLog.request_id,
            )
            .where(
                AuditLog.tenant_id == tenant,
                of_logs,
                *_logs(wanted),
                *_within(AuditLog, wanted, before),
                *([AuditLog.id == only] if only else []),
            )
            .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
            .limit(limit)
        )
    # Each table gives its newest, by its own index; only these are merged.
    row = union_all(*(part.subquery().select() for part in parts)).subquery()
    query = (
        select(row, AuditValues.old_values, AuditValues.new_values, AuditLink.n, AuditLink.hash)
        .outerjoin(AuditValues, AuditValues.row_id == row.c.id)
        .outerjoin(AuditLink, AuditLink.row_id == row.c.id)
        .order_by(row.c.at.desc(), row.c.id.desc())
        .limit(limit)
    )
    return [_entry(one) for one in await db.execute(query)]


def _entry(row: Any) -> Entry:
    is_change = row.action == "changed"
    detail = row.detail or ({} if is_change else row.new) or {}
    return Entry(
        id=row.id,
        kind=row.kind,
        at=row.at,
        user_id=row.user_id,
        who=row.who,
        action=row.action,
        entity_type=row.entity_type,
        entity_id=row.entity_id,
        detail=detail,
        old=row.old_values or row.old or {},
        new=row.new_values or (row.new if is_change else None) or {},
        ip=row.ip,
        user_agent=row.user_agent,
        request_id=row.request_id,
        n=row.n,
        hash=row.hash.hex() if row.hash else "",
    )


async def find(db: AsyncSession, tenant: UUID | None, row_id: UUID) -> Entry:
    """One row of a trail. Raises NotFound, also for a row of another's trail."""
    found = await search(db, tenant, Wanted(), only=row_id, limit=1)
    if not found:
        raise NotFound
    return found[0]
