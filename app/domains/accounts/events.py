"""What happens to accounts."""

from uuid import UUID

from app.core.events import Event


class SignedUp(Event, frozen=True):
    """A person made an account."""

    user_id: UUID


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


class IdentityUnlinked(Event, frozen=True):
    """Another site no longer opens the account; other sessions ended."""

    user_id: UUID
    provider: str
