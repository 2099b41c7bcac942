"""A person, how they prove who they are, and the sessions they hold."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified, tenant_fk
from app.core.sealing import sealed_for

CODE_SEAL = "one-time codes"


ERASED = "@erased.invalid"
"""How the address of an erased account ends; no mail leads there."""


def erased_address(person: UUID) -> str:
    """What stands for an address once its account is erased."""
    return f"{person}{ERASED}"


class User(Identified, Base):
    """A person with an account."""

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_email", text("lower(email)"), unique=True),
        Index("ix_users_erase_at", "erase_at", postgresql_where=text("erase_at IS NOT NULL")),
    )

    email: Mapped[str]
    password_hash: Mapped[str | None]
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    locale: Mapped[str] = mapped_column(default="en")
    zone: Mapped[str] = mapped_column(default="UTC")
    theme: Mapped[str] = mapped_column(default="")
    """"paper", "night", or empty to follow the device."""
    distance_unit: Mapped[str] = mapped_column(default="km")
    currency: Mapped[str] = mapped_column(default="")
    """What they pay with; empty for what is usual where they live."""
    fuel_unit: Mapped[str] = mapped_column(default="")
    """How they count consumption, one of `core.places.FUEL_UNITS`; empty as `currency`."""
    date_of_birth: Mapped[date | None]
    preferred_center_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_centers.id"))
    """The workshop they would rather go to; booking offers it first."""
    email_verified_at: Mapped[datetime | None]
    """When they showed that mail to this address reaches them; until then it proves nothing about them."""
    is_active: Mapped[bool] = mapped_column(default=True)
    tokens_valid_after: Mapped[datetime | None]
    """Bearer tokens issued before this moment are refused."""
    erase_at: Mapped[datetime | None]
    """When the account is erased, unless its owner keeps it."""

    @property
    def is_erased(self) -> bool:
        """Whether the row only keeps an id that papers and the trail name."""
        return self.email == erased_address(self.id)


class Session(Identified, Base):
    """A signed-in browser. Only the hash of its cookie is stored."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    center_id: Mapped[UUID | None]
    """The service center a member of staff is working for in this session."""
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    proved_at: Mapped[datetime | None]
    """When the person last showed in this session that it is they: at sign-in, or when asked again."""
    kiosk_id: Mapped[UUID | None] = mapped_column(ForeignKey("kiosks.id"), index=True)
    """The workshop's tablet at which a technician changed in by PIN; such a session may do less and ends sooner."""


class KioskPin(Identified, Base):
    """What a technician types at the workshop's tablet to change in. It opens nothing anywhere else."""

    __tablename__ = "kiosk_pins"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    pin_hash: Mapped[str]


class RefreshToken(Identified, Base):
    """A rotating refresh token of the JSON API; one family for each sign-in."""

    __tablename__ = "refresh_tokens"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    family_id: Mapped[UUID] = mapped_column(index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PasswordReset(Identified, Base):
    """A mailed link to choose a new password; works once, for a short while."""

    __tablename__ = "password_resets"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EmailProof(Identified, Base):
    """A mailed link that shows that an address is its account's; works once."""

    __tablename__ = "email_proofs"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    changes_address: Mapped[bool] = mapped_column(default=False)
    """Opening it makes this the account's address."""
    old_email: Mapped[str] = mapped_column(default="")
    """What the address was before, once it was opened: it is told there too. No event holds it, for those stay."""


class OneTimeCode(Identified, Base):
    """An app that shows a six-digit code every half minute (TOTP, RFC 6238)."""

    __tablename__ = "one_time_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_for(CODE_SEAL))
    last_step: Mapped[int]
    """The half minute whose code was used last: it and those before it are spent."""


class RecoveryCode(Identified, Base):
    """A code on paper for whoever has lost the app or the passkey; works once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class Passkey(Identified, Base):
    """A key pair in a person's device; only its public half is known here (WebAuthn)."""

    __tablename__ = "passkeys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    transports: Mapped[list[str]]
    name: Mapped[str]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """What a passkey has to sign, for one purpose in one browser; works once. It tells nothing about anybody."""

    __tablename__ = "passkey_challenges"

    challenge: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str]
    browser: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class HalfWay(Identified, Base):
    """Somebody who has given the first proof and owes the second. Only the hash of the browser's cookie (or of
    the program's ticket) is stored."""

    __tablename__ = "half_ways"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    next: Mapped[str]
    for_program: Mapped[bool]
    expires_at: Mapped[datetime]


class ApiToken(Identified, Base):
    """What a program signs in with: a person's own, or a shop's. Only its hash is stored."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (tenant_id IS NULL)", name="owner"),
        tenant_fk("service_centers", "center_id"),
        Index("ix_api_tokens_user_id", "user_id"),
        Index("ix_api_tokens_tenant_id", "tenant_id"),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    tenant_id: Mapped[UUID | None]
    center_id: Mapped[UUID | None]
    """Where it works: the center of a shop's token, the workplace of a person's."""
    name: Mapped[str]
    hint: Mapped[str]
    """Its first characters, to tell tokens apart."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    made_by_name: Mapped[str]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Identity(Identified, Base):
    """A person as another site knows them. Issuer and subject are the key: addresses change hands, they do not."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str]
    """The name it was configured by when it was linked."""
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]
    """What the provider said last; shown to its owner, believed in nothing."""
    last_used_at: Mapped[datetime | None]


class SignOn(Identified, Base):
    """A sign-in by another site that is under way. It tells nothing about anybody: what was learnt is sealed."""

    __tablename__ = "sign_ons"
    __table_args__ = (Index("ix_sign_ons_expires_at", "expires_at"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    provider: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Ten minutes old at most: a key is never forgotten sooner, so nobody seals it anew."""
    expires_at: Mapped[datetime]
