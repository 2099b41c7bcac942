"""Tokens of the JSON API: a short access token and a rotating refresh token, one family for each sign-in."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock
from app.core.db import act_as, new_id
from app.core.errors import SignInNeeded
from app.core.security import hash_token, new_token
from app.core.tokens import issue_access_token
from app.core.viewer import Viewer
from app.domains.accounts.models import RefreshToken, User

REFRESH_LIFE = timedelta(days=30)


async def grant(
    db: AsyncSession,
    user: User,
    *,
    roles: list[dict[str, str | None]],
    center_id: UUID | None,
    family: UUID | None = None,
) -> tuple[str, str]:
    """A fresh pair: access token and refresh token. Without a `family` it is a sign-in, whose access token counts as
    a fresh proof for a while."""
    access = issue_access_token(
        user_id=user.id,
        email=user.email,
        roles=roles,
        service_center_id=center_id,
        has_proved=family is None,
    )
    refresh = new_token()
    db.add(
        RefreshToken(
            id=new_id(),
            user_id=user.id,
            family_id=family or new_id(),
            token_hash=hash_token(refresh),
            expires_at=clock.now() + REFRESH_LIFE,
        )
    )
    return access, refresh


async def use_refresh(db: AsyncSession, token: str, *, by: Viewer) -> tuple[User, UUID] | None:
    """Spend a refresh token: its owner and family, acting as the owner. None when it was spent before, and
    then its whole family is revoked (commit that). Raises SignInNeeded when it is unknown or over."""
    user_id: UUID | None = await db.scalar(text("SELECT user_by_refresh(:hash)"), {"hash": hash_token(token)})
    if user_id is None:
        raise SignInNeeded
    await act_as(db, user=user_id)
    known = await db.scalar(
        select(RefreshToken).where(RefreshToken.token_hash == hash_token(token)).with_for_update()
    )
    user = await db.scalar(select(User).where(User.id == user_id))
    now = clock.now()
    if known is None or user is None or not user.is_active or known.revoked_at or known.expires_at <= now:
        raise SignInNeeded
    if known.used_at is not None:
        await revoke_family(db, known.family_id)
        await audit.log(db, by, "token.reused", "user", user_id, tenant=None)
        return None
    known.used_at = now
    return user, known.family_id


async def revoke_family(db: AsyncSession, family: UUID) -> None:
    """End every refresh token that descends from one sign-in."""
    await db.execute(
        update(RefreshToken)
        .where(RefreshToken.family_id == family, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


async def revoke(db: AsyncSession, token: str) -> None:
    """Sign-out of a JSON client: its family ends, whatever was sent."""
    user_id: UUID | None = await db.scalar(text("SELECT user_by_refresh(:hash)"), {"hash": hash_token(token)})
    if user_id is None:
        return
    await act_as(db, user=user_id)
    family = await db.scalar(
        select(RefreshToken.family_id).where(RefreshToken.token_hash == hash_token(token))
    )
    if family is not None:
        await revoke_family(db, family)


async def roles_of(db: AsyncSession, user_id: UUID) -> list[dict[str, str | None]]:
    """Every role a person holds, as the token and the answer tell it."""
    rows = await db.execute(
        text("SELECT role, service_center_id FROM roles_held(:user)"),
        {"user": user_id},
    )
    held = [
        {"role": row.role, "service_center_id": str(row.service_center_id) if row.service_center_id else None}
        for row in rows
    ]
    return held or [{"role": "customer", "service_center_id": None}]
