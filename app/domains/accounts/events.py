"""What happens to accounts."""

from typing import Literal
from uuid import UUID

from app.core.events import Event

NOTICE = "2026-11"
"""The privacy notice at /privacy, as it reads since that month. A change of its sense makes a new version."""


class SignedUp(Event, frozen=True):
    """A person made an account, on a page that names the notice they agree to."""

    user_id: UUID
    notice: str = ""
    """Which version of it; empty in what was written before there was one."""


class EmailProofAsked(Event, frozen=True):
    """A person asked for the link that proves their address; the link is made when the mail is written."""

    user_id: UUID


class EmailProved(Event, frozen=True):
    """A person showed that mail to their address reaches them."""

    user_id: UUID


class SignedIn(Event, frozen=True):
    """A person signed in."""

    user_id: UUID


class SignInFailed(Event, frozen=True):
    """Somebody gave a wrong password for an account that exists."""

    user_id: UUID


class SignInLocked(Event, frozen=True):
    """So many wrong passwords were given that further ones must wait a while."""

    user_id: UUID
    ip: str


class PasswordResetRequested(Event, frozen=True):
    """A person asked for a link to choose a new password; the link is made when the mail is written."""

    user_id: UUID


class PasswordChanged(Event, frozen=True):
    """A person chose a new password; their other sessions ended."""

    user_id: UUID


class ProfileChanged(Event, frozen=True):
    """A person changed their name, language or the like."""

    user_id: UUID


class IdentityLinked(Event, frozen=True):
    """From now on another site opens the account."""

    user_id: UUID
    provider: str
    made_account: bool
    """The account was made for it, so that its owner need not be told."""


class IdentityUnlinked(Event, frozen=True):
    """Another site no longer opens the account; other sessions ended."""

    user_id: UUID
    provider: str


class SecondFactorChanged(Event, frozen=True):
    """An app, a passkey or new recovery codes were set up or removed; other sessions ended."""

    user_id: UUID
    change: Literal["app_added", "app_removed", "passkey_added", "passkey_removed", "codes_renewed"]


class OtherWaysForgotten(Event, frozen=True):
    """A reset was the first proof of the address: whatever else opened the account, set up by nobody knows whom, is
    gone."""

    user_id: UUID
    ways: list[Literal["passkey", "app", "codes", "pin", "site"]]


class RecoveryCodeUsed(Event, frozen=True):
    """Somebody came in with a code from the paper."""

    user_id: UUID


class SecondFactorPaused(Event, frozen=True):
    """So many wrong codes were given that further ones must wait a while."""

    user_id: UUID


class KioskPinChanged(Event, frozen=True):
    """A person chose the PIN for the workshop's tablet, or has none any more."""

    user_id: UUID
    is_set: bool


class KioskPinPaused(Event, frozen=True):
    """So many wrong PINs were typed for somebody at a tablet that they must wait there."""

    user_id: UUID
    kiosk: str


class ProvedAgain(Event, frozen=True):
    """A person showed again, in an open session, that it is they."""

    user_id: UUID


class SessionEnded(Event, frozen=True):
    """A person signed another device of theirs out."""

    user_id: UUID


class EmailChangeAsked(Event, frozen=True):
    """A person wants another address for their account; the link is made when the mail to it is written."""

    user_id: UUID
    proof_id: UUID
    """Where the address stands: events are never changed, and an address must be erasable."""


class EmailChanged(Event, frozen=True):
    """An account has another address, which its owner has proved."""

    user_id: UUID
    proof_id: UUID
    """Where the old address stands, for as long as the proof is kept."""
