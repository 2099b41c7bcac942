"""A person's own facts, password and its reset."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from babel.numbers import list_currencies
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.places import FUEL_UNITS
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _, languages
from app.domains.accounts import api_tokens, guarding, passwords
from app.domains.accounts.events import (
    EmailProved,
    OtherWaysForgotten,
    PasswordChanged,
    PasswordResetRequested,
    ProfileChanged,
)
from app.domains.accounts.models import (
    Identity,
    KioskPin,
    OneTimeCode,
    Passkey,
    PasswordReset,
    RecoveryCode,
    User,
)
from app.domains.accounts.signing_in import end_other_sessions

RESET_LIFE = timedelta(minutes=15)
OLDEST = timedelta(days=130 * 366)
THEMES = ("", "paper", "night")


async def own_account(db: AsyncSession, me: Viewer) -> User:
    """The viewer's own account. Raises NotFound for visitors."""
    user = await db.scalar(select(User).where(User.id == me.user_id)) if me.user_id else None
    if user is None:
        raise NotFound
    return user


async def change_profile(
    db: AsyncSession,
    user: User,
    *,
    name: str,
    phone: str,
    locale: str,
    zone: str,
    distance_unit: str,
    currency: str,
    fuel_unit: str,
    date_of_birth: date | None,
    preferred_center_id: UUID | None,
    by: Viewer,
) -> None:
    """Change one's own facts. Raises Invalid for an unknown zone, language, unit or workshop, and for a day nobody
    alive was born on."""
    if zone not in clock.zones():
        raise Invalid({"zone": _("Please choose a time zone from the list.")})
    if locale not in languages():
        raise Invalid({"locale": _("Please choose one of the options.")})
    if distance_unit not in ("km", "mi"):
        raise Invalid({"distance_unit": _("Please choose one of the options.")})
    if currency and currency not in list_currencies("en"):
        raise Invalid({"currency": _("Please choose a currency.")})
    if fuel_unit and fuel_unit not in FUEL_UNITS:
        raise Invalid({"fuel_unit": _("Please choose one of the options.")})
    if date_of_birth and not clock.today(zone) - OLDEST <= date_of_birth <= clock.today(zone):
        raise Invalid({"date_of_birth": _("Please enter the day you were born.")})
    if preferred_center_id and preferred_center_id not in await workshops(db):
        raise Invalid({"preferred_center_id": _("Please choose one of the options.")})
    user.name, user.phone, user.locale = name, phone, locale
    user.zone, user.distance_unit = zone, distance_unit
    user.currency, user.fuel_unit = currency, fuel_unit
    user.date_of_birth, user.preferred_center_id = date_of_birth, preferred_center_id
    await record(db, ProfileChanged(user_id=user.id), by=by, person=user.id, subject=user.id)


async def workshops(db: AsyncSession) -> dict[UUID, str]:
    """Every open workshop with its town, to prefer one; it may be one that takes bookings by phone only."""
    rows = await db.execute(
        text(
            "SELECT c.id, concat_ws(', ', c.name, nullif(c.city, '')) AS called FROM service_centers c "
            "JOIN tenants t ON t.id = c.tenant_id WHERE c.is_active AND t.is_active AND t.kind = 'shop' ORDER BY lower(c.name), c.id"
        )
    )
    return {row.id: row.called for row in rows}


async def choose_theme(db: AsyncSession, user: User, theme: str) -> None:
    """Paper, night, or empty to follow the device."""
    if theme not in THEMES:
        raise Invalid({"theme": _("Please choose one of the options.")})
    user.theme = theme


async def change_password(db: AsyncSession, user: User, *, old: str, new: str, by: Viewer) -> None:
    """Change the password; every other session ends. Raises Invalid."""
    if not await passwords.matches(old, user.password_hash):
        raise Invalid({"old_password": _("That is not your present password.")})
    passwords.check_strength(new, email=user.email, field="new_password")
    user.password_hash = await passwords.hashed(new)
    await end_other_sessions(db, user, keep=by.session_id)
    await record(db, PasswordChanged(user_id=user.id), by=by, person=user.id, subject=user.id)


