"""Looks over the audit trail every few minutes for what an owner, or whoever looks after the network, should know of at
once: passwords being guessed, doors being tried, a stolen token, a file with a virus. Told once for each burst."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import String, cast, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files
from app.core.db import transaction
from app.core.events import Event, Heard, record
from app.core.permissions import OWNERS
from app.core.queue import cron
from app.core.security import as_uuid
from app.core.tables import AuditLog, EventRow
from app.core.viewer import Viewer
from app.core.words import _, ngettext, speaking
from app.domains.accounts import User
from app.domains.accounts.events import SignInFailed
from app.domains.accounts.signing_in import NO_SUCH_ACCOUNT
from app.domains.network.crew import still_works
from app.domains.network.models import RoleAt
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for

WINDOW = timedelta(minutes=15)
FAILED_SIGN_INS, FAILED_FROM_ADDRESS, DENIALS = 5, 10, 10
"""So many within the window are a burst."""

Kind = Literal["sign_ins", "address", "denials", "token", "virus"]


class BurstNoticed(Event, frozen=True, kw_only=True):
    """Something happened too often in a short time. `subject` is an account's id or an address."""

    kind: Kind
    subject: str
    name: str = ""
    count: int


class Burst(msgspec.Struct, frozen=True):
    kind: Kind
    subject: str
    count: int
    tenant_id: UUID | None = None


@cron("*/3 * * * *")
async def look_out() -> None:
    since = clock.now() - WINDOW
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        looks = (_guessed, _denied, _reused, _infected)
        for burst in [burst for look in looks for burst in await look(db, since)]:
            for tenant_id in await _whose(db, burst):
                await _notice(db, burst, tenant_id, since)


async def _guessed(db: AsyncSession, since: datetime) -> list[Burst]:
    """Wrong passwords: by account, and by the address they come from."""
    failed = (
        EventRow.name == SignInFailed.__name__,
        EventRow.tenant_id.is_(None),
        EventRow.created_at >= since,
    )
    accounts = await db.execute(
        select(EventRow.user_id, func.count().label("count"))
        .where(*failed)
        .group_by(EventRow.user_id)
        .having(func.count() >= FAILED_SIGN_INS)
    )
    unknown = (AuditLog.action == NO_SUCH_ACCOUNT, AuditLog.created_at >= since)
    wrong = union_all(select(EventRow.ip).where(*failed), select(AuditLog.ip).where(*unknown)).subquery()
    addresses = await db.execute(
        select(wrong.c.ip, func.count().label("count"))
        .where(wrong.c.ip != "")
        .group_by(wrong.c.ip)
        .having(func.count() >= FAILED_FROM_ADDRESS)
    )
    return [
        *(Burst("sign_ins", str(row[0]), row[1]) for row in accounts),
        *(Burst("address", row[0], row[1]) for row in addresses),
    ]


async def _denied(db: AsyncSession, since: datetime) -> list[Burst]:
    rows = await db.execute(
        select(AuditLog.user_id, AuditLog.tenant_id, func.count().label("count"))
        .where(
            AuditLog.action == "permission.denied",
            AuditLog.created_at >= since,
            AuditLog.user_id.is_not(None),
        )
        .group_by(AuditLog.user_id, AuditLog.tenant_id)
        .having(func.count() >= DENIALS)
    )
    return [Burst("denials", str(row[0]), row[2], row[1]) for row in rows]


async def _reused(db: AsyncSession, since: datetime) -> list[Burst]:
    rows = await db.execute(
        select(AuditLog.entity_id, func.count().label("count"))
        .where(AuditLog.action == "token.reused", AuditLog.created_at >= since)
        .group_by(AuditLog.entity_id)
    )
    return [Burst("token", row[0], row[1]) for row in rows]


