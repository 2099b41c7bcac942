"""Mails about an account. The token of each link is made while its mail is written: it stands in no event."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.events import Heard
from app.core.words import speaking
from app.domains import accounts
from app.domains.accounts.events import EmailProofAsked, PasswordResetRequested, SignInLocked
from app.domains.network import inviting
from app.domains.network.inviting import PersonInvited
from app.domains.network.models import Invitation, Tenant
from app.domains.network.said import role_label
from app.domains.notifications import recipients
from app.domains.notifications.recipients import Recipient
from app.domains.notifications.telling import write_mail


async def send_proof(db: AsyncSession, heard: Heard[EmailProofAsked]) -> None:
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None:
        return
    token = await accounts.issue_proof(db, heard.event.user_id, to.email)
    await write_mail(db, heard, to, "email_proof", secret=token)


async def send_reset(db: AsyncSession, heard: Heard[PasswordResetRequested]) -> None:
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None:
        return
    token = await accounts.issue_reset(db, heard.event.user_id)
    await write_mail(db, heard, to, "password_reset", secret=token)


async def tell_locked(db: AsyncSession, heard: Heard[SignInLocked]) -> None:
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is not None:
        await write_mail(db, heard, to, "sign_in_locked", ip=heard.event.ip)


async def send_invitation(db: AsyncSession, heard: Heard[PersonInvited]) -> None:
    """To an address: whoever reads it may have an account or not."""
    invitation = await db.get(Invitation, heard.event.invitation_id)
    if invitation is None or not invitation.is_open(clock.now()):
        return
    place = await recipients.place(db, invitation.center_id)
    tenant = await db.get_one(Tenant, invitation.tenant_id)
    to = Recipient(user_id=None, name=invitation.name, email=invitation.email, locale=tenant.locale)
    with speaking(to.locale):
        role = role_label(invitation.role)
    who = invitation.invited_by_name or place.center.name
    token = await inviting.issue_link(db, invitation)
    await write_mail(db, heard, to, "invitation", place=place, secret=token, who=who, role=role)