async def ask_for_reset(db: AsyncSession, *, email: str, by: Viewer) -> None:
    """Have a reset mail written, if there is such an account. The answer is the same either way."""
    user_id: UUID | None = await db.scalar(text("SELECT user_by_email(:email)"), {"email": email.strip()})
    if user_id is None or not await guarding.one_reset_more(email):
        return
    await act_as(db, user=user_id)
    await record(db, PasswordResetRequested(user_id=user_id), by=by, person=user_id, subject=user_id)


async def issue_reset(db: AsyncSession, user_id: UUID) -> str:
    """A fresh reset token for the mail being written; only its hash is stored."""
    token = new_token()
    db.add(
        PasswordReset(
            id=new_id(), user_id=user_id, token_hash=hash_token(token), expires_at=clock.now() + RESET_LIFE
        )
    )
    return token


def _gone() -> Refused:
    return Refused(_("This link has expired or was already used. Please ask for a new one."), status=410)


async def reset_of(db: AsyncSession, token: str) -> User:
    """Whose password a mailed link chooses, acting as them. Raises Refused when it does no more."""
    user_id: UUID | None = await db.scalar(text("SELECT user_by_reset(:hash)"), {"hash": hash_token(token)})
    if user_id is None:
        raise _gone()
    await act_as(db, user=user_id)
    user = await db.scalar(select(User).where(User.id == user_id))
    if user is None or not await db.scalar(select(PasswordReset.id).where(*_open(token))):
        raise _gone()
    return user


def _open(token: str) -> tuple[Any, ...]:
    return (
        PasswordReset.token_hash == hash_token(token),
        PasswordReset.used_at.is_(None),
        PasswordReset.expires_at > clock.now(),
    )


async def reset_password(db: AsyncSession, *, token: str, new: str, by: Viewer) -> User:
    """Choose a new password by a mailed link, once. Every session ends, and every token of theirs: whoever chose the
    old password may have made some. At a first proof of the address every other way in goes, too. Raises Refused,
    Invalid."""
    user = await reset_of(db, token)
    passwords.check_strength(new, email=user.email)
    used = await db.execute(update(PasswordReset).where(*_open(token)).values(used_at=clock.now()))
    if not used.rowcount:  # type: ignore[attr-defined]
        raise _gone()
    user.password_hash = await passwords.hashed(new)
    if user.email_verified_at is None:  # the link came by mail
        await _forget_other_ways_in(db, user, by=by)
        user.email_verified_at = clock.now()
        await record(db, EmailProved(user_id=user.id), by=by, person=user.id, subject=user.id)
    await end_other_sessions(db, user, keep=None)
    await guarding.after_right(user.email, by.ip)
    await api_tokens.revoke_own(db, user.id, by=by)
    await record(db, PasswordChanged(user_id=user.id), by=by, person=user.id, subject=user.id)
    return user


async def _forget_other_ways_in(db: AsyncSession, user: User, *, by: Viewer) -> None:
    """Whoever set them up was not shown to read this mail: they may have made the account with another's address,
    and would come in again beside the owner of it."""
    gone: list[Any] = [
        name
        for name, way in OTHER_WAYS.items()
        if (await db.execute(delete(way).where(way.user_id == user.id))).rowcount  # type: ignore[attr-defined]
    ]
    if gone:
        event = OtherWaysForgotten(user_id=user.id, ways=gone)
        await record(db, event, by=by, person=user.id, subject=user.id)


OTHER_WAYS: dict[str, Any] = {
    "passkey": Passkey,
    "app": OneTimeCode,
    "codes": RecoveryCode,
    "pin": KioskPin,
    "site": Identity,
}
