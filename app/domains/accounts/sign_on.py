"""Letting another site say who somebody is. The key is the issuer and its subject, never an address; an address that
the issuer has verified finds an account only where nobody's password could be by-passed that way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id, take_turn
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.places import usual_distance
from app.core.sealing import seal, unseal
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts import signing_in
from app.domains.accounts.events import NOTICE, EmailProved, IdentityLinked, IdentityUnlinked, SignedUp
from app.domains.accounts.models import Identity, Passkey, SignOn, User
from app.gateways.oidc import Introduction, Provider
from app.settings import settings

LIFE = timedelta(minutes=10)

Stage = Literal["state", "ticket", "link"]
"""state: the browser is at the provider. ticket: it was sent back by a POST and has to say once more, from a page of
ours, that it is the one. link: we know who it is, and wait for the owner of the account to agree."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a sign-on under way; the browser holds only a token."""

    nonce: str = ""
    verifier: str = ""
    next: str = ""
    zone: str = "UTC"
    linking: UUID | None = None
    """Whose settings it was begun from."""
    code: str = ""
    name: str = ""
    introduction: Introduction | None = None


async def remember(
    db: AsyncSession,
    stage: Stage,
    progress: Progress,
    *,
    provider: Provider,
    browser: bytes,
    token: str = "",
    until: datetime | None = None,
) -> str:
    """Keep the progress for ten minutes, for this browser alone (`browser`: the hash of its cookie). Returns the
    token that leads to it, once."""
    token = token or new_token()
    # Whoever walked away is forgotten by the next to come; nobody waits for another's row.
    await db.execute(
        text(
            "DELETE FROM sign_ons WHERE id IN "
            "(SELECT id FROM sign_ons WHERE expires_at <= :now LIMIT 100 FOR UPDATE SKIP LOCKED)"
        ),
        {"now": clock.now()},
    )
    db.add(
        SignOn(
            id=new_id(),
            token_hash=hash_token(token),
            browser_hash=browser,
            provider=provider.name,
            sealed=seal(f"sign-on {stage}", msgspec.json.encode(progress).decode()),
            expires_at=until or clock.now() + LIFE,
        )
    )
    return token


async def look(
    db: AsyncSession, stage: Stage, token: str, *, browser: bytes | None, provider: str = ""
) -> tuple[SignOn, Progress]:
    """What a token leads to, without spending it. Raises Refused."""
    found = await db.scalar(
        select(SignOn)
        .where(SignOn.token_hash == hash_token(token), SignOn.expires_at > clock.now())
        .with_for_update()
    )
    if found is None or provider not in ("", found.provider):
        raise _over()
    if browser is not None and found.browser_hash != browser:
        raise Refused(
            _("This sign-in was begun in another browser. Please start again in this one."), status=403
        )
    try:
        return found, msgspec.json.decode(unseal(f"sign-on {stage}", found.sealed), type=Progress)
    except ValueError as error:  # a token of another stage
        raise _over() from error


async def spend(
    db: AsyncSession, stage: Stage, token: str, *, browser: bytes | None, provider: str = ""
) -> tuple[SignOn, Progress]:
    """What a token leads to, this once. Raises Refused."""
    found, progress = await look(db, stage, token, browser=browser, provider=provider)
    await db.execute(delete(SignOn).where(SignOn.id == found.id))
    return found, progress


def _over() -> Refused:
    words = _("This sign-in took longer than ten minutes, or was finished already. Please start again.")
    return Refused(words, status=410)


async def hand_over(db: AsyncSession, provider: Provider, state: str, *, code: str, name: str) -> str:
    """A provider's own page posted the code here, without any cookie of ours: keep it until the browser itself
    comes for it with the ticket. The state is spent. Raises Refused."""
    found, progress = await spend(db, "state", state, browser=None, provider=provider.name)
    kept = msgspec.structs.replace(progress, code=code, name=name)
    return await remember(
        db, "ticket", kept, provider=provider, browser=found.browser_hash, until=found.expires_at
    )


async def arrive(
    db: AsyncSession, provider: Provider, who: Introduction, *, zone: str, by: Viewer
) -> User | None:
    """The account that is theirs, acting as it: the linked one, or a new one. None when there is one whose owner
    has to agree first. Raises Refused."""
    await _one_at_a_time(db, who)
    known = await _owner_of(db, who)
    if known is not None:
        return await _welcome_back(db, known, who)
    email = _address_of(who)
    if not email:
        words = _(
            "%(provider)s did not tell us your email address. Allow it there, or make an account with a password."
        )
        raise Refused(words % {"provider": provider.label}, status=422)
    if not who.is_email_verified:
        words = _(
            "%(provider)s has not confirmed that %(email)s is yours. Confirm it there, or sign in with a password and link %(provider)s in your settings."
        )
        raise Refused(words % {"provider": provider.label, "email": email}, status=422)
    holder: UUID | None = await db.scalar(text("SELECT user_by_email(:email)"), {"email": email})
    if holder is None:
        return await _newcomer(db, provider, who, email=email, zone=zone, by=by)
    await act_as(db, user=holder)
    user = await _account(db, holder)
    if user.password_hash is not None or user.email_verified_at is None:
        return None
    await link(db, user, provider, who, by=by)
    return user


async def _one_at_a_time(db: AsyncSession, who: Introduction) -> None:
    """Two first visits at once must not make two accounts."""
    await take_turn(db, f"{who.issuer} {who.subject}")


