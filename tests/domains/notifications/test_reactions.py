"""What people are told: the right thing, once, in their words, with links that stand nowhere in clear."""

import re
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update

from app.core import clock, relay, render
from app.core.db import transaction
from app.core.events import record
from app.core.tables import Delivery, EventRow
from app.core.viewer import Viewer
from app.domains.accounts.models import PasswordReset, User
from app.domains.accounts.profile import ask_for_reset
from app.domains.billing import paying, refunding
from app.domains.billing.models import Invoice
from app.domains.booking.events import (
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentRequested,
    AppointmentRescheduled,
)
from app.domains.customers import Customer
from app.domains.estimates.expiring import expire
from app.domains.estimates.models import ApprovalLink, Estimate
from app.domains.notifications import own_words
from app.domains.notifications.mail_table import MAILS
from app.domains.notifications.models import BLANK, Mail
from app.domains.notifications.sending import letter_of
from app.domains.workshop import board
from app.domains.workshop.events import WorkCompleted
from app.domains.workshop.models import Job, RepairOrder
from tests.browsing import Browser
from tests.cast import HARBOR, Cast
from tests.domains.billing import bills
from tests.domains.network.test_modules import switch
from tests.domains.notifications import things
from tests.domains.workshop.shop import approved, checked_in
from tests.mailbox import link_to

Run = Callable[[], Awaitable[int]]


async def again() -> None:
    """Open every delivery anew and run all reactions a second time."""
    async with transaction() as db:
        await db.execute(update(Delivery).values(done_at=None))
        owed = (await db.execute(select(Delivery.event_id, Delivery.reaction))).all()
    for event_id, reaction in owed:
        await relay.perform(event_id, reaction)


@pytest.mark.parametrize("written", ["", "dana@office.example"])
async def test_after_a_change_of_address_links_go_to_the_proved_one_whatever_the_shop_wrote(
    site: str, browser: Callable[..., Browser], cast: Cast, run_reactions: Run, written: str
) -> None:
    """Whoever reads the old mailbox must not approve work."""
    if written:
        async with transaction(tenant=HARBOR) as db:
            known = update(Customer).where(Customer.id == cast.customer.customer_id)
            await db.execute(known.values(email=written))
    dana = browser(cast.customer)
    await dana.post("/settings/email", {"email": "dana@new.example"})
    await run_reactions()
    await dana.post(await link_to("dana@new.example", "/confirm-email/"))
    await run_reactions()
    await things.estimate()
    await run_reactions()
    [mail] = [one for one in await things.mails() if one.template == "estimate_ready"]
    assert (mail.recipient, mail.recipient_name) == ("dana@new.example", "Dana O'Neil")
    async with transaction(tenant=HARBOR) as db:
        assert (await db.scalars(select(ApprovalLink.recipient))).all() == ["dana@new.example"]
        customer = await db.get_one(Customer, cast.customer.customer_id)
        assert customer.email == (written or "dana@new.example")
    desk = browser(cast.advisor)
    async with transaction(tenant=HARBOR) as db:
        estimate_id = await db.scalar(select(Estimate.id))
    page = (await desk.get(f"/estimates/{estimate_id}")).text
    assert "Mailed to the address of the customer" in page
    said = [one for one in ("new.example", "office.example") if one in page]
    assert not said, "the right address and a wrong one look the same to a shop that tries some"
    page = await desk.get("/customers/1")
    assert "Mail goes to its confirmed address" in page.text
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(User).where(User.id == cast.customer.user_id).values(email_verified_at=None))
    page = await desk.get("/customers/1")
    assert "Mail goes to the address above" in page.text
    assert "confirmed" not in page.text


async def test_a_confirmed_visit_is_told_in_the_shops_time(site: str, cast: Cast, run_reactions: Run) -> None:
    appointment_id = await things.appointment()
    await run_reactions()
    [mail] = await things.mails()
    assert mail.recipient == cast.customer.email
    assert mail.sender_name == "Harbor Lane Garage"
    assert mail.subject == "Your visit on Tue, Nov 24, 10:00\u202fAM is confirmed"
    for part in (mail.text, mail.html):
        assert "10:00" in part
        assert "1 Harbor Lane" in part
        assert "2003 Honda Accord" in part
        assert f"http://testserver/appointments/{appointment_id}" in part
    assert "Oil & filter <change>" in mail.text
    assert "Oil &amp; filter &lt;change&gt;" in mail.html
    [line] = await things.lines_of(cast.customer.user_id)
    assert (line.type, line.title) == ("appointment", "Your visit is confirmed")
    assert line.url == f"/appointments/{appointment_id}"


