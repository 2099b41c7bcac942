"""Proving an address: whoever opens the mailed link has shown that mail to it reaches them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import Refused
from app.core.events import record
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts.events import EmailProofAsked, EmailProved
from app.domains.accounts.models import EmailProof, User

PROOF_LIFE = timedelta(days=3)


async def ask_for_proof(db: AsyncSession, user: User, *, by: Viewer) -> None:
    """Have the mail written again. Raises Refused when the address is proved already."""
    if user.email_verified_at is not None:
        raise Refused(_("Your address is confirmed already."))
    await record(db, EmailProofAsked(user_id=user.id), by=by, person=user.id, subject=user.id)


async def issue_proof(db: AsyncSession, user_id: UUID, email: str) -> str:
    """A fresh token for the mail being written; only its hash is stored."""
    token = new_token()
    db.add(
        EmailProof(
            id=new_id(),
            user_id=user_id,
            email=email,
            token_hash=hash_token(token),
            expires_at=clock.now() + PROOF_LIFE,
        )
    )
    return token


async def prove(db: AsyncSession, *, token: str, by: Viewer) -> User:
    """Note that the link was opened by somebody who can read the account's mail. Raises Refused.

    A link to an address that the account no longer has proves nothing.
    """
    gone = Refused(_("This link has expired or was already used. Please ask for a new one."), status=410)
    user_id: UUID | None = await db.scalar(text("SELECT user_by_proof(:hash)"), {"hash": hash_token(token)})
    if user_id is None:
        raise gone
    await act_as(db, user=user_id)
    now = clock.now()
    email = await db.scalar(
        update(EmailProof)
        .where(
            EmailProof.token_hash == hash_token(token),
            EmailProof.used_at.is_(None),
            EmailProof.expires_at > now,
        )
        .values(used_at=now)
        .returning(EmailProof.email)
    )
    user = await db.scalar(select(User).where(User.id == user_id))
    if user is None or email is None or email.lower() != user.email.lower():
        raise gone
    if user.email_verified_at is None:
        user.email_verified_at = now
        await record(db, EmailProved(user_id=user.id), by=by, person=user.id, subject=user.id)
    return user