async def _owner_of(db: AsyncSession, who: Introduction) -> UUID | None:
    found: UUID | None = await db.scalar(
        text("SELECT user_by_identity(:issuer, :subject)"), {"issuer": who.issuer, "subject": who.subject}
    )
    return found


async def _account(db: AsyncSession, user_id: UUID) -> User:
    user = await db.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None or not user.is_active:
        raise Refused(_("This account is closed."), status=403)
    return user


async def _welcome_back(db: AsyncSession, user_id: UUID, who: Introduction) -> User:
    await act_as(db, user=user_id)
    user = await _account(db, user_id)
    identity = (
        await db.scalars(
            select(Identity).where(Identity.issuer == who.issuer, Identity.subject == who.subject)
        )
    ).one()
    identity.last_used_at = clock.now()
    identity.email = _address_of(who) or identity.email
    return user


async def _newcomer(
    db: AsyncSession, provider: Provider, who: Introduction, *, email: str, zone: str, by: Viewer
) -> User:
    user = User(
        id=new_id(),
        email=email,
        name=_plain(who.name)[:120] or email.partition("@")[0],
        locale=by.locale,
        zone=zone,
        distance_unit=usual_distance(zone),
        password_hash=None,
        email_verified_at=clock.now(),
    )
    await act_as(db, user=user.id, tenant=by.tenant_id)
    db.add(user)
    try:
        await db.flush()
    except IntegrityError as error:
        raise Refused(
            _("Somebody made an account with this address just now. Please start again.")
        ) from error
    await record(db, SignedUp(user_id=user.id, notice=NOTICE), by=by, person=user.id, subject=user.id)
    await link(db, user, provider, who, by=by, is_new=True)
    return user


async def link(
    db: AsyncSession, user: User, provider: Provider, who: Introduction, *, by: Viewer, is_new: bool = False
) -> None:
    """From now on the identity opens the account. Linking it again changes nothing. Raises Refused.

    An account whose address is not proved may be another's trap: what was linked to it would still be there when
    the owner of the address takes it over by mail.
    """
    holder = await _owner_of(db, who)
    if holder == user.id:
        return
    if holder is not None:
        words = _("That %(provider)s account opens another account here. Unlink it there first.")
        raise Refused(words % {"provider": provider.label})
    is_theirs = who.is_email_verified and _address_of(who).lower() == user.email.lower()
    if user.email_verified_at is None and not is_theirs:
        raise Refused(_("Please confirm your email address first: the link is in your mail."))
    if user.email_verified_at is None:
        user.email_verified_at = clock.now()
        await record(db, EmailProved(user_id=user.id), by=by, person=user.id, subject=user.id)
    db.add(
        Identity(
            id=new_id(),
            user_id=user.id,
            provider=provider.name,
            issuer=who.issuer,
            subject=who.subject,
            email=_address_of(who),
            last_used_at=clock.now(),
        )
    )
    try:
        await db.flush()
    except IntegrityError as error:
        raise Refused(_("It was linked a moment ago. Please look again.")) from error
    event = IdentityLinked(user_id=user.id, provider=provider.name, made_account=is_new)
    await record(db, event, by=by, person=user.id, subject=user.id)


def label_of(name: str) -> str:
    """A provider's label; its bare name when it is configured no longer."""
    return next((one.label for one in settings().sign_on if one.name == name), name.capitalize())


def agrees(me: Viewer, who: Introduction) -> bool:
    """Whether the viewer is signed in to the very account that has the introduced address."""
    return me.is_signed_in and me.email.lower() == _address_of(who).lower()


async def identities(db: AsyncSession, me: Viewer) -> Sequence[Identity]:
    """The viewer's own, oldest first."""
    mine = select(Identity).where(Identity.user_id == me.user_id)
    return (await db.scalars(mine.order_by(Identity.id))).all()


async def find(db: AsyncSession, me: Viewer, identity_id: UUID) -> Identity:
    """Raises NotFound."""
    mine = Identity.id == identity_id, Identity.user_id == me.user_id
    found = await db.scalar(select(Identity).where(*mine))
    if found is None:
        raise NotFound
    return found


async def unlink(db: AsyncSession, identity: Identity, *, by: Viewer) -> None:
    """It opens the account no longer, and every other session ends. Raises Refused when nothing else would."""
    user = await _account(db, identity.user_id)  # held, so that of two ways in not both go at once
    if not await _has_another_way_in(db, user, identity):
        raise Refused(_("This is the only way into your account. Choose a password first, then unlink it."))
    await db.execute(delete(Identity).where(Identity.id == identity.id))
    await signing_in.end_other_sessions(db, user, keep=by.session_id)
    event = IdentityUnlinked(user_id=user.id, provider=identity.provider)
    await record(db, event, by=by, person=user.id, subject=user.id)


async def _has_another_way_in(db: AsyncSession, user: User, identity: Identity) -> bool:
    if user.password_hash is not None:
        return True
    others = select(func.count()).where(Identity.user_id == user.id, Identity.id != identity.id)
    passkeys = select(func.count()).where(Passkey.user_id == user.id)
    return bool(await db.scalar(others) or await db.scalar(passkeys))


def _address_of(who: Introduction) -> str:
    """The address, or nothing when what was given cannot be one."""
    local, _at, host = who.email.rpartition("@")
    is_one = local and "." in host and len(who.email) <= 254
    return who.email if is_one and _plain(who.email) == who.email and " " not in who.email else ""


def _plain(told: str) -> str:
    """One line that can be kept and shown."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in told).split())
