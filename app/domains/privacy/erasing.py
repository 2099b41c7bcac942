"""Erasing an account: asked for, kept after all, or done when its days are over.

What is the person's alone is deleted. What the law keeps (invoices, ledger, signed approvals) stays and names an id
that no longer leads to anybody. Each shop's own record of them is the shop's, and is erased by it
(`customers/erasing.py`) as soon as everything between the two is settled.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock, erasures
from app.core.db import transaction
from app.core.erasures import Again
from app.core.errors import Invalid, Refused
from app.core.events import Heard, record
from app.core.permissions import OWNERS
from app.core.personal import declared
from app.core.queue import cron, for_each
from app.core.relay import outside_transaction
from app.core.tables import AuditValues, EventRow
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts import User
from app.domains.privacy.events import AccountErased, AccountKept, ErasureAsked
from app.domains.privacy.exporting import own_hands

GRACE = timedelta(days=14)
WHY = "the account was erased at its owner's wish"


def hindrance(me: Viewer) -> str:
    """Why this account cannot be erased now, and what to do first; "" when it can."""
    if any(one.role in OWNERS for one in me.held):
        return _(
            "A business here is yours. Make somebody else its owner and have them end your roles, or ask the "
            "network to close the business; then your account can be erased."
        )
    if me.held:
        return _(
            "You work for a business here. Ask its owner to end your roles; then your account can be erased."
        )
    return ""


async def ask(db: AsyncSession, user: User, typed: str, *, by: Viewer) -> None:
    """Erase the account after some days. Asking again changes nothing. Raises Forbidden, Refused, Invalid."""
    own_hands(by)
    if why := hindrance(by):
        raise Refused(why)
    if typed.strip().lower() != user.email.lower():
        raise Invalid(
            {"confirmation": _("Please type %(email)s, the address of your account.", email=user.email)}
        )
    if user.erase_at is None:
        user.erase_at = clock.now() + GRACE
        event = ErasureAsked(user_id=user.id, erase_at=user.erase_at)
        await record(db, event, by=by, person=user.id, subject=user.id)


async def keep(db: AsyncSession, user: User, *, by: Viewer) -> None:
    """Keep the account after all. Raises Forbidden."""
    own_hands(by)
    if user.erase_at is not None:
        user.erase_at = None
        await record(db, AccountKept(user_id=user.id), by=by, person=user.id, subject=user.id)


@cron("25 * * * *", timeout=900)
async def erase_due_accounts() -> None:
    """Every hour: accounts whose days are over."""
    async with transaction() as db:
        due = list(await db.scalars(text("SELECT accounts_to_erase(:now)"), {"now": clock.now()}))
    await for_each(due, erase)


async def erase(person: UUID) -> None:
    """Erase one account, all of it or nothing. One that is kept meanwhile, or works for a business again, stays."""
    async with transaction(user=person) as db:
        user = await db.scalar(select(User).where(User.id == person).with_for_update())
        if user is None or user.erase_at is None or user.erase_at > clock.now():
            return
        if await db.scalar(text("SELECT EXISTS (SELECT 1 FROM roles_held(:user))"), {"user": person}):
            await keep(db, user, by=Viewer(kind="person", user_id=person, name=user.name))
            return
        await _take_away(db, person)


async def _take_away(db: AsyncSession, person: UUID) -> None:
    for domain in declared():
        if domain.erase is not None:
            await domain.erase(db, person)
    await forget_values(db, person)
    # What was just taken away would go into the trail with the next event.
    await audit.take_changes(db)
    await record(db, AccountErased(user_id=person), by=Viewer.system(), person=person, subject=person)


@outside_transaction
async def list_erased_account(heard: Heard[AccountErased]) -> None:
    """Reaction: onto the list that restoring an older copy of the database does not roll back."""
    await erasures.note("account", heard.event.user_id)


async def erase_again(person: UUID) -> Again:
    """Erase an account that an older copy of the database has brought back."""
    async with transaction(user=person) as db:
        user = await db.scalar(select(User).where(User.id == person).with_for_update())
        if user is None or user.is_erased:
            return "is gone"
        if await db.scalar(text("SELECT EXISTS (SELECT 1 FROM roles_held(:user))"), {"user": person}):
            return "waits"
        await _take_away(db, person)
        return "erased"


async def forget_values(db: AsyncSession, person: UUID) -> None:
    """The old and new values that the platform's own trail holds of them."""
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    rows = await db.scalars(
        select(AuditValues.row_id)
        .join(EventRow, EventRow.id == AuditValues.row_id)
        .where(EventRow.user_id == person, EventRow.tenant_id.is_(None))
    )
    await audit.forget(db, list(rows), by=Viewer.system(), tenant=None, why=WHY)
    await db.execute(text("SELECT set_config('app.network', '', true)"))