@pytest.mark.parametrize(
    ("kind", "more", "name"),
    [
        (AppointmentConfirmed, {}, "appointment_confirmation"),
        (AppointmentRequested, {}, "appointment_requested"),
        (AppointmentRescheduled, {"from_starts_at": things.TUESDAY_TEN}, "appointment_moved"),
        (AppointmentCancelled, {"by_customer": False}, "appointment_cancelled"),
    ],
)
async def test_each_event_is_told_once_even_when_its_reaction_runs_twice(
    site: str, cast: Cast, run_reactions: Run, kind: type, more: dict[str, object], name: str
) -> None:
    appointment_id = await things.appointment(None)
    async with transaction(user=cast.customer.user_id, tenant=HARBOR) as db:
        event = kind(
            appointment_id=appointment_id,
            center_id=cast.advisor.center_id,
            starts_at=things.TUESDAY_TEN,
            **more,
        )
        await record(db, event, by=cast.advisor.viewer, person=cast.customer.user_id, subject=appointment_id)
    await run_reactions()
    await again()
    [mail] = await things.mails()
    assert mail.template == name
    assert len(await things.lines_of(cast.customer.user_id)) == 1


async def test_a_customer_without_an_account_gets_the_mail_alone(
    site: str, cast: Cast, run_reactions: Run
) -> None:
    from app.domains.customers.models import Customer

    async with transaction(tenant=HARBOR) as db:
        await db.execute(
            update(Customer).where(Customer.id == cast.customer.customer_id).values(user_id=None)
        )
    await things.appointment(customer_account=False)
    await run_reactions()
    [mail] = await things.mails()
    assert "/appointments/" not in mail.text
    assert await things.lines_of(cast.customer.user_id) == []


@pytest.mark.parametrize(
    ("has_account", "books_online", "leads_to"),
    [(True, True, "/book/"), (False, True, "/shops/"), (False, False, None)],
)
async def test_a_cancelled_visit_leads_to_where_this_customer_can_book_anew(
    browser: Callable[..., Browser],
    cast: Cast,
    run_reactions: Run,
    has_account: bool,
    books_online: bool,
    leads_to: str | None,
) -> None:
    if not has_account:
        async with transaction(tenant=HARBOR) as db:
            known = update(Customer).where(Customer.id == cast.customer.customer_id)
            await db.execute(known.values(user_id=None))
    if not books_online:
        await switch("online_booking", False)
    appointment_id = await things.appointment(None, customer_account=has_account)
    async with transaction(tenant=HARBOR) as db:
        off = AppointmentCancelled(
            appointment_id=appointment_id, center_id=cast.advisor.center_id, starts_at=things.TUESDAY_TEN,
            by_customer=False,
        )  # fmt: skip
        await record(db, off, by=cast.advisor.viewer, subject=appointment_id)
    await run_reactions()
    [mail] = await things.mails()
    button = re.search(r"http://testserver(\S+)\n", mail.text)
    assert (button and button[1]) == (leads_to and f"{leads_to}harbor-lane-garage")
    if button:
        asked = await browser(*[cast.customer] * has_account).get(button[1])
        assert "sign-in" not in asked.headers.get("location", "")


