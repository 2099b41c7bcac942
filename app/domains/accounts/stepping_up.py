"""Showing again that it is you: before what could take the account away from its owner."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, limits
from app.core.events import record
from app.core.limits import Limit
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.domains.accounts import one_time_codes, passwords, recovery
from app.domains.accounts.entering import has_second_factor
from app.domains.accounts.events import ProvedAgain, RecoveryCodeUsed, SecondFactorPaused
from app.domains.accounts.models import Session, User

TRIES = Limit("second factor", times=5, within=timedelta(minutes=15), strict=True)
PAUSE = Limit("second factor pause", times=0, within=timedelta(minutes=15), strict=True)


async def code_is_right(db: AsyncSession, user: User, code: str, *, by: Viewer) -> bool:
    """Whether a code of the app, or one from the paper, is right; it is spent then. After five wrong ones all are
    refused for fifteen minutes, and their owner is told once."""
    number = await _try_of(user)
    if number > TRIES.times:
        return False
    if await one_time_codes.spend(db, user, "".join(code.split())):
        return await _went_well(user)
    if await recovery.spend(db, user, code):
        await record(db, RecoveryCodeUsed(user_id=user.id), by=by, person=user.id, subject=user.id)
        return await _went_well(user)
    await _went_wrong(db, user, number, by=by)
    return False


async def password_is_right(db: AsyncSession, user: User, password: str, *, by: Viewer) -> bool:
    """Whether this is the account's password, where a password is all there is. Counted like codes."""
    number = await _try_of(user)
    if number > TRIES.times or await has_second_factor(db, user.id):
        return False
    if await passwords.matches(password, user.password_hash):
        return await _went_well(user)
    await _went_wrong(db, user, number, by=by)
    return False


async def _try_of(user: User) -> int:
    """Which try this is, counted before it is looked at: a hundred at once are not five."""
    if (await limits.tries(PAUSE, str(user.id)))[0]:
        return TRIES.times + 1
    return (await limits.count(TRIES, str(user.id)))[0]


async def _went_well(user: User) -> bool:
    await limits.forget(TRIES, str(user.id))
    return True


async def _went_wrong(db: AsyncSession, user: User, number: int, *, by: Viewer) -> None:
    if number == TRIES.times:
        await limits.count(PAUSE, str(user.id))
        await record(db, SecondFactorPaused(user_id=user.id), by=by, person=user.id, subject=user.id)


async def proved_again(db: AsyncSession, user: User, *, by: Viewer) -> str:
    """Note it in the present session, which gets a new id: the cookie that goes on from here."""
    token = new_token()
    await db.execute(
        update(Session)
        .where(Session.id == by.session_id)
        .values(token_hash=hash_token(token), proved_at=clock.now())
    )
    await record(db, ProvedAgain(user_id=user.id), by=by, person=user.id, subject=user.id)
    return token
