"""Inviting somebody to share cars: a mailed link, and what happens when it is taken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, take_turn
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.forms import check_email
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage import family
from app.domains.garage.events import CarInvitationWithdrawn, MemberInvited, MemberJoined
from app.domains.garage.family import Role
from app.domains.garage.models import CarInvitation, Vehicle

LIFE = timedelta(days=14)
MOST_OPEN = 50
"""Invitations of one person at a time: mails to strangers are not for the asking."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an owner invites, and as what."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    access: Role


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever opens a link is told of it."""

    id: UUID
    user_id: UUID
    invited_by_name: str
    email: str
    role: str
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    cars: list[str]


async def invite(db: AsyncSession, vehicles: Sequence[Vehicle], asked: Asked, *, by: Viewer) -> CarInvitation:
    """Ask somebody to share cars the viewer owns. An open invitation of the same address to these cars is replaced.
    Raises Invalid, Refused."""
    email = asked.email.strip()
    check_email(email)
    if not vehicles:
        raise Invalid({"cars": _("Choose at least one car.")})
    if any(one.email.lower() == email.lower() for one in await family.members(db, vehicles)):
        raise Invalid({"email": _("The person with this address shares this car already.")})
    await take_turn(db, f"car invitations of {by.user_id}")
    standing = await open_invitations(db, by)
    wanted = {vehicle.id for vehicle in vehicles}
    for older in standing:
        if older.email.lower() == email.lower() and wanted >= set(older.vehicle_ids):
            older.withdrawn_at = clock.now()
    if sum(one.withdrawn_at is None for one in standing) >= MOST_OPEN:
        raise Refused(_("Too many invitations are open. Withdraw one first."))
    invitation = CarInvitation(
        id=new_id(), user_id=by.user_id, invited_by_name=by.name, email=email, role=asked.access,
        vehicle_ids=sorted(wanted), expires_at=clock.now() + LIFE,
    )  # fmt: skip
    db.add(invitation)
    await db.flush()
    event = MemberInvited(invitation_id=invitation.id)
    await record(db, event, by=by, person=by.user_id, subject=invitation.id)
    return invitation


async def open_invitations(
    db: AsyncSession, me: Viewer, vehicle: Vehicle | None = None
) -> Sequence[CarInvitation]:
    """The viewer's own that may still be taken, to one car or to any."""
    query = select(CarInvitation).where(
        CarInvitation.user_id == me.user_id, CarInvitation.accepted_at.is_(None),
        CarInvitation.withdrawn_at.is_(None), CarInvitation.expires_at > clock.now(),
    )  # fmt: skip
    if vehicle is not None:
        query = query.where(CarInvitation.vehicle_ids.contains([vehicle.id]))
    return (await db.scalars(query.order_by(func.lower(CarInvitation.email), CarInvitation.id))).all()


async def withdraw(db: AsyncSession, vehicle: Vehicle, invitation_id: UUID, *, by: Viewer) -> None:
    """Raises NotFound for what is not the viewer's, or open no more."""
    for one in await open_invitations(db, by, vehicle):
        if one.id == invitation_id:
            one.withdrawn_at = clock.now()
            event = CarInvitationWithdrawn(invitation_id=one.id)
            await record(db, event, by=by, person=by.user_id, subject=one.id)
            return
    raise NotFound


def issue_link(invitation: CarInvitation) -> str:
    """The token for the mail being written; only its hash is stored."""
    token = new_token()
    invitation.token_hash = hash_token(token)
    return token


async def opened(db: AsyncSession, token: str) -> Opened:
    """What a link leads to. Raises Refused when it is spent, withdrawn or over."""
    row = (
        await db.execute(text("SELECT * FROM car_invitation_by_token(:hash)"), {"hash": hash_token(token)})
    ).one_or_none()
    known = Opened(**row._mapping) if row else None
    is_over = known is None or known.accepted_at or known.withdrawn_at or known.expires_at <= clock.now()
    if known is None or is_over or not known.cars:
        raise _gone()
    return known


def _gone() -> Refused:
    return Refused(_("This invitation was taken, withdrawn or has expired. Ask for a new one."), status=410)


async def has_account(db: AsyncSession, invitation: Opened) -> bool:
    found = await db.scalar(text("SELECT user_by_email(:email)"), {"email": invitation.email})
    return found is not None


async def accept(
    db: AsyncSession, invitation: Opened, token: str, *, by: Viewer, user_id: UUID | None = None
) -> list[UUID]:
    """The cars stand in the garage of the transaction's person. Of two who open the same link, one gets them; whoever
    shares a car already keeps their role. Raises Refused."""
    user_id = user_id or by.user_id
    if user_id == invitation.user_id:
        raise Refused(_("This link is for somebody else: you invited them yourself."))
    found = await db.scalars(
        text("SELECT accept_car_invitation(:hash, :now)"), {"hash": hash_token(token), "now": clock.now()}
    )
    shared = list(found)
    if not shared:
        raise _gone()
    for vehicle_id in shared:
        event = MemberJoined(vehicle_id=vehicle_id, role=invitation.role)
        await record(db, event, by=by, person=user_id, subject=vehicle_id)
    return shared
