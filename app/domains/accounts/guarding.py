"""Guessing passwords must not pay, and must not lock anybody out for good: counted by address and place together,
for a whole workshop shares one place; by address alone with more patience, for a guesser may have many places; and by
place alone with the most, for a guesser may try one password on many addresses."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import limits
from app.core.db import act_as
from app.core.errors import TooMany
from app.core.events import record
from app.core.limits import Limit
from app.core.viewer import Viewer
from app.core.words import ngettext
from app.domains.accounts.events import SignInLocked

HERE = Limit("password here", times=10, within=timedelta(minutes=15), strict=True)
ANYWHERE = Limit("password anywhere", times=50, within=timedelta(hours=1), strict=True)
AT_ALL_HERE = Limit("passwords here", times=300, within=timedelta(minutes=15), strict=True)
UNHURRIED = 5
"""So many tries are answered at once; each further one takes a second longer."""

SIGN_UPS = Limit("sign-up", times=60, within=timedelta(hours=1), strict=True)
RESETS = Limit("reset", times=30, within=timedelta(hours=1), strict=True)
RESETS_OF_ONE = Limit("reset of one", times=3, within=timedelta(minutes=15), strict=True)
REFRESHES = Limit("refresh", times=600, within=timedelta(hours=1), strict=True)
PROOFS = Limit("address proof", times=10, within=timedelta(hours=1), per="person", strict=True)
"""Mails with a link to prove an address: anybody may have typed anybody's."""
LINKS = Limit("secret link", times=60, within=timedelta(minutes=15), strict=True)


async def before_password(email: str, ip: str) -> int:
    """Count a try; which one it is at this place. Raises TooMany, after waiting longer for each late one."""
    address, place = email.strip().lower(), limits.place(ip)
    await limits.take(AT_ALL_HERE, place)
    here, left = await limits.count(HERE, f"{address} {place}")
    anywhere, left_anywhere = await limits.count(ANYWHERE, address)
    if here > HERE.times or anywhere > ANYWHERE.times:
        seconds = left if here > HERE.times else left_anywhere
        raise TooMany(seconds, _wait(seconds))
    if here > UNHURRIED:
        await asyncio.sleep(min(here - UNHURRIED, 5))
    return max(here, HERE.times if anywhere == ANYWHERE.times else 0)


def _wait(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many tries for this email address. Please wait %(num)d minute, or choose a new password by mail.",
        "Too many tries for this email address. Please wait %(num)d minutes, or choose a new password by mail.",
        minutes,
    )


async def after_right(email: str, ip: str) -> None:
    """Begin anew: the password was right, or a new one was chosen by mail."""
    address = email.strip().lower()
    await limits.forget(HERE, f"{address} {limits.place(ip)}")
    await limits.forget(ANYWHERE, address)


async def after_wrong(db: AsyncSession, email: str, number: int, *, by: Viewer) -> None:
    """The try that closed the door is told to the account's owner, once."""
    if number != HERE.times:
        return
    user_id: UUID | None = await db.scalar(text("SELECT user_by_email(:email)"), {"email": email.strip()})
    if user_id is None:
        return
    await act_as(db, user=user_id)
    await record(db, SignInLocked(user_id=user_id, ip=by.ip), by=by, person=user_id, subject=user_id)


async def one_reset_more(email: str) -> bool:
    """Whether another mail to that address is bearable. Nobody is told: it would say who has an account."""
    number, _left = await limits.count(RESETS_OF_ONE, email.strip().lower())
    return number <= RESETS_OF_ONE.times
