"""Proving an address: whoever opens the mailed link in their own account has shown that mail to it reaches them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import Invalid, Refused
from app.core.events import record
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts.events import EmailChangeAsked, EmailChanged, EmailProofAsked, EmailProved
from app.domains.accounts.models import EmailProof, PasswordReset, User

PROOF_LIFE = timedelta(days=3)


async def ask_to_change(db: AsyncSession, user: User, email: str, *, by: Viewer) -> None:
    """Have a link mailed to the address somebody wants instead of theirs; until it is opened nothing changes.
    Raises Invalid when it belongs to an account."""
    await _refuse_taken(db, email)
    proof = _new_proof(user.id, email, new_token(), changes_address=True)
    db.add(proof)
    asked = EmailChangeAsked(user_id=user.id, proof_id=proof.id)
    await record(db, asked, by=by, person=user.id, subject=user.id)


async def _refuse_taken(db: AsyncSession, email: str) -> None:
    if await db.scalar(text("SELECT user_by_email(:email)"), {"email": email}):
        raise Invalid({"email": _("There is an account with this address.")})


async def _change_address(db: AsyncSession, user: User, proof: EmailProof, *, by: Viewer) -> None:
    """The old address is told. Links to a new password that were mailed to it are over."""
    await _refuse_taken(db, proof.email)
    proof.old_email, user.email, user.email_verified_at = user.email, proof.email, clock.now()
    await db.execute(delete(PasswordReset).where(PasswordReset.user_id == user.id))
    changed = EmailChanged(user_id=user.id, proof_id=proof.id)
    await record(db, changed, by=by, person=user.id, subject=user.id)


async def awaits_proof(db: AsyncSession, me: Viewer) -> bool:
    """Whether the viewer's own account has an address that nobody has proved yet."""
    proved = await db.scalar(select(User.id).where(User.id == me.user_id, User.email_verified_at.is_(None)))
    return proved is not None


async def ask_for_proof(db: AsyncSession, user: User, *, by: Viewer) -> None:
    """Have the mail written again. Raises Refused when the address is proved already."""
    if user.email_verified_at is not None:
        raise Refused(_("Your address is confirmed already."))
    await record(db, EmailProofAsked(user_id=user.id), by=by, person=user.id, subject=user.id)


async def issue_proof(db: AsyncSession, user_id: UUID, email: str) -> str:
    """A fresh token for the mail being written; only its hash is stored."""
    token = new_token()
    db.add(_new_proof(user_id, email, token))
    return token


async def issue_change(db: AsyncSession, proof_id: UUID) -> tuple[str, str]:
    """The wanted address and a fresh token for the mail to it, in place of one that nobody was given; ("", "") when
    the wish is gone."""
    proof = await db.get(EmailProof, proof_id)
    if proof is None or proof.used_at is not None:
        return "", ""
    token = new_token()
    proof.token_hash, proof.expires_at = hash_token(token), clock.now() + PROOF_LIFE
    return proof.email, token


async def old_address(db: AsyncSession, proof_id: UUID) -> str:
    """What the address was before it was changed; "" when that is no longer known."""
    proof = await db.get(EmailProof, proof_id)
    return proof.old_email if proof else ""


def _new_proof(user_id: UUID, email: str, token: str, *, changes_address: bool = False) -> EmailProof:
    return EmailProof(
        id=new_id(),
        user_id=user_id,
        email=email,
        token_hash=hash_token(token),
        expires_at=clock.now() + PROOF_LIFE,
        changes_address=changes_address,
    )


class SignInFirst(Exception):
    """The link is for an account that the viewer is not signed in to."""


async def opened(db: AsyncSession, *, token: str, by: Viewer) -> EmailProof:
    """What a mailed link is to prove. Raises Refused for one that is over, SignInFirst outside its account.

    Reading the mail is one half; being in the account is the other. Somebody may have made an account with a
    stranger's address: that stranger, who only reads the mail, must not hand them what is theirs.
    """
    user_id: UUID | None = await db.scalar(text("SELECT user_by_proof(:hash)"), {"hash": hash_token(token)})
    if user_id is None:
        raise _gone()
    if by.session_id is None or by.user_id != user_id:
        raise SignInFirst
    proof = await db.scalar(
        select(EmailProof).where(
            EmailProof.token_hash == hash_token(token),
            EmailProof.used_at.is_(None),
            EmailProof.expires_at > clock.now(),
        )
    )
    if proof is None:
        raise _gone()
    return proof


def _gone() -> Refused:
    return Refused(_("This link has expired or was already used. Please ask for a new one."), status=410)


async def prove(db: AsyncSession, *, token: str, by: Viewer) -> EmailProof:
    """Note that the account's holder can read its mail: what was proved. Raises Refused, SignInFirst.

    A link to an address that the account no longer has proves nothing.
    """
    proof = await opened(db, token=token, by=by)
    await act_as(db, user=proof.user_id)
    now = clock.now()
    used = await db.execute(
        update(EmailProof).where(EmailProof.id == proof.id, EmailProof.used_at.is_(None)).values(used_at=now)
    )
    user = await db.scalar(select(User).where(User.id == proof.user_id))
    if user is None or not used.rowcount:  # type: ignore[attr-defined]
        raise _gone()
    if proof.changes_address:
        await _change_address(db, user, proof, by=by)
    if proof.email.lower() != user.email.lower():
        raise _gone()
    if user.email_verified_at is None:
        user.email_verified_at = now
        await record(db, EmailProved(user_id=user.id), by=by, person=user.id, subject=user.id)
    return proof
