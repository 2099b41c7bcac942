"""Passkeys (WebAuthn Level 3): the device keeps the private key and asks for a finger, a face or its PIN; we keep
the public key and ask it to sign a challenge."""

from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import Invalid, NotFound
from app.core.security import hash_token, new_token
from app.core.words import _
from app.domains.accounts.models import Passkey, PasskeyChallenge, User
from app.settings import settings

Purpose = Literal["register", "sign-in", "step-up"]

CHALLENGE_LIFE = timedelta(minutes=5)
LONGEST_ANSWER = 16_000
BROKEN = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)
"""What the library raises when an answer is not one: it looks into what a browser sent with little suspicion."""


def _site() -> str:
    """The relying party: passkeys made for this host work here and nowhere else."""
    return urlsplit(settings().base_url).hostname or ""


async def ask_to_register(db: AsyncSession, user: User, *, browser: str) -> str:
    """What `navigator.credentials.create` is asked, as JSON: a key that can be found without a name, guarded by
    the device, and none of those there are."""
    known = await of_person(db, user)
    options = generate_registration_options(
        rp_id=_site(),
        rp_name="Torqueline",
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.name,
        challenge=await _challenge(db, "register", browser),
        timeout=int(CHALLENGE_LIFE.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    return options_to_json(options)


async def ask_to_sign(db: AsyncSession, purpose: Purpose, *, browser: str) -> str:
    """What `navigator.credentials.get` is asked, as JSON. Names no key: it would tell who has an account."""
    options = generate_authentication_options(
        rp_id=_site(),
        challenge=await _challenge(db, purpose, browser),
        timeout=int(CHALLENGE_LIFE.total_seconds() * 1000),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


async def _challenge(db: AsyncSession, purpose: Purpose, browser: str) -> bytes:
    now = clock.now()
    await db.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at <= now))
    challenge = new_token().encode()
    db.add(
        PasskeyChallenge(
            challenge=challenge,
            purpose=purpose,
            browser=hash_token(browser),
            expires_at=now + CHALLENGE_LIFE,
        )
    )
    return challenge


async def _spend_challenge(db: AsyncSession, client_data: bytes, purpose: Purpose, browser: str) -> bytes:
    """The challenge that was answered, if it was put to this browser for this purpose. Raises ValueError."""
    found: bytes | None = await db.scalar(
        delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge == parse_client_data_json(client_data).challenge,
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.browser == hash_token(browser),
            PasskeyChallenge.expires_at > clock.now(),
        )
        .returning(PasskeyChallenge.challenge)
    )
    if found is None:
        raise ValueError("unknown challenge")
    return found


async def register(db: AsyncSession, user: User, answer: str, *, name: str, browser: str) -> Passkey:
    """Keep the public half of a new passkey. Raises Invalid."""
    refused = Invalid({"": _("The passkey could not be kept. Please try again.")})
    try:
        given = parse_registration_credential_json(answer[:LONGEST_ANSWER])
        made = verify_registration_response(
            credential=given,
            expected_challenge=await _spend_challenge(
                db, given.response.client_data_json, "register", browser
            ),
            expected_rp_id=_site(),
            expected_origin=settings().base_url,
            require_user_verification=True,
        )
    except BROKEN as error:
        raise refused from error
    passkey = Passkey(
        id=new_id(),
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=[one.value for one in given.response.transports or []],
        name=name,
    )
    db.add(passkey)
    try:
        await db.flush()
    except (
        IntegrityError
    ) as error:  # somebody else's key: the browser's list of known ones holds only one's own
        raise refused from error
    return passkey


async def owner(db: AsyncSession, answer: str, *, purpose: Purpose, browser: str) -> User | None:
    """Whose passkey has signed our challenge, acting as them; None when it proves nothing.

    The challenge is spent either way. A key whose count of signatures went backwards is a copy and refused.
    """
    try:
        given = parse_authentication_credential_json(answer[:LONGEST_ANSWER])
        challenge = await _spend_challenge(db, given.response.client_data_json, purpose, browser)
        user_id: UUID | None = await db.scalar(text("SELECT user_by_passkey(:id)"), {"id": given.raw_id})
        if user_id is None:
            return None
        await act_as(db, user=user_id)
        passkey = await db.scalar(
            select(Passkey).where(Passkey.credential_id == given.raw_id).with_for_update()
        )
        user = await db.scalar(select(User).where(User.id == user_id, User.is_active))
        if passkey is None or user is None or given.response.user_handle not in (None, user.id.bytes):
            return None
        proof = verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=_site(),
            expected_origin=settings().base_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except BROKEN:
        return None
    passkey.sign_count, passkey.last_used_at = proof.new_sign_count, clock.now()
    return user


async def of_person(db: AsyncSession, user: User) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    mine = select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.created_at)
    return list((await db.scalars(mine)).all())


async def remove(db: AsyncSession, user: User, passkey_id: UUID) -> None:
    """Forget one. Raises NotFound."""
    gone = await db.execute(delete(Passkey).where(Passkey.user_id == user.id, Passkey.id == passkey_id))
    if not gone.rowcount:  # type: ignore[attr-defined]
        raise NotFound


def as_json(options: str) -> dict[str, object]:
    """Options as an answer of ours carries them."""
    return msgspec.json.decode(options, type=dict[str, object])
