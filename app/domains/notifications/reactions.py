"""What people are told when something happens. Each runs in the event's tenant and may run twice: the rows
it writes are unique for their event."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, render
from app.core.events import Heard
from app.core.words import _, ngettext, speaking
from app.domains import estimates
from app.domains.booking.events import (
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentRequested,
    AppointmentRescheduled,
)
from app.domains.booking.models import Appointment, BookedService
from app.domains.estimates.events import (
    ApprovalLinkAsked,
    EstimateDecided,
    EstimateExpired,
    EstimateSent,
)
from app.domains.estimates.models import Estimate, EstimateJob
from app.domains.inspections.events import InspectionCompleted
from app.domains.network.premises import is_public
from app.domains.notifications import recipients
from app.domains.notifications.events import ReminderDue
from app.domains.notifications.mail_table import Offer, PlannedVisit, Work
from app.domains.notifications.models import BLANK
from app.domains.notifications.telling import Line, list_for, write_to_customer
from app.domains.workshop.events import WorkCompleted
from app.domains.workshop.models import COUNTER, Job, RepairOrder

BOOK_ANEW = ("appointment_cancelled", "request_cancelled")
"""Mails whose button leads to another booking."""


async def tell_confirmed(db: AsyncSession, heard: Heard[AppointmentConfirmed]) -> None:
    await _about_appointment(db, heard, "appointment_confirmation", _confirmed)


async def tell_requested(db: AsyncSession, heard: Heard[AppointmentRequested]) -> None:
    await _about_appointment(db, heard, "appointment_requested", _requested)


async def tell_rescheduled(db: AsyncSession, heard: Heard[AppointmentRescheduled]) -> None:
    if heard.event.is_request:
        await _about_appointment(db, heard, "request_moved", _request_moved)
    else:
        await _about_appointment(db, heard, "appointment_moved", _moved)


async def tell_cancelled(db: AsyncSession, heard: Heard[AppointmentCancelled]) -> None:
    declined = heard.event.is_request and not heard.event.by_customer
    mail = "request_cancelled" if heard.event.is_request else "appointment_cancelled"
    await _about_appointment(db, heard, mail, _declined if declined else _cancelled)


async def tell_reminder(db: AsyncSession, heard: Heard[ReminderDue]) -> None:
    words = _reminder if heard.event.days == 1 else _reminder_ahead
    await _about_appointment(db, heard, "appointment_reminder", words)


def _confirmed(center: str, when: str) -> tuple[str, str]:
    return _("Your visit is confirmed"), _("%(center)s expects you on %(when)s.", center=center, when=when)


def _requested(center: str, when: str) -> tuple[str, str]:
    return _("Your request has arrived"), _(
        "%(center)s looks at it and answers. You asked for %(when)s.", center=center, when=when
    )


def _moved(center: str, when: str) -> tuple[str, str]:
    return _("Your visit was moved"), _("%(center)s now expects you on %(when)s.", center=center, when=when)


def _request_moved(center: str, when: str) -> tuple[str, str]:
    return _("Your request was moved"), _(
        "%(center)s looks at it and answers. You now ask for %(when)s.", center=center, when=when
    )


def _declined(center: str, when: str) -> tuple[str, str]:
    return _("Your request was declined"), _(
        "%(center)s cannot take you on %(when)s. Please choose another time.", center=center, when=when
    )


def _cancelled(center: str, when: str) -> tuple[str, str]:
    return _("Your visit was cancelled"), _("%(center)s, %(when)s.", center=center, when=when)


def _reminder(center: str, when: str) -> tuple[str, str]:
    return _("Your visit is tomorrow"), _("%(center)s expects you on %(when)s.", center=center, when=when)


def _reminder_ahead(center: str, when: str) -> tuple[str, str]:
    return _("Your visit is near"), _("%(center)s expects you on %(when)s.", center=center, when=when)


async def _about_appointment(
    db: AsyncSession,
    heard: Heard[Any],
    template: str,
    words: Callable[[str, str], tuple[str, str]],
) -> None:
    appointment = await db.scalar(select(Appointment).where(Appointment.id == heard.event.appointment_id))
    if appointment is None:
        return
    place = await recipients.place(db, appointment.center_id)
    booked = await db.scalars(
        select(BookedService)
        .where(
            BookedService.tenant_id == appointment.tenant_id, BookedService.appointment_id == appointment.id
        )
        .order_by(BookedService.id)
    )
    services = booked.all()
    car = await recipients.car(db, appointment.vehicle_id)
    to = await recipients.customer(db, appointment.customer_id, tenant_id=appointment.tenant_id)
    if to is None:
        return
    url = f"/appointments/{appointment.id}"
    # What the event says, not what the row says by now: a later event tells what came later.
    starts_at = heard.event.starts_at
    if to.user_id:
        with speaking(to.locale):
            title, message = words(place.center.name, render.when(starts_at, place.zone))
        line = Line("appointment", title, message, url, appointment.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    opens = url if to.user_id else ""
    if template in BOOK_ANEW:
        opens = await _booking(db, place, to)
    visit = PlannedVisit(
        starts_at=starts_at, services=[one.name for one in services], car=car,
        days=getattr(heard.event, "days", 1), url=opens,
    )  # fmt: skip
    await write_to_customer(db, heard, to, template, visit, place=place)


async def _booking(db: AsyncSession, place: recipients.Place, to: recipients.Recipient) -> str:
    """Where somebody books anew; the booking itself asks for an account, the shop's page does not."""
    if not await is_public(db, place.center):
        return ""
    return f"/{'book' if to.user_id else 'shops'}/{place.center.slug}"


