"""Sites that vouch for who somebody is: OpenID Connect issuers, and GitHub, which has a dialect of its own.

A *provider* is such a site. A *handshake* is what we must remember between sending a browser there and its coming
back. An *introduction* is what the provider then tells us: whom we have in front of us.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

Reason = Literal["denied", "forged", "misconfigured", "spent", "unavailable"]
"""denied: the person said no there. spent: the code is over or was used. forged: an answer that does not prove what
it must. misconfigured: the provider does not take us for whom we say we are. unavailable: down, slow or in disorder."""


class SignOnFailed(Exception):
    """The provider did not introduce anybody. `detail` is for the log and holds nothing secret or personal."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that makes client secrets (Apple has no fixed ones)."""

    pem: str = field(repr=False)
    key_id: str
    team_id: str


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the operator configured it."""

    name: str
    """In addresses and in the database: "google"."""
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    key: SigningKey | None = None
    """In place of a secret."""
    dialect: Literal["openid", "github"] = "openid"
    scope: str = "openid email profile"
    discovery: str = ""
    """Where its configuration is read, when not below the issuer itself."""
    has_form_post: bool = False
    """It sends the browser back by a POST from its own pages, which carries none of our cookies."""
    has_tenants: bool = False
    """One configuration for many issuers, told apart by the claim `tid` (Microsoft)."""
    origins: tuple[str, ...] = ()
    """Where browsers are sent: the content security policy lets our forms end there."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """Kept by us alone; the browser carries only `state`."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    """Of PKCE (RFC 7636): who has the code but not this cannot use it."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who it is, by the provider's word. `issuer` and `subject` together are the key; an address is none."""

    issuer: str
    subject: str
    email: str = ""
    is_email_verified: bool = False
    name: str = ""


class Gateway(Protocol):
    async def address(self, handshake: Handshake, redirect_uri: str) -> str:
        """Where to send the browser. Raises SignOnFailed."""
        ...

    async def introduction(self, code: str, handshake: Handshake, redirect_uri: str) -> Introduction:
        """Whom the code of the returning browser stands for; a code works once. Raises SignOnFailed."""
        ...


def gateway(provider: Provider) -> Gateway:
    """The gateway that speaks the provider's dialect."""
    if provider.dialect == "github":
        from .github import GitHub

        return GitHub(provider)
    from .openid import OpenID

    return OpenID(provider)


__all__ = [
    "Gateway",
    "Handshake",
    "Introduction",
    "Provider",
    "Reason",
    "SignOnFailed",
    "SigningKey",
    "gateway",
]
