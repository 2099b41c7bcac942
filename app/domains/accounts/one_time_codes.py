"""Codes of an authenticator app (TOTP, RFC 6238): six digits, a new one every half minute, each good once."""

import hmac
from datetime import datetime

import pyotp
import segno
import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, sealing
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.security import sign, unsign
from app.core.words import _
from app.domains.accounts.models import CODE_SEAL, OneTimeCode, User

log = structlog.get_logger()

STEP = 30
ENROL_SECONDS = 30 * 60


def step_of(moment: datetime) -> int:
    """The number of the half minute a moment lies in."""
    return int(moment.timestamp()) // STEP


def matching_step(secret: str, code: str, *, now: int, spent: int) -> int | None:
    """The half minute whose code this is: the present one, or its neighbours for clocks that go wrong.

    None when there is none, or when it is not after `spent`, the last one a code was taken for.
    """
    app = pyotp.TOTP(secret)
    for step in (now - 1, now, now + 1):
        if step > spent and hmac.compare_digest(app.at(step * STEP).encode(), code.encode()):
            return step
    return None


def offer(user: User) -> str:
    """A new secret for a person's app, as a token that the page of the QR code carries to its form: until a first
    code has come back nothing is stored."""
    return sign("enrol", [str(user.id), pyotp.random_base32()], seconds=ENROL_SECONDS)


def offered(user: User, token: str) -> str:
    """The secret of an offer. Raises Refused when it was made for somebody else or too long ago."""
    try:
        user_id, secret = unsign("enrol", token)
    except ValueError:
        user_id, secret = "", ""
    if user_id != str(user.id):
        raise Refused(_("This page is too old. Please begin again."), status=410)
    return str(secret)


def drawn(user: User, secret: str) -> str:
    """The QR code for the app's camera, as the address of an image."""
    address = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="Torqueline")
    return segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000")


async def of_person(db: AsyncSession, user: User) -> OneTimeCode | None:
    found: OneTimeCode | None = await db.scalar(select(OneTimeCode).where(OneTimeCode.user_id == user.id))
    return found


async def enrol(db: AsyncSession, user: User, *, secret: str, code: str) -> None:
    """Keep the app that has shown this code. Raises Invalid for a wrong one, Refused when there is an app."""
    if await of_person(db, user):
        raise Refused(_("There is an app already. Remove it first."))
    step = matching_step(secret, code, now=step_of(clock.now()), spent=0)
    if step is None:
        raise Invalid({"code": _("That is not the code the app shows now. Is the clock of the phone right?")})
    db.add(
        OneTimeCode(
            id=new_id(), user_id=user.id, secret_sealed=sealing.seal(CODE_SEAL, secret), last_step=step
        )
    )


async def spend(db: AsyncSession, user: User, code: str) -> bool:
    """Whether the code is right and was never taken before; from now on it is spent. An app whose seal no key opens
    proves nothing, and keeps nobody from the other ways in."""
    app = await db.scalar(select(OneTimeCode).where(OneTimeCode.user_id == user.id).with_for_update())
    if app is None:
        return False
    try:
        secret = sealing.unseal(CODE_SEAL, app.secret_sealed)
    except ValueError:
        log.error("one_time_code.sealed_with_a_lost_key", user_id=str(user.id))
        return False
    step = matching_step(secret, code, now=step_of(clock.now()), spent=app.last_step)
    if step is None:
        return False
    app.last_step = step
    return True


async def remove(db: AsyncSession, user: User) -> None:
    await db.execute(delete(OneTimeCode).where(OneTimeCode.user_id == user.id))