async def test_an_estimate_goes_out_with_a_link_that_opens_it(
    browser: Callable[..., Browser], cast: Cast, run_reactions: Run
) -> None:
    estimate, _order = await things.estimate()
    await run_reactions()
    await again()
    [mail] = [one for one in await things.mails() if one.template == "estimate_ready"]
    assert BLANK in mail.text
    assert BLANK in mail.html
    letter = letter_of(mail)
    found = re.search(r"http://testserver(/approve/\S+)", letter.text)
    assert found is not None
    assert found[1] in letter.html
    assert (await browser().get(found[1])).status_code == 200
    token = found[1].rpartition("/")[2]
    async with transaction(tenant=HARBOR) as db:
        rows = (await db.scalars(select(EventRow))).all()
        assert all(token not in str(row.payload) for row in rows)
        assert token not in str(mail.text) + str(mail.html)
        # A link made by a second run belongs to a mail that was not written; nobody has its token.
        assert len((await db.scalars(select(ApprovalLink))).all()) <= 2
    assert estimate.number in letter.text


async def test_the_advisor_hears_the_decision_and_the_driver_does_not(
    site: str, cast: Cast, run_reactions: Run
) -> None:
    from app.domains.estimates.events import EstimateDecided

    estimate, order = await things.estimate()
    async with transaction(tenant=HARBOR) as db:
        decided = EstimateDecided(
            estimate_id=estimate.id,
            order_id=order.id,
            center_id=order.center_id,
            number=estimate.number,
            customer_id=order.customer_id,
            status="partially_approved",
            method="link",
            approved=2,
            declined=1,
            deferred=0,
            approved_minor=1000,
            currency="USD",
        )
        await record(db, decided, by=cast.customer.viewer, tenant=HARBOR, person=order.user_id)
        # What the advisor took down at the counter is no news to them.
        await record(db, decided, by=cast.advisor.viewer, tenant=HARBOR, person=order.user_id)
    await run_reactions()
    [line] = await things.lines_of(cast.advisor.user_id)
    assert line.title == f"{estimate.number}: the customer has decided"
    assert line.message == "2 approved, 1 declined, 0 put off."
    assert [one.type for one in await things.lines_of(cast.customer.user_id)] == ["estimate"]


async def test_done_work_is_told(site: str, cast: Cast, run_reactions: Run) -> None:
    _estimate, order = await things.estimate()
    async with transaction(tenant=HARBOR) as db:
        done = WorkCompleted(
            order_id=order.id, center_id=order.center_id, number=order.number, customer_id=order.customer_id
        )
        await record(db, done, by=cast.technician.viewer, tenant=HARBOR, person=order.user_id)
    await run_reactions()
    [mail] = [one for one in await things.mails() if one.template == "service_completed"]
    assert mail.subject == "Your 2003 Honda Accord is ready"
    assert [one.type for one in await things.lines_of(cast.customer.user_id)] == ["estimate", "work"]


async def test_the_driver_is_told_once_that_the_car_is_ready(
    site: str, cast: Cast, run_reactions: Run
) -> None:
    async with transaction() as db:
        order = await checked_in(db)
        jobs = [await approved(db, order, title) for title in ("Front brakes", "Wiper blades")]
        await bills.carried_out(db, jobs[0])
    await run_reactions()
    assert "work" not in [one.type for one in await things.lines_of(cast.customer.user_id)]
    async with transaction(tenant=HARBOR) as db:
        await bills.carried_out(db, await db.get_one(Job, jobs[1].id))
    await run_reactions()
    await again()
    async with transaction(tenant=HARBOR) as db:  # a card that is put back by hand and comes again is no news
        held = await db.get_one(RepairOrder, order.id)
        for stage in ("qc", "ready"):
            held = await board.move(db, held, to=stage, by=cast.advisor.viewer, anyway="Looked at again")
    await run_reactions()
    told = [one for one in await things.lines_of(cast.customer.user_id) if one.type == "work"]
    assert [(one.title, one.url) for one in told] == [("Your car is ready", f"/orders/{order.id}/track")]
    [mail] = [one for one in await things.mails() if one.template == "service_completed"]
    assert mail.recipient == cast.customer.email


