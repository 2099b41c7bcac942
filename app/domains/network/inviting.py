"""Inviting people to work at a center: a mailed link, and what happens when it is taken."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant, new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import Event, record
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network import joining
from app.domains.network.crew import works_at
from app.domains.network.models import Invitation, ServiceCenter, StaffProfile

LIFE = timedelta(days=7)

StaffRole = Literal["advisor", "technician", "parts_counter", "owner", "parts_owner"]


class PersonInvited(Event, frozen=True):
    """Somebody is to be mailed the link of an invitation; the link is made when the mail is written."""

    invitation_id: UUID
    center_id: UUID


class InvitationWithdrawn(Event, frozen=True):
    """The link of an invitation no longer works."""

    invitation_id: UUID
    center_id: UUID


class InvitationFacts(msgspec.Struct, frozen=True, kw_only=True):
    email: Annotated[str, Meta(min_length=3, max_length=254)]
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    role: StaffRole
    title: Annotated[str, Meta(max_length=120)] = ""


async def invite(
    db: AsyncSession, center: ServiceCenter, facts: InvitationFacts, *, by: Viewer
) -> Invitation:
    """Ask somebody to work here. An open invitation to the same address is replaced. Raises Invalid."""
    if "@" not in facts.email or any(sign.isspace() for sign in facts.email):
        raise Invalid({"email": _("Please enter an email address.")})
    if facts.role not in await joining.roles_of(db, center.tenant_id):
        raise Invalid({"role": _("Please choose one of the options.")})
    await _refuse_colleague(db, center, facts.email)
    for older in await open_invitations(db, center):
        if older.email.lower() == facts.email.lower():
            older.withdrawn_at = clock.now()
    invitation = Invitation(
        id=new_id(),
        tenant_id=center.tenant_id,
        center_id=center.id,
        invited_by_name=by.name,
        expires_at=clock.now() + LIFE,
        **msgspec.structs.asdict(facts),
    )
    db.add(invitation)
    await db.flush()
    await _have_mailed(db, invitation, by)
    return invitation


async def _refuse_colleague(db: AsyncSession, center: ServiceCenter, email: str) -> None:
    user_id: UUID | None = await db.scalar(text("SELECT user_by_email(:email)"), {"email": email})
    if user_id is None:
        return
    works_here = await db.scalar(
        select(StaffProfile.id).where(
            works_at(center), StaffProfile.user_id == user_id, StaffProfile.is_active
        )
    )
    if works_here:
        raise Invalid({"email": _("The person with this address works here already.")})


async def _have_mailed(db: AsyncSession, invitation: Invitation, by: Viewer) -> None:
    event = PersonInvited(invitation_id=invitation.id, center_id=invitation.center_id)
    await record(db, event, by=by, tenant=invitation.tenant_id, subject=invitation.id)


async def open_invitations(db: AsyncSession, center: ServiceCenter) -> Sequence[Invitation]:
    query = select(Invitation).where(
        Invitation.tenant_id == center.tenant_id,
        Invitation.center_id == center.id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > clock.now(),
    )
    return (await db.scalars(query.order_by(func.lower(Invitation.name)))).all()


async def find(db: AsyncSession, center: ServiceCenter, invitation_id: UUID) -> Invitation:
    """An open invitation of a center. Raises NotFound."""
    for one in await open_invitations(db, center):
        if one.id == invitation_id:
            return one
    raise NotFound


async def mail_again(db: AsyncSession, invitation: Invitation, *, by: Viewer) -> None:
    """A fresh link for another seven days; the one mailed before no longer works."""
    invitation.expires_at = clock.now() + LIFE
    await _have_mailed(db, invitation, by)


async def withdraw(db: AsyncSession, invitation: Invitation, *, by: Viewer) -> None:
    invitation.withdrawn_at = clock.now()
    event = InvitationWithdrawn(invitation_id=invitation.id, center_id=invitation.center_id)
    await record(db, event, by=by, tenant=invitation.tenant_id, subject=invitation.id)


async def issue_link(db: AsyncSession, invitation: Invitation) -> str:
    """The token for the mail being written; only its hash is stored."""
    token = new_token()
    invitation.token_hash = hash_token(token)
    return token


async def opened(db: AsyncSession, token: str) -> tuple[Invitation, ServiceCenter]:
    """The invitation a link leads to, and its center; the transaction is inside that shop from here on.

    Raises Refused when the link is spent, withdrawn or over.
    """
    gone = Refused(
        _("This invitation was taken, withdrawn or has expired. Ask the shop for a new one."), status=410
    )
    row = (
        await db.execute(text("SELECT * FROM invitation_by_token(:hash)"), {"hash": hash_token(token)})
    ).first()
    if row is None:
        raise gone
    await enter_tenant(db, row.tenant_id)
    invitation = await db.get_one(Invitation, row.id)
    if not invitation.is_open(clock.now()):
        raise gone
    return invitation, await db.get_one(ServiceCenter, invitation.center_id)


async def has_account(db: AsyncSession, invitation: Invitation) -> bool:
    found = await db.scalar(text("SELECT user_by_email(:email)"), {"email": invitation.email})
    return found is not None


async def accept(
    db: AsyncSession, invitation: Invitation, center: ServiceCenter, *, user_id: UUID, by: Viewer
) -> StaffProfile:
    """Begin to work there. Of two who open the same link, one gets it. Raises Refused."""
    taken = await db.scalar(
        update(Invitation)
        .where(
            Invitation.tenant_id == invitation.tenant_id,
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(accepted_at=clock.now())
        .returning(Invitation.id)
    )
    if taken is None:
        raise Refused(_("This invitation was taken."), status=410)
    return await joining.hire(
        db,
        center,
        user_id=user_id,
        name=invitation.name,
        role=invitation.role,
        title=invitation.title,
        by=by,
    )
