"""Passwords: argon2id, at least twelve characters, none of the common ones; the same time for every answer."""

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import Invalid
from app.core.words import _
from app.domains.accounts.common_passwords import is_common

SHORTEST = 12
LONGEST = 256

_hasher = PasswordHasher()


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash("no account has this password")


def check_strength(password: str, *, email: str, field: str = "password") -> None:
    """Raise Invalid when a new password is too short, too long, common, or the address itself."""
    if len(password) < SHORTEST:
        raise Invalid({field: _("Please use at least %(count)s characters.", count=SHORTEST)})
    if len(password) > LONGEST:
        raise Invalid({field: _("Please use at most %(count)s characters.", count=LONGEST)})
    if is_common(password) or password.lower() in (email.lower(), email.split("@")[0].lower()):
        raise Invalid({field: _("This password is known to many. Please choose another one.")})


async def hashed(password: str) -> str:
    """The argon2id hash to store. Slow on purpose, so it runs in a thread."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. Without a stored hash the same time is spent."""

    def verify() -> bool:
        try:
            return _hasher.verify(stored or _decoy(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.to_thread(verify)


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)
