"""Second factors as a whole: what comes and goes with the first and the last of them, and whom it signs out."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts import one_time_codes, passkeys, recovery
from app.domains.accounts.entering import has_second_factor
from app.domains.accounts.events import SecondFactorChanged
from app.domains.accounts.models import User
from app.domains.accounts.signing_in import end_other_sessions


async def add_app(db: AsyncSession, user: User, *, secret: str, code: str, by: Viewer) -> list[str]:
    """Keep an authenticator app that has shown a right code. Recovery codes to show, when it is the first factor.
    Raises Invalid, Refused."""
    is_first = not await has_second_factor(db, user.id)
    await one_time_codes.enrol(db, user, secret=secret, code=code)
    await _changed(db, user, "app_added", by)
    return await recovery.deal(db, user) if is_first else []


async def remove_app(db: AsyncSession, user: User, *, by: Viewer) -> None:
    await one_time_codes.remove(db, user)
    await _changed(db, user, "app_removed", by)
    await _forget_codes_of_nothing(db, user)


async def add_passkey(
    db: AsyncSession, user: User, answer: str, *, name: str, browser: str, by: Viewer
) -> list[str]:
    """Keep a passkey. Recovery codes to show, when it is the first factor. Raises Invalid."""
    is_first = not await has_second_factor(db, user.id)
    await passkeys.register(db, user, answer, name=name, browser=browser)
    await _changed(db, user, "passkey_added", by)
    return await recovery.deal(db, user) if is_first else []


async def remove_passkey(db: AsyncSession, user: User, passkey_id: UUID, *, by: Viewer) -> None:
    await passkeys.remove(db, user, passkey_id)
    await _changed(db, user, "passkey_removed", by)
    await _forget_codes_of_nothing(db, user)


async def renew_codes(db: AsyncSession, user: User, *, by: Viewer) -> list[str]:
    """New recovery codes instead of the old. Raises Refused without a factor to recover from."""
    if not await has_second_factor(db, user.id):
        raise Refused(_("Set up an app or a passkey first."))
    await _changed(db, user, "codes_renewed", by)
    return await recovery.deal(db, user)


async def _forget_codes_of_nothing(db: AsyncSession, user: User) -> None:
    if not await has_second_factor(db, user.id):
        await recovery.forget(db, user)


async def _changed(db: AsyncSession, user: User, change: Any, by: Viewer) -> None:
    await end_other_sessions(db, user, keep=by.session_id)
    changed = SecondFactorChanged(user_id=user.id, change=change)
    await record(db, changed, by=by, person=user.id, subject=user.id)
