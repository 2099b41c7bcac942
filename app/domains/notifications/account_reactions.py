"""Mails about an account. The token of each link is made while its mail is written: it stands in no event."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.events import Heard
from app.core.words import _, speaking
from app.domains import accounts, garage, handovers
from app.domains.accounts.events import (
    EmailChangeAsked,
    EmailChanged,
    EmailProofAsked,
    IdentityLinked,
    IdentityUnlinked,
    KioskPinPaused,
    OtherWaysForgotten,
    PasswordChanged,
    PasswordResetRequested,
    RecoveryCodeUsed,
    SecondFactorChanged,
    SecondFactorPaused,
    SignInLocked,
)
from app.domains.accounts.sign_on import label_of
from app.domains.garage.events import SharedVehicleSold
from app.domains.garage.said import car_role_label
from app.domains.network import inviting
from app.domains.network.inviting import PersonInvited
from app.domains.network.models import Invitation, Tenant
from app.domains.network.said import role_label
from app.domains.notifications import recipients
from app.domains.notifications.recipients import Recipient
from app.domains.notifications.telling import Line, list_for, write_mail


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


async def tell_linked(db: AsyncSession, heard: Heard[IdentityLinked]) -> None:
    if not heard.event.made_account:
        await _tell_of_identity(db, heard, is_linked=True)


async def tell_unlinked(db: AsyncSession, heard: Heard[IdentityUnlinked]) -> None:
    await _tell_of_identity(db, heard, is_linked=False)


async def _tell_of_identity(
    db: AsyncSession, heard: Heard[IdentityLinked] | Heard[IdentityUnlinked], *, is_linked: bool
) -> None:
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is not None:
        label = label_of(heard.event.provider)
        await write_mail(db, heard, to, "identity_changed", label=label, is_linked=is_linked)


async def send_email_change(db: AsyncSession, heard: Heard[EmailChangeAsked]) -> None:
    """To the address that is wanted, whoever reads it there may have it; and to the present one, whose owner may know
    nothing of it."""
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None:
        return
    wanted, token = await accounts.issue_change(db, heard.event.proof_id)
    if not wanted:
        return
    await write_mail(db, heard, replace(to, email=wanted), "email_change", secret=token)
    with speaking(to.locale):
        what = _("Somebody who is signed in to your account wants %(email)s to be its address. Nothing is changed until the link "
                 "that was mailed there is opened.", email=wanted)  # fmt: skip
    await write_mail(db, heard, to, "account_changed", what=what)


async def tell_old_address(db: AsyncSession, heard: Heard[EmailChanged]) -> None:
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None:
        return
    with speaking(to.locale):
        what = _("From now on %(email)s is the address of your account, not this one.", email=to.email)
    old = await accounts.old_address(db, heard.event.proof_id)
    await write_mail(db, heard, replace(to, email=old), "account_changed", what=what)


WayIn = (
    SecondFactorChanged
    | RecoveryCodeUsed
    | SecondFactorPaused
    | KioskPinPaused
    | OtherWaysForgotten
    | PasswordChanged
)


async def tell_way_in(db: AsyncSession, heard: Heard[Any]) -> None:
    """What concerns the ways into an account is told by mail: a thief would not tell it."""
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    if to is None:
        return
    with speaking(to.locale):
        what = _said_of(heard.event)
    pin = isinstance(heard.event, KioskPinPaused)
    await write_mail(db, heard, to, "account_changed", what=what, pin=pin)


def _said_of(event: WayIn) -> str:
    if isinstance(event, PasswordChanged):
        return _("The password of your account was changed, and every other device was signed out.")
    if isinstance(event, OtherWaysForgotten):
        names = {
            "passkey": _("passkeys"),
            "app": _("the authenticator app"),
            "codes": _("recovery codes"),
            "pin": _("the PIN for the workshop's tablet"),
            "site": _("sign-in by other sites"),
        }
        return _("A new password was chosen by a link that was mailed to you, and so your address was confirmed for the first time. "
                 "Whatever else opened the account had been set up before that and was removed: %(ways)s. "
                 "If you need it, please set it up again.", ways=", ".join(names[way] for way in event.ways))  # fmt: skip
    if isinstance(event, KioskPinPaused):
        return _("Somebody typed five wrong PINs for you at the workshop's tablet “%(kiosk)s”. Further tries there must wait "
                 "fifteen minutes.", kiosk=event.kiosk)  # fmt: skip
    if isinstance(event, SecondFactorPaused):
        return _("Somebody who knew your password, or sat at your device, gave five wrong codes for your account. "
                 "Further tries must wait fifteen minutes.")  # fmt: skip
    if isinstance(event, RecoveryCodeUsed):
        return _("One of your recovery codes was used.")
    return {
        "app_added": _("An authenticator app was set up for your account."),
        "app_removed": _("The authenticator app was removed from your account."),
        "passkey_added": _("A passkey was added to your account."),
        "passkey_removed": _("A passkey was removed from your account."),
        "codes_renewed": _("Your account has new recovery codes. Those you had no longer work."),
    }[event.change]


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


async def send_car_invitation(db: AsyncSession, heard: Heard[garage.MemberInvited]) -> None:
    """In the language of whoever invites: nothing else is known of who reads it."""
    invitation = await db.get(garage.CarInvitation, heard.event.invitation_id)
    if invitation is None or not invitation.is_open(clock.now()):
        return
    inviting_person = await recipients.person(db, invitation.user_id, tenant_id=None)
    if inviting_person is None:
        return
    cars = await db.scalars(
        select(garage.Vehicle)
        .where(garage.Vehicle.id.in_(invitation.vehicle_ids))
        .order_by(garage.Vehicle.id)
    )
    to = replace(inviting_person, name="", email=invitation.email)
    with speaking(to.locale):
        role = car_role_label(invitation.role)
    names = ", ".join(car.name for car in cars)
    token = garage.issue_link(invitation)
    await write_mail(
        db, heard, to, "car_invitation", secret=token, who=invitation.invited_by_name, role=role, cars=names
    )


async def send_handover(db: AsyncSession, heard: Heard[handovers.HandoverOffered]) -> None:
    """In the language of whoever sells: nothing else is known of who reads it."""
    offer = await db.get(handovers.Handover, heard.event.handover_id)
    if offer is None or not offer.is_open(clock.now()):
        return
    seller = await recipients.person(db, offer.user_id, tenant_id=None)
    if seller is None:
        return
    car = await db.get_one(garage.Vehicle, offer.vehicle_id)
    to = replace(seller, name="", email=offer.email)
    token = handovers.issue_link(offer)
    await write_mail(db, heard, to, "car_handover", secret=token, who=offer.offered_by_name, car=car.name)


async def tell_shared_car_sold(db: AsyncSession, heard: Heard[SharedVehicleSold]) -> None:
    if heard.user_id is None:
        return
    to = await recipients.person(db, heard.user_id, tenant_id=None)
    if to is None or to.user_id is None:
        return
    with speaking(to.locale):
        title = _("%(car)s is sold", car=heard.event.car)
        message = _("It was shared with you, and is no longer in your garage.")
    line = Line("system", title, message, "/garage", heard.event.vehicle_id)
    await list_for(db, heard, to.user_id, line, tenant_id=None)


async def tell_handover_taken(db: AsyncSession, heard: Heard[handovers.HandoverTaken]) -> None:
    if heard.user_id is None:
        return
    to = await recipients.person(db, heard.user_id, tenant_id=None)
    car = await db.get(garage.Vehicle, heard.event.vehicle_id)
    if to is None or to.user_id is None or car is None:
        return
    with speaking(to.locale):
        title = _("The next owner has your car's history")
        message = _("%(car)s is sold and put away in your garage.", car=car.name)
    line = Line("system", title, message, f"/garage/{car.id}/handover", car.id)
    await list_for(db, heard, to.user_id, line, tenant_id=None)
