"""Signing up, in and out."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock
from app.core.db import act_as, new_id
from app.core.errors import Invalid, Refused
from app.core.events import Event, record
from app.core.identity import KIOSK_LONGEST
from app.core.places import usual_distance
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts import passwords
from app.domains.accounts.events import NOTICE, EmailProofAsked, SignedIn, SignedUp, SignInFailed
from app.domains.accounts.models import EmailProof, HalfWay, PasswordReset, RefreshToken, Session, User

NO_SUCH_ACCOUNT = "sign_in.unknown"
"""A sign-in with an address nobody has. The address is not kept: people type their password there, too."""

ABSOLUTE_LIFE = timedelta(days=90)


class AccountClosed(Refused):
    """The address and the password are right, and whoever runs the site has closed the account."""


async def sign_up(
    db: AsyncSession,
    *,
    email: str,
    password: str,
    name: str,
    by: Viewer,
    phone: str = "",
    zone: str = "UTC",
    distance_unit: str = "",
    proved: bool = False,
) -> User:
    """Make an account and act as its owner for the rest of the transaction. Raises Invalid.

    `distance_unit`: what their odometer counts; else what is usual where their clock runs.
    `proved`: the person came by a link mailed to this very address. Else they are sent one.
    """
    passwords.check_strength(password, email=email)
    user = User(
        id=new_id(),
        email=email.strip(),
        name=name,
        phone=phone,
        locale=by.locale,
        zone=zone,
        distance_unit=distance_unit or usual_distance(zone),
        password_hash=await passwords.hashed(password),
        email_verified_at=clock.now() if proved else None,
    )
    if await _id_by_email(db, user.email):
        raise _taken()
    await act_as(db, user=user.id, tenant=by.tenant_id)
    db.add(user)
    try:
        await db.flush()
    except IntegrityError as error:
        raise _taken() from error
    notice = NOTICE if by.kind != "system" else ""  # nobody was shown a page
    await record(db, SignedUp(user_id=user.id, notice=notice), by=by, person=user.id, subject=user.id)
    if not proved:
        await record(db, EmailProofAsked(user_id=user.id), by=by, person=user.id, subject=user.id)
    return user


def _taken() -> Invalid:
    return Invalid({"email": _("There is an account with this address. Sign in, or reset its password.")})


async def _id_by_email(db: AsyncSession, email: str) -> UUID | None:
    found: UUID | None = await db.scalar(text("SELECT user_by_email(:email)"), {"email": email.strip()})
    return found


async def check_password(db: AsyncSession, *, email: str, password: str, by: Viewer) -> User | None:
    """The account of that address and password, or None; both take the same time. Acts as the account. Raises
    AccountClosed when both are right and the account is closed: only its owner hears of that."""
    user_id = await _id_by_email(db, email)
    await act_as(db, user=user_id)
    user = await db.scalar(select(User).where(User.id == user_id)) if user_id else None
    if not await passwords.matches(password, user.password_hash if user else None) or user is None:
        if user is not None:
            await record_way_in(db, SignInFailed(user_id=user.id), person=user.id, by=by)
        else:
            await audit.log(db, by, NO_SUCH_ACCOUNT, tenant=None)
        return None
    if not user.is_active:
        words = _("This account is closed. Ask whoever runs this site to open it again.")
        raise AccountClosed(words, status=403)
    if user.password_hash and passwords.is_outdated(user.password_hash):
        user.password_hash = await passwords.hashed(password)
    return user


async def start_session(
    db: AsyncSession, user: User, *, by: Viewer, center_id: UUID | None, kiosk_id: UUID | None = None
) -> tuple[str, datetime]:
    """A session with a new id; the one the browser had ends. Returns the cookie value and its end.

    `kiosk_id`: the person has changed in by PIN at that tablet, which proves nothing for later. Raises Refused for
    any other session there: the tablet is the shop's, not a person's.
    """
    if by.kiosk_id and kiosk_id is None:
        raise Refused(
            _(
                "This tablet belongs to the workshop: technicians change in with their PIN. Sign in on another device."
            )
        )
    if by.session_id:
        await act_as(db, user=by.user_id)
        await sign_out(db, by=by)
    await act_as(db, user=user.id)
    token, now = new_token(), clock.now()
    expires = now + (KIOSK_LONGEST if kiosk_id else ABSOLUTE_LIFE)
    db.add(
        Session(
            id=new_id(),
            user_id=user.id,
            token_hash=hash_token(token),
            center_id=center_id,
            last_seen_at=now,
            expires_at=expires,
            ip=by.ip,
            user_agent=by.user_agent,
            proved_at=None if kiosk_id else now,
            kiosk_id=kiosk_id,
        )
    )
    if kiosk_id is None:
        await signed_in(db, user, by=by)
    return token, expires


async def signed_in(db: AsyncSession, user: User, *, by: Viewer) -> None:
    """Remember who has come in."""
    they = replace(by, kind="person", user_id=user.id, name=user.name)
    await record_way_in(db, SignedIn(user_id=user.id), person=user.id, by=they)


async def record_way_in(db: AsyncSession, event: Event, *, person: UUID, by: Viewer) -> None:
    """Into the platform's trail, and into that of each business where the person holds a role now: whatever opens the
    account opens the shop. Acts as the person afterwards."""
    by = replace(by, tenant_id=None, center_id=None)
    await record(db, event, by=by, person=person, subject=person)
    asked = text("SELECT DISTINCT tenant_id FROM roles_held(:person) WHERE tenant_id IS NOT NULL")
    for business in (await db.scalars(asked, {"person": person})).all():
        await act_as(db, user=person, tenant=business)
        await record(db, event, by=by, tenant=business, subject=person)
    await act_as(db, user=person)


async def sign_out(db: AsyncSession, *, by: Viewer) -> None:
    """End the present session."""
    await db.execute(delete(Session).where(Session.id == by.session_id))


async def end_other_sessions(db: AsyncSession, user: User, *, keep: UUID | None) -> None:
    """End every other session, every bearer token and every mailed link of a person: whoever was in their account
    must not come back by one asked for before."""
    await db.execute(delete(Session).where(Session.user_id == user.id, Session.id != (keep or UUID(int=0))))
    await db.execute(delete(HalfWay).where(HalfWay.user_id == user.id))
    await db.execute(
        update(RefreshToken)
        .where(RefreshToken.user_id == user.id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    wanted = (EmailProof.user_id == user.id, EmailProof.changes_address, EmailProof.used_at.is_(None))
    await db.execute(delete(EmailProof).where(*wanted))
    await db.execute(
        delete(PasswordReset).where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
    )
    user.tokens_valid_after = clock.now()


async def work_at(db: AsyncSession, *, center_id: UUID | None, by: Viewer) -> None:
    """Choose the service center one works for in this session; None leaves the shop for one's own garage. Where one
    holds no role nothing opens, whatever is chosen."""
    await db.execute(update(Session).where(Session.id == by.session_id).values(center_id=center_id))


async def first_center(db: AsyncSession, user_id: UUID) -> UUID | None:
    """Where a person works by default: the center of their oldest role."""
    found: UUID | None = await db.scalar(
        text(
            "SELECT c.id FROM roles_held(:user) r JOIN service_centers c ON c.tenant_id = r.tenant_id "
            "AND c.id = coalesce(r.service_center_id, c.id) "
            "ORDER BY r.created_at, c.created_at LIMIT 1"
        ),
        {"user": user_id},
    )
    return found
