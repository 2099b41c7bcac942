"""Ten codes on paper for whoever has lost the app or the passkey. Each works once; only hashes are stored."""

import secrets

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.security import hash_token
from app.domains.accounts.models import RecoveryCode, User

HOW_MANY = 10
SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"  # pragma: allowlist secret
"""Without those that look alike on paper."""


def plain(code: str) -> str:
    """A code as it is compared: however it was typed."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


async def deal(db: AsyncSession, user: User) -> list[str]:
    """New codes instead of those there were, to be shown this once: four groups of four, some 79 random bits."""
    await forget(db, user)
    codes = [
        "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(4)) for _ in range(HOW_MANY)
    ]
    db.add_all(RecoveryCode(id=new_id(), user_id=user.id, code_hash=hash_token(plain(one))) for one in codes)
    return codes


async def spend(db: AsyncSession, user: User, code: str) -> bool:
    """Whether it is one of the person's codes that was not used yet; from now on it is."""
    used = await db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == hash_token(plain(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


async def left(db: AsyncSession, user: User) -> int:
    """How many codes still work."""
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return await db.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


async def forget(db: AsyncSession, user: User) -> None:
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
