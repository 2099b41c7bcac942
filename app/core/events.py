"""The event log: what happened, recorded in the transaction that made it happen."""

from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock
from app.core.db import new_id
from app.core.tables import EventRow
from app.core.viewer import Viewer


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, in the past tense; ids and values only."""


class PersonalEvent(Event, frozen=True, kw_only=True):
    """Something of somebody's own cars. What a shop does to them is the shop's affair too; what a person does to their own
    is none of the business they work for, wherever they are signed in."""


E = TypeVar("E", bound=Event)


class Heard(msgspec.Struct, Generic[E], frozen=True):
    """An event as a reaction gets it."""

    id: UUID
    seq: int
    event: E
    tenant_id: UUID | None
    user_id: UUID | None
    actor_id: UUID | None
    actor_name: str


async def record(
    db: AsyncSession,
    event: Event,
    *,
    by: Viewer,
    tenant: UUID | None = None,
    person: UUID | None = None,
    subject: UUID | None = None,
) -> UUID:
    """Write an event into the log; its reactions follow after the commit.

    `tenant` defaults to the actor's, but for a `PersonalEvent` of their own. `person` is the driver whose affair it is:
    they may read it too.
    `subject` is the id of the thing whose timeline it belongs to (the repair order, the vehicle).
    What this transaction has changed since its last event goes into the audit trail with this one.
    """
    is_own = isinstance(event, PersonalEvent) and person is not None and person == by.user_id
    if tenant is None and not is_own:
        tenant = by.tenant_id
    event_id = new_id()
    payload: dict[str, Any] = msgspec.to_builtins(event)
    old, new = await audit.take_changes(db)
    entity_type, entity_id = audit.entity_of(payload)
    line = insert(EventRow.metadata.tables["events"]).values(
        id=event_id,
        tenant_id=tenant,
        user_id=person,
        actor_id=by.user_id,
        actor_name=by.name,
        name=type(event).__name__,
        subject_id=subject,
        payload=payload,
        entity_type=entity_type,
        entity_id=entity_id,
        ip=by.ip,
        user_agent=by.user_agent,
        request_id=by.request_id,
        created_at=clock.now(),
    )
    if old or new:
        line = audit.values_beside(event_id, tenant, old, new).add_cte(line.cte("event"))
    await db.execute(line)
    return event_id


def heard(row: EventRow, kind: type[E]) -> Heard[E]:
    """A row of the log as a typed event."""
    return Heard(
        id=row.id,
        seq=row.seq or 0,
        event=msgspec.convert(row.payload, kind),
        tenant_id=row.tenant_id,
        user_id=row.user_id,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
    )
