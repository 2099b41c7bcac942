"""What of an account is in its person's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.accounts.models import (
    ApiToken,
    EmailProof,
    HalfWay,
    Identity,
    KioskPin,
    OneTimeCode,
    Passkey,
    PasswordReset,
    RecoveryCode,
    RefreshToken,
    Session,
    User,
    erased_address,
)


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "account", _("Your account."), ("users",),
            {
                "name": (User.name, _("your name")),
                "email": (User.email, _("the address you sign in with")),
                "email_confirmed_at": (User.email_verified_at, _("when you showed that the address is yours")),
                "phone": (User.phone, _("your phone number")),
                "date_of_birth": (User.date_of_birth, _("when you were born, if you said so")),
                "language": (User.locale, _("the language of pages and mails")),
                "time_zone": (User.zone, _("the clock your times are shown on")),
                "theme": (User.theme, _("the colors you chose; empty follows the device")),
                "distance_unit": (User.distance_unit, _("how distances are shown to you")),
                "currency": (User.currency, _("what you pay with; empty where you did not say")),
                "fuel_unit": (User.fuel_unit, _("how consumption is shown to you; empty where you did not say")),
                "made_at": (User.created_at, _("when the account was made")),
            },
            lambda rows: rows.where(User.id == person),
        ),
        Records(
            "sign_ins", _("Browsers that are signed in, or were until a few days ago."), ("sessions",),
            {
                "since": (Session.created_at, _("when you signed in")),
                "last_seen_at": (Session.last_seen_at, _("when the browser was last here")),
                "expires_at": (Session.expires_at, _("when it is signed out at the latest")),
                "proved_at": (Session.proved_at, _("when you last showed in it that it is you")),
                "address": (Session.ip, _("the network address it came from")),
                "device": (Session.user_agent, _("what the browser calls itself")),
            },
            lambda rows: rows.where(Session.user_id == person).order_by(Session.created_at),
        ),
        Records(
            "programs_signed_in", _("Programs that signed in with your password."), ("refresh_tokens",),
            {
                "since": (RefreshToken.created_at, _("when its present pass was given out")),
                "expires_at": (RefreshToken.expires_at, _("when the pass ends")),
                "ended_at": (RefreshToken.revoked_at, _("when it was ended early")),
            },
            lambda rows: rows.where(RefreshToken.user_id == person).order_by(RefreshToken.created_at),
        ),
        Records(
            "api_tokens", _("Tokens you made for programs. The tokens themselves are not stored."), ("api_tokens",),
            {
                "name": (ApiToken.name, _("what you called it")),
                "begins_with": (ApiToken.hint, _("its first characters")),
                "allows": (ApiToken.scopes, _("what it may do")),
                "made_at": (ApiToken.created_at, _("when you made it")),
                "expires_at": (ApiToken.expires_at, _("when it ends")),
                "last_used_at": (ApiToken.last_used_at, _("when it was last used")),
                "revoked_at": (ApiToken.revoked_at, _("when you revoked it")),
            },
            lambda rows: rows.where(ApiToken.user_id == person).order_by(ApiToken.created_at),
        ),
        Records(
            "passkeys", _("Your passkeys. Only their public half is known here."), ("passkeys",),
            {
                "name": (Passkey.name, _("what you called it")),
                "added_at": (Passkey.created_at, _("when you added it")),
                "last_used_at": (Passkey.last_used_at, _("when it was last used")),
            },
            lambda rows: rows.where(Passkey.user_id == person).order_by(Passkey.created_at),
        ),
        Records(
            "authenticator_app", _("The app that shows codes for you, if you set one up."), ("one_time_codes",),
            {"added_at": (OneTimeCode.created_at, _("when you set it up"))},
            lambda rows: rows.where(OneTimeCode.user_id == person),
        ),
        Records(
            "linked_sites", _("Other sites that open your account."), ("identities",),
            {
                "site": (Identity.provider, _("which site")),
                "email": (Identity.email, _("the address it last named")),
                "linked_at": (Identity.created_at, _("when you linked it")),
                "last_used_at": (Identity.last_used_at, _("when you last came by it")),
            },
            lambda rows: rows.where(Identity.user_id == person).order_by(Identity.created_at),
        ),
        Records(
            "address_proofs", _("Links mailed to you to confirm an address."), ("email_proofs",),
            {
                "email": (EmailProof.email, _("the address it went to")),
                "sent_at": (EmailProof.created_at, _("when it was written")),
                "used_at": (EmailProof.used_at, _("when it was opened")),
                "old_email": (EmailProof.old_email, _("the address it took the place of")),
            },
            lambda rows: rows.where(EmailProof.user_id == person).order_by(EmailProof.created_at),
        ),
    ]  # fmt: skip


OPENS_IT = (
    Session, RefreshToken, PasswordReset, EmailProof, Identity, OneTimeCode, RecoveryCode, Passkey, HalfWay, ApiToken,
    KioskPin,
)  # fmt: skip
"""Whatever lets somebody in, or has been mailed for it."""


async def erase(db: AsyncSession, person: UUID) -> None:
    """Nobody comes in any more. The row stays, for invoices and the trail name its id; it says nothing about anybody."""
    for kind in OPENS_IT:
        await db.execute(delete(kind).where(kind.user_id == person))
    await db.execute(
        update(User)
        .where(User.id == person)
        .values(
            name=_("Erased account"), email=erased_address(person), email_verified_at=None, phone="",
            date_of_birth=None, preferred_center_id=None, password_hash=None, is_active=False, tokens_valid_after=clock.now(), erase_at=None,
        )
    )  # fmt: skip


DECLARED = Declared(
    records,
    erase=erase,
    left_out={
        "password_resets": "hashes of mailed links, gone a week after they end; the mails are in the copy",
        "recovery_codes": "hashes of codes: they tell nothing, and a copy must open nothing",
        "kiosk_pins": "a hash of the number typed at a shop's tablet: it tells nothing, and a copy must open nothing",
        "half_ways": "a sign-in under way, ten minutes old at most",
    },
)