async def _infected(db: AsyncSession, since: datetime) -> list[Burst]:
    """By whom: one file is enough. A program of a shop has a name and no account."""
    who = func.coalesce(cast(AuditLog.user_id, String), AuditLog.actor_name)
    rows = await db.execute(
        select(who, AuditLog.tenant_id, func.count().label("count"))
        .where(AuditLog.action == files.INFECTED, AuditLog.created_at >= since)
        .group_by(who, AuditLog.tenant_id)
    )
    return [Burst("virus", row[0], row[2], row[1]) for row in rows]


async def _whose(db: AsyncSession, burst: Burst) -> Sequence[UUID | None]:
    """The businesses whose affair it is; the platform's when it is nobody's."""
    if burst.tenant_id or burst.kind == "address":
        return [burst.tenant_id]
    works_at = text("SELECT DISTINCT tenant_id FROM roles_held(:person) WHERE tenant_id IS NOT NULL")
    return (await db.scalars(works_at, {"person": as_uuid(burst.subject)})).all() or [None]


async def _notice(db: AsyncSession, burst: Burst, tenant_id: UUID | None, since: datetime) -> None:
    told = await db.scalar(
        select(EventRow.id)
        .where(
            EventRow.tenant_id == tenant_id,
            EventRow.created_at >= since,
            EventRow.name == BurstNoticed.__name__,
            EventRow.payload["kind"].astext == burst.kind,
            EventRow.payload["subject"].astext == burst.subject,
        )
        .limit(1)
    )
    if told:
        return
    user = await db.get(User, user_id) if (user_id := as_uuid(burst.subject)) else None
    name = user.name if user else "" if user_id else burst.subject
    event = BurstNoticed(kind=burst.kind, subject=burst.subject, name=name, count=burst.count)
    await record(db, event, by=Viewer.system(tenant_id), tenant=tenant_id)


async def tell_of_burst(db: AsyncSession, heard: Heard[BurstNoticed]) -> None:
    """A line for each owner of the business; for the network's administrators when it is the platform's."""
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    wanted = select(RoleAt.user_id).where(
        RoleAt.tenant_id == heard.tenant_id,
        RoleAt.role.in_(OWNERS if heard.tenant_id else {"network_admin"}),
    )
    if heard.tenant_id:  # the network's administrators are nobody's staff
        wanted = wanted.where(still_works())
    watchers = (await db.scalars(wanted.distinct())).all()
    await db.execute(text("SELECT set_config('app.network', '', true)"))
    base = "/settings/audit" if heard.tenant_id else "/network/audit"
    for user_id in watchers:
        to = await recipients.person(db, user_id, tenant_id=heard.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            title, message = said(heard.event)
        line = Line("security", title, message, f"{base}?q={heard.event.subject}")
        await list_for(db, heard, user_id, line, tenant_id=heard.tenant_id)


def said(event: BurstNoticed) -> tuple[str, str]:
    """Title and message in the reader's language."""
    match event.kind:
        case "sign_ins":
            return _("Somebody is guessing a password"), ngettext(
                "%(num)d failed sign-in within 15 minutes to the account of %(name)s.",
                "%(num)d failed sign-ins within 15 minutes to the account of %(name)s.",
                event.count,
                name=event.name,
            )
        case "address":
            return _("Somebody is guessing passwords"), ngettext(
                "%(num)d failed sign-in within 15 minutes from the address %(address)s.",
                "%(num)d failed sign-ins within 15 minutes from the address %(address)s.",
                event.count,
                address=event.subject,
            )
        case "denials":
            return _("Many things that are not allowed were tried"), ngettext(
                "%(name)s was refused %(num)d time within 15 minutes.",
                "%(name)s was refused %(num)d times within 15 minutes.",
                event.count,
                name=event.name,
            )
        case "virus":
            return _("A file with a virus was sent"), ngettext(
                "%(name)s sent %(num)d file in which the virus scanner found something. It was not taken. Have the "
                "device checked that it comes from.",
                "%(name)s sent %(num)d files in which the virus scanner found something. None was taken. Have the "
                "device checked that they come from.",
                event.count,
                name=event.name,
            )
        case "token":
            return _("A spent token was used again"), _(
                "It may have been stolen from %(name)s. Every program of that sign-in was signed out.",
                name=event.name,
            )