async def tell_estimate_ready(db: AsyncSession, heard: Heard[EstimateSent]) -> None:
    await _send_estimate(db, heard, heard.event, is_again=False)


async def tell_link_renewed(db: AsyncSession, heard: Heard[ApprovalLinkAsked]) -> None:
    await _send_estimate(db, heard, heard.event, is_again=True)


async def _send_estimate(
    db: AsyncSession,
    heard: Heard[Any],
    event: EstimateSent | ApprovalLinkAsked,
    *,
    is_again: bool,
) -> None:
    estimate = await db.scalar(select(Estimate).where(Estimate.id == event.estimate_id))
    if estimate is None or not (estimate.is_open(clock.now()) or estimate.is_decided):
        return  # a newer version stands in its place already; its own event tells
    place = await recipients.place(db, event.center_id)
    order = await db.get_one(RepairOrder, event.order_id)
    car = await recipients.car(db, order.vehicle_id)
    offer = await _offer(db, estimate, car)
    to = await recipients.customer(db, event.customer_id, tenant_id=estimate.tenant_id)
    if to is None:
        return
    token = await estimates.issue_link(db, estimate, recipient=to.email)
    if to.user_id and not is_again:
        with speaking(to.locale):
            total = render.money(estimate.total_minor, estimate.currency)
            title = _("Your estimate is ready")
            message = _("%(center)s: %(total)s for %(car)s.", center=place.center.name, total=total, car=car)
        line = Line("estimate", title, message, f"/estimates/{estimate.id}", estimate.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    offer = replace(offer, url=f"/approve/{BLANK}")
    await write_to_customer(db, heard, to, "estimate_ready", offer, place=place, secret=token)


async def _offer(db: AsyncSession, estimate: Estimate, car: str) -> Offer:
    """What was proposed; nothing to open yet."""
    titles = await db.scalars(
        select(EstimateJob.title)
        .where(EstimateJob.tenant_id == estimate.tenant_id, EstimateJob.estimate_id == estimate.id)
        .order_by(EstimateJob.position)
    )
    return Offer(
        number=estimate.number, jobs=titles.all(), total_minor=estimate.total_minor, currency=estimate.currency,
        valid_until=estimate.valid_until, car=car, url="",
    )  # fmt: skip


async def tell_expired(db: AsyncSession, heard: Heard[EstimateExpired]) -> None:
    """Nobody answered in time: the driver may ask for another, the advisor may send one."""
    event = heard.event
    order = await db.get_one(RepairOrder, event.order_id)
    if not order.is_open:
        return
    place = await recipients.place(db, event.center_id)
    car = await recipients.car(db, order.vehicle_id)
    offer = await _offer(db, await db.get_one(Estimate, event.estimate_id), car)
    driver = await recipients.customer(db, event.customer_id, tenant_id=order.tenant_id)
    if driver is not None and driver.user_id:
        with speaking(driver.locale):
            title = _("Your estimate is no longer valid")
            message = _(
                "%(center)s, %(car)s: nothing was decided. Ask the workshop for another.",
                center=place.center.name,
                car=car,
            )
        line = Line("estimate", title, message, f"/estimates/{event.estimate_id}", event.estimate_id)
        await list_for(db, heard, driver.user_id, line, tenant_id=order.tenant_id)
    if driver is not None:
        offer = replace(offer, url=f"/estimates/{event.estimate_id}" if driver.user_id else "")
        await write_to_customer(db, heard, driver, "estimate_expired", offer, place=place)
    advisor = await _advisor(db, order)
    if advisor is not None and advisor.user_id:
        with speaking(advisor.locale):
            title = _("%(number)s ran out without an answer", number=event.number)
        line = Line("estimate", title, car, f"/estimates/{event.estimate_id}", event.estimate_id)
        await list_for(db, heard, advisor.user_id, line, tenant_id=order.tenant_id)


async def tell_desk_of_decision(db: AsyncSession, heard: Heard[EstimateDecided]) -> None:
    """The advisor who wrote the order hears what the customer decided."""
    event = heard.event
    order = await db.get_one(RepairOrder, event.order_id)
    to = await _advisor(db, order)
    if to is None or to.user_id in (None, heard.actor_id):  # an answer they took down themselves is no news
        return
    with speaking(to.locale):
        title = _("%(number)s: the customer has decided", number=event.number)
        message = _(
            "%(approved)s approved, %(declined)s declined, %(deferred)s put off.",
            approved=event.approved,
            declined=event.declined,
            deferred=event.deferred,
        )
    line = Line("estimate", title, message, f"/orders/{order.number}", order.id)
    await list_for(db, heard, to.user_id, line, tenant_id=order.tenant_id)


async def tell_desk_of_inspection(db: AsyncSession, heard: Heard[InspectionCompleted]) -> None:
    """The advisor hears that the findings can be priced."""
    event = heard.event
    order = await db.get_one(RepairOrder, event.order_id)
    to = await _advisor(db, order)
    if to is None or to.user_id in (None, heard.actor_id):
        return
    with speaking(to.locale):
        title = _("%(order)s has been inspected", order=order.label)
        message = _("%(red)s now, %(yellow)s soon.", red=event.red, yellow=event.yellow)
    line = Line("order", title, message, f"/inspections/{event.inspection_id}", order.id)
    await list_for(db, heard, to.user_id, line, tenant_id=order.tenant_id)


async def _advisor(db: AsyncSession, order: RepairOrder) -> recipients.Recipient | None:
    if order.advisor_id is None:
        return None
    return await recipients.person(db, order.advisor_id, tenant_id=order.tenant_id)


async def tell_work_completed(db: AsyncSession, heard: Heard[WorkCompleted]) -> None:
    event = heard.event
    order = await db.get_one(RepairOrder, event.order_id)
    if order.stage == "delivered":  # heard late: the car is back with its driver
        return
    place = await recipients.place(db, event.center_id)
    done = await db.scalars(
        select(Job)
        .where(
            Job.tenant_id == order.tenant_id,
            Job.order_id == order.id,
            Job.status == "completed",
            Job.department != COUNTER,
        )
        .order_by(Job.position)
    )
    jobs = done.all()
    car = await recipients.car(db, order.vehicle_id)
    to = await recipients.customer(db, event.customer_id, tenant_id=order.tenant_id)
    if to is None:
        return
    url = f"/orders/{order.id}/track"
    if to.user_id:
        with speaking(to.locale):
            title = _("Your car is ready")
            message = ngettext(
                "%(num)s job is done at %(center)s.",
                "%(num)s jobs are done at %(center)s.",
                len(jobs),
                center=place.center.name,
            )
        line = Line("work", title, message, url, order.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    opens = url if to.user_id else ""
    work = Work(order=order.label, jobs=[one.title for one in jobs], car=car, url=opens)
    await write_to_customer(db, heard, to, "service_completed", work, place=place)