async def test_a_reset_mail_holds_the_token_and_the_database_does_not(
    browser: Callable[..., Browser], cast: Cast, run_reactions: Run
) -> None:
    async with transaction() as db:
        await ask_for_reset(db, email=cast.customer.email, by=cast.stranger.viewer)
        await ask_for_reset(db, email="nobody@test.example", by=cast.stranger.viewer)
    await run_reactions()
    async with transaction(user=cast.customer.user_id) as db:
        [mail] = (await db.scalars(select(Mail))).all()
        assert len((await db.scalars(select(PasswordReset))).all()) == 1
        rows = (await db.scalars(select(EventRow))).all()
    found = re.search(r"http://testserver(/reset-password/\S+)", letter_of(mail).text)
    assert found is not None
    token = found[1].rpartition("/")[2]
    assert token not in mail.text + mail.html + str([row.payload for row in rows])
    assert token.encode() not in (mail.secret or b"")
    assert (await browser().get(found[1])).status_code == 200
    answer = await browser().post(found[1], {"password": "another long enough phrase"})
    assert answer.status_code == 303


async def test_nobody_else_reads_a_mail_or_a_line(site: str, cast: Cast, run_reactions: Run) -> None:
    await things.appointment()
    await run_reactions()
    for user, tenant in ((cast.outsider.user_id, cast.outsider.tenant_id), (cast.stranger.user_id, None)):
        async with transaction(user=user, tenant=tenant) as db:
            assert (await db.scalars(select(Mail))).all() == []
        assert await things.lines_of(user) == []


async def test_an_invoice_and_its_payment_are_told_with_links_that_open(
    browser: Callable[..., Browser], cast: Cast, run_reactions: Run
) -> None:
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        invoice = await bills.issued(db)
    await run_reactions()
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        held = await db.get_one(Invoice, invoice.id)
        payment = await paying.take_cash(db, held, amount=held.total_minor, by=cast.advisor.viewer)
    await run_reactions()
    async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
        await refunding.begin(db, payment, amount=1000, given=0, by=cast.owner.viewer)
    await run_reactions()
    await again()
    letters = {one.template: letter_of(one) for one in await things.mails()}
    bill, receipt = letters["invoice_issued"], letters["payment_received"]
    assert bill.subject == f"Invoice {invoice.label} from Harbor Lane Garage"
    back = letters["money_back"]
    assert back.subject == "Harbor Lane Garage gave back $10.00"
    assert "in cash" in back.text
    assert "Still open: $10.00" in back.text
    for letter, path in ((bill, "/pay/"), (receipt, "/paid/"), (back, "/paid/")):
        found = re.search(rf"http://testserver({path}\S+)", letter.text)
        assert found is not None
        assert found[1] in letter.html
        page = await browser().get(found[1])
        assert page.status_code == 200
        assert invoice.label in page.text
    assert "Still open: $0.00" in receipt.text
    told = [one.title for one in await things.lines_of(cast.customer.user_id) if one.type == "payment"]
    assert told == [
        f"Invoice {invoice.label}",
        "Payment received, thank you",
        "Harbor Lane Garage gave back $10.00",
    ]


async def test_an_estimate_that_ran_out_is_told_once_to_both_sides(
    site: str, cast: Cast, run_reactions: Run
) -> None:
    estimate, _order = await things.estimate()
    await run_reactions()
    async with transaction(tenant=HARBOR) as db:
        subject, text = "{shop}: {estimate} ran out", "Dear {customer},\n\n{total}.\n\n{link}"
        late = MAILS["estimate_expired"]
        await own_words.change(db, late, "en", subject=subject, text=text, seen=0, by=cast.owner.viewer)
    with clock.moved_to(estimate.valid_until):
        async with transaction(tenant=HARBOR) as db:
            assert await expire(db, await db.get_one(Estimate, estimate.id), by=Viewer.system(HARBOR))
    await run_reactions()
    await again()
    for person, words in (
        (cast.customer, "Your estimate is no longer valid"),
        (cast.advisor, f"{estimate.number} ran out without an answer"),
    ):
        told = [line for line in await things.lines_of(person.user_id) if line.title == words]
        assert len(told) == 1
        assert told[0].url == f"/estimates/{estimate.id}"
    [mail] = [one for one in await things.mails() if one.template == "estimate_expired"]
    assert mail.subject == f"Harbor Lane Garage: {estimate.number} ran out", "the shop's own words"
    assert mail.recipient == cast.customer.email
    assert f"http://testserver/estimates/{estimate.id}" in mail.text
    assert render.money(estimate.total_minor, estimate.currency) in mail.text
