"""The mails a shop's customers get, which the shop may word itself: a row a mail, with the words of ours that hold until
then, and what may stand in them.

A row here is all a new mail needs: its page, its preview, its JSON and its checks follow from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from app.core import clock, render
from app.core.words import N_, _
from app.domains.network.models import ServiceCenter
from app.domains.notifications.recipients import Place

Details = Sequence[tuple[str, str]]
GREEN, AMBER, RED = "#1B6E3C", "#8A4B00", "#B3261E"


class About(Protocol):
    """What one mail tells of. Its words are in the language that is spoken."""

    @property
    def url(self) -> str:
        """Where the button leads on this site; empty when there is nothing this customer can open."""

    def values(self, place: Place) -> Mapping[str, str]:
        """What stands for each placeholder."""

    def details(self, place: Place) -> Details:
        """The facts in two columns; those without a value are left out."""


def address(center: ServiceCenter) -> str:
    return ", ".join(filter(None, (center.name, center.address, center.city)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit:
    """An appointment, or the wish for one."""

    starts_at: datetime
    services: Sequence[str]
    car: str
    days: int = 1
    url: str = ""

    def values(self, place: Place) -> Mapping[str, str]:
        day = _("Tomorrow") if self.days == 1 else render.day(self.starts_at, place.zone, "MMMEd")
        return {
            "when": render.when(self.starts_at, place.zone), "day": day, "where": address(place.center),
            "services": ", ".join(self.services), "car": self.car or _("car"),
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        return [
            (_("When"), render.when(self.starts_at, place.zone)), (_("Where"), address(place.center)),
            (_("What"), ", ".join(self.services)), (_("Car"), self.car),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NextService:
    """A car's service that is due soon."""

    due_on: date
    car: str
    mileage: str = ""
    last_on: date | None = None
    url: str = ""

    def values(self, place: Place) -> Mapping[str, str]:
        return {
            "due": render.day(self.due_on), "car": self.car or _("car"), "mileage": self.mileage,
            "last": render.day(self.last_on) if self.last_on else "", "where": address(place.center),
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        said = self.values(place)
        return [
            (_("Car"), self.car), (_("Service due"), said["due"]), (_("Or at"), self.mileage),
            (_("Last service"), said["last"]), (_("Where"), said["where"]),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingPackage:
    """A service package that runs out soon."""

    package: str
    car: str
    ends_on: date
    unused: Sequence[str]
    """What of it was not used yet."""
    url: str = ""

    def values(self, place: Place) -> Mapping[str, str]:
        return {
            "package": self.package, "car": self.car or _("car"), "ends": render.day(self.ends_on),
            "unused": ", ".join(self.unused), "where": address(place.center),
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        said = self.values(place)
        return [
            (_("Package"), self.package), (_("Car"), self.car), (_("Last day"), said["ends"]),
            (_("Not used yet"), said["unused"]), (_("Where"), said["where"]),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An estimate that waits for its answer, or waited in vain."""

    number: str
    jobs: Sequence[str]
    total_minor: int
    currency: str
    valid_until: datetime
    car: str
    url: str

    def values(self, place: Place) -> Mapping[str, str]:
        return {
            "estimate": self.number, "jobs": ", ".join(self.jobs), "car": self.car or _("car"),
            "total": render.money(self.total_minor, self.currency),
            "valid_until": render.when(self.valid_until, place.zone),
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        said = self.values(place)
        return [
            (_("Estimate"), self.number), (_("Jobs"), said["jobs"]), (_("Total with tax"), said["total"]),
            (_("Valid until"), said["valid_until"]),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A repair order whose work is done."""

    order: str
    jobs: Sequence[str]
    car: str
    url: str = ""

    def values(self, _place: Place) -> Mapping[str, str]:
        return {"order": self.order, "jobs": ", ".join(self.jobs), "car": self.car or _("car")}

    def details(self, _place: Place) -> Details:
        return [(_("Order"), self.order), (_("Done"), ", ".join(self.jobs)), (_("Car"), self.car)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice that was issued."""

    invoice: str
    order: str
    total_minor: int
    currency: str
    due_at: datetime | None
    url: str

    def values(self, place: Place) -> Mapping[str, str]:
        return {
            "invoice": self.invoice, "order": self.order, "amount": render.money(self.total_minor, self.currency),
            "due": render.day(self.due_at, place.zone) if self.due_at else "",
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        said = self.values(place)
        return [
            (_("Invoice"), self.invoice), (_("Order"), self.order), (_("Amount"), said["amount"]), (_("Due"), said["due"]),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money that has arrived."""

    invoice: str
    amount_minor: int
    open_minor: int
    currency: str
    method: str
    url: str

    def values(self, _place: Place) -> Mapping[str, str]:
        return {
            "invoice": self.invoice, "method": self.method, "amount": render.money(self.amount_minor, self.currency),
            "open": render.money(self.open_minor, self.currency),
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        said = self.values(place)
        return [
            (_("Invoice"), self.invoice), (_("Paid now"), said["amount"]), (_("By"), self.method),
            (_("Still open"), said["open"]),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage:
    """Something in a conversation that was not read yet. What it says is not said: a mail is read by more people."""

    about: str
    url: str

    def values(self, _place: Place) -> Mapping[str, str]:
        return {"about": self.about}

    def details(self, _place: Place) -> Details:
        return [(_("About"), self.about)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Parts that were bought on the market: paid, sent, handed over."""

    code: str
    parts: Sequence[str]
    total_minor: int
    currency: str
    url: str
    carrier: str = ""
    tracking: str = ""
    method: str = ""

    def values(self, _place: Place) -> Mapping[str, str]:
        return {
            "order": self.code, "parts": ", ".join(self.parts), "total": render.money(self.total_minor, self.currency),
            "carrier": self.carrier, "tracking": self.tracking, "method": self.method,
        }  # fmt: skip

    def details(self, place: Place) -> Details:
        said = self.values(place)
        return [
            (_("Order"), self.code), (_("Parts"), said["parts"]), (_("Sum"), said["total"]), (_("By"), self.method),
            (_("Carrier"), self.carrier), (_("Tracking number"), self.tracking),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsMoney(Parcel):
    """The same where they do not come or go back, and what becomes of the money, in sentences."""

    money: str

    def values(self, place: Place) -> Mapping[str, str]:
        return {**Parcel.values(self, place), "money": self.money}


def _ahead(place: Place, days: int, at: time) -> datetime:
    """A time of day at the workshop, so many days from now."""
    zone = place.center.zone
    day = clock.today(zone) + timedelta(days=days)
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def _a_visit(place: Place) -> PlannedVisit:
    return PlannedVisit(
        starts_at=_ahead(place, 1, time(10, 30)), services=[_("Oil change"), _("Brake check")], car="2019 Subaru Outback",
        url="/appointments/example",
    )  # fmt: skip


def _a_service(place: Place) -> NextService:
    today, unit = clock.today(place.zone), place.center.distance_unit or "km"
    return NextService(
        due_on=today + timedelta(days=14), car="2019 Subaru Outback",
        mileage=render.distance(render.to_km(60_000, unit), unit), last_on=today - timedelta(days=351),
        url="/book/example",
    )  # fmt: skip


def _a_package(place: Place) -> EndingPackage:
    return EndingPackage(
        package=_("Comfort"), car="2019 Subaru Outback", ends_on=clock.today(place.zone) + timedelta(days=30),
        unused=[_("1 × Oil change")], url="/book/example",
    )  # fmt: skip


def _an_offer(place: Place) -> Offer:
    return Offer(
        number="RO-1042-E1", jobs=[_("Front brakes"), _("Wiper blades")], total_minor=48250,
        currency=place.center.currency, valid_until=_ahead(place, 7, time(23, 59)), car="2019 Subaru Outback",
        url="/approve/example",
    )  # fmt: skip


def _a_late_offer(place: Place) -> Offer:
    return replace(_an_offer(place), valid_until=_ahead(place, -1, time(23, 59)), url="/estimates/example")


def _some_work(_place: Place) -> Work:
    return Work(
        order="RO-1042", jobs=[_("Front brakes"), _("Wiper blades")], car="2019 Subaru Outback",
        url="/orders/example/track",
    )  # fmt: skip


def _a_bill(place: Place) -> Bill:
    return Bill(
        invoice="INV-00311", order="RO-1042", total_minor=48250, currency=place.center.currency,
        due_at=_ahead(place, 14, time(23, 59)), url="/pay/example",
    )  # fmt: skip


def _a_receipt(place: Place) -> Receipt:
    return Receipt(
        invoice="INV-00311", amount_minor=48250, open_minor=0, currency=place.center.currency,
        method="Visa ···· 4242", url="/paid/example",
    )  # fmt: skip


def _a_message(_place: Place) -> WaitingMessage:
    return WaitingMessage(about=_("Brake check"), url="/appointments/example/messages")


def _a_parcel(place: Place) -> Parcel:
    return Parcel(
        code="K7TM-3QXD", parts=[_("Brake pads, front"), _("Brake discs, front")], total_minor=18900,
        currency=place.center.currency, url="/parts/orders/K7TM-3QXD", carrier="UPS", tracking="1Z 999 AA1",
    )  # fmt: skip


def _paid_parts(place: Place) -> Parcel:
    return replace(_a_parcel(place), carrier="", tracking="", method="Visa ···· 4242")


def _parts_not_coming(place: Place) -> PartsMoney:
    amount = render.money(18900, place.center.currency)
    why = _("The shop says: %(why)s", why=_("It is sold out."))
    back = _("%(sum)s goes back to you by itself. We tell you when it has gone.", sum=amount)
    return _money_of_parts(place, f"{why} {back}")


def _paid_late(place: Place) -> PartsMoney:
    amount = render.money(18900, place.center.currency)
    return _money_of_parts(
        place, _("The hold of %(sum)s on your card is let go; nothing is taken.", sum=amount)
    )


def _parts_money(said: str) -> Callable[[Place], PartsMoney]:
    def example(place: Place) -> PartsMoney:
        amount, fee = (render.money(minor, place.center.currency) for minor in (18900, 2000))
        return _money_of_parts(place, _(said, sum=amount, fee=fee) + ".")

    return example


def _money_of_parts(place: Place, money: str) -> PartsMoney:
    paid = _paid_parts(place)
    return PartsMoney(
        code=paid.code, parts=paid.parts, total_minor=paid.total_minor, currency=paid.currency, url=paid.url,
        method=paid.method, money=money,
    )  # fmt: skip


CUSTOMER: Final = "Dana Whitfield"
"""To whom a preview is written."""

COMMON: Final = {"customer": N_("the customer's name"), "shop": N_("the workshop's name"), "phone": N_("the workshop's phone")}  # fmt: skip
_VISIT: Final = {
    "when": N_("day and time of the visit"), "day": N_("the day: Tomorrow, or Tue, Nov 24"),
    "where": N_("the workshop's name and address"), "services": N_("what was booked"), "car": N_("the car"),
}  # fmt: skip
_SERVICE: Final = {
    "due": N_("the day it is due"), "car": N_("the car"), "mileage": N_("the mileage at which it is due, if that is known"),
    "last": N_("the day of the last service, if that is known"), "where": N_("the workshop's name and address"),
}  # fmt: skip
_PACKAGE: Final = {
    "package": N_("what the package is called"), "car": N_("the car"), "ends": N_("its last day"),
    "unused": N_("what of it was not used yet, if anything"), "where": N_("the workshop's name and address"),
}  # fmt: skip
_OFFER: Final = {
    "estimate": N_("the estimate's number"), "jobs": N_("what you propose"), "total": N_("the total with tax"),
    "valid_until": N_("until when it is valid"), "car": N_("the car"),
}  # fmt: skip
_WORK: Final = {"order": N_("the repair order's number"), "jobs": N_("what was done"), "car": N_("the car")}
_BILL: Final = {
    "invoice": N_("the invoice's number"), "order": N_("the repair order's number"), "amount": N_("what it comes to"),
    "due": N_("the day it is due"),
}  # fmt: skip
_RECEIPT: Final = {
    "invoice": N_("the invoice's number"), "amount": N_("what was paid now"), "method": N_("what it was paid with"),
    "open": N_("what is still open"),
}  # fmt: skip
_MESSAGE: Final = {"about": N_("what it is about")}
_PARCEL: Final = {
    "order": N_("the order's number"), "parts": N_("what was bought"), "total": N_("the sum with tax"),
    "carrier": N_("who brings it, once it is sent"), "tracking": N_("the tracking number, if there is one"),
    "method": N_("what it was paid with, on the receipt"),
}  # fmt: skip
_PARTS_MONEY: Final = _PARCEL | {"money": N_("what happened and what becomes of the money, in sentences")}
BLOCKS: Final = {"details": N_("these facts as a table"), "link": N_("the button")}
"""Each stands on a line of its own."""

GROUPS: Final = {
    "visits": N_("Visits"),
    "work": N_("Estimates and work"),
    "money": N_("Bills and payments"),
    "parts": N_("Parts you sell"),
}


@dataclass(frozen=True, slots=True)
class CustomerMail:
    """One mail to customers. `subject` and `text` are our words for it."""

    name: str
    group: str
    label: str
    leaves: str
    """When it is sent, in the trade's words."""
    subject: str
    text: str
    placeholders: Mapping[str, str]
    example: Callable[[Place], About]
    button: str
    bar: str = ""
    """The colour of its upper edge; empty is the shop's own."""
    needs_link: bool = False
    """Without its button the customer could not do what the mail is for."""


_ALL: Final = (
    CustomerMail(
        "appointment_requested", "visits", N_("Request received"), N_("When a driver asks for a time that you confirm by hand."),
        N_("We have received your request for {when}"),
        N_("Hello {customer},\n\nYour request has arrived. We look at it and write to you again as soon as it stands.\n\n{details}\n\n{link}"),
        _VISIT, _a_visit, N_("See the appointment"),
    ),
    CustomerMail(
        "appointment_confirmation", "visits", N_("Visit confirmed"), N_("When a visit stands."),
        N_("Your visit on {when} is confirmed"),
        N_("Hello {customer},\n\nYour visit stands. We look forward to seeing you.\n\n{details}\n\nIf you cannot come, please cancel or choose another time, so that somebody else can have it.\n\n{link}"),
        _VISIT, _a_visit, N_("See the appointment"), bar=GREEN,
    ),
    CustomerMail(
        "appointment_moved", "visits", N_("Visit moved"), N_("When a visit gets another time."),
        N_("Your visit was moved to {when}"),
        N_("Hello {customer},\n\nYour visit has a new time.\n\n{details}\n\n{link}"),
        _VISIT, _a_visit, N_("See the appointment"), bar=AMBER,
    ),
    CustomerMail(
        "request_moved", "visits", N_("Request moved"), N_("When a driver asks for another time before you have answered."),
        N_("Your request was moved to {when}"),
        N_("Hello {customer},\n\nYou now ask for another time. We look at it and write to you again as soon as it stands.\n\n{details}\n\n{link}"),
        _VISIT, _a_visit, N_("See the appointment"), bar=AMBER,
    ),
    CustomerMail(
        "appointment_reminder", "visits", N_("Reminder of a visit"), N_("The day before, or as many days ahead as you set under Estimates, bills, visits."),
        N_("{day}: your visit at {shop}"),
        N_("Hello {customer},\n\nThis is to remind you of your visit.\n\n{details}\n\n{link}"),
        _VISIT, _a_visit, N_("See the appointment"), bar=AMBER,
    ),
    CustomerMail(
        "appointment_cancelled", "visits", N_("Visit cancelled"), N_("When a visit is called off, by you or by the driver."),
        N_("Your visit on {when} was cancelled"),
        N_("Hello {customer},\n\nYour visit will not take place. If that is a surprise, please call us.\n\n{details}\n\n{link}"),
        _VISIT, _a_visit, N_("Book another time"), bar=RED,
    ),
    CustomerMail(
        "request_cancelled", "visits", N_("Request off"), N_("When you decline a request, or the driver takes it back."),
        N_("Your request for {when} is off"),
        N_("Hello {customer},\n\nWhat you asked for will not take place. If that is a surprise, please call us.\n\n{details}\n\n{link}"),
        _VISIT, _a_visit, N_("Book another time"), bar=RED,
    ),
    CustomerMail(
        "maintenance_reminder", "visits", N_("Service due"), N_("Some days before a car's next service is due, if you worked on it last and no visit is booked."),
        N_("Your {car}: service due on {due}"),
        N_("Hello {customer},\n\nThe next service of your {car} is due on {due}.\n\n{details}\n\nIf the day is not right, or the car is no longer yours, please tell us.\n\n{link}"),
        _SERVICE, _a_service, N_("Book a visit"), bar=AMBER,
    ),
    CustomerMail(
        "package_renewal", "visits", N_("Package runs out"), N_("Some days before a service package ends, if the next one is not sold yet."),
        N_("{package} for your {car} ends on {ends}"),
        N_("Hello {customer},\n\nThe service package of your {car} ends on {ends}.\n\n{details}\n\nIf you want it to go on, call us or tell us at your next visit: the next one begins the day after, so that nothing is lost.\n\n{link}"),
        _PACKAGE, _a_package, N_("Book a visit"), bar=AMBER,
    ),
    CustomerMail(
        "message_waiting", "visits", N_("Message waiting"), N_("When a message of yours was not read for half an hour and nothing more was written. What it says is not in the mail."),
        N_("{shop} has written to you"),
        N_("Hello {customer},\n\nWe have written to you, and you have not read it yet.\n\n{details}\n\n{link}"),
        _MESSAGE, _a_message, N_("Read and answer"), needs_link=True,
    ),
    CustomerMail(
        "estimate_ready", "work", N_("Estimate ready"), N_("When you send an estimate, and when the customer asks for a fresh link."),
        N_("Your estimate from {shop}: {total}"),
        N_("Hello {customer},\n\nWe have looked at your {car} and written down what we found and what it costs. Nothing is done before you say yes, and you decide about each job by itself.\n\n{details}\n\nThe link is for you alone; please do not pass it on. Should it have run out, the same address sends you a fresh one for as long as the estimate is valid.\n\n{link}"),
        _OFFER, _an_offer, N_("See photos and decide"), needs_link=True,
    ),
    CustomerMail(
        "estimate_expired", "work", N_("Estimate out of date"), N_("When nobody has answered an estimate in time."),
        N_("Estimate {estimate} from {shop} is no longer valid"),
        N_("Hello {customer},\n\nThe time to answer our estimate for your {car} is over. Nothing was decided and nothing is done. If you still want the work, please ask us for a new estimate.\n\n{details}\n\n{link}"),
        _OFFER, _a_late_offer, N_("Look at the estimate"), bar=AMBER,
    ),
    CustomerMail(
        "service_completed", "work", N_("Car ready"), N_("When the last job of a repair order is done and checked."),
        N_("Your {car} is ready"),
        N_("Hello {customer},\n\nThe work is done and checked.\n\n{details}\n\nYour invoice follows by itself. You can pay it online or at the counter.\n\n{link}"),
        _WORK, _some_work, N_("See what was done"), bar=GREEN,
    ),
    CustomerMail(
        "invoice_issued", "money", N_("Invoice"), N_("When an invoice is issued, and when its link is sent again."),
        N_("Invoice {invoice} from {shop}"),
        N_("Hello {customer},\n\nThank you for your visit. Here is your invoice.\n\n{details}\n\nYou can pay by card with this link, or at the counter.\n\n{link}"),
        _BILL, _a_bill, N_("See and pay"), needs_link=True,
    ),
    CustomerMail(
        "payment_received", "money", N_("Payment received"), N_("When money has arrived, by card or at the counter."),
        N_("We have received {amount}"),
        N_("Hello {customer},\n\nThank you, your payment has arrived.\n\n{details}\n\n{link}"),
        _RECEIPT, _a_receipt, N_("See the receipt"), bar=GREEN, needs_link=True,
    ),
    CustomerMail(
        "parts_order_paid", "parts", N_("Parts paid"), N_("When you confirm a parts order and its money is taken, or it is paid on delivery."),
        N_("Your receipt: {total} for order {order}"),
        N_("Hello {customer},\n\nThank you. We have your parts, and your payment has arrived.\n\n{details}\n\n{link}"),
        _PARCEL, _paid_parts, N_("See the order"), bar=GREEN,
    ),
    CustomerMail(
        "parts_order_shipped", "parts", N_("Parts sent"), N_("When you send parts that were ordered."),
        N_("Your parts are on their way: order {order}"),
        N_("Hello {customer},\n\nYour parts are on their way.\n\n{details}\n\n{link}"),
        _PARCEL, _a_parcel, N_("Follow the order"),
    ),
    CustomerMail(
        "parts_order_delivered", "parts", N_("Parts delivered"), N_("When parts that were ordered are handed over."),
        N_("Your parts are there: order {order}"),
        N_("Hello {customer},\n\nYour parts were handed over. If something is wrong with them, you can ask on the order's page to send them back.\n\n{details}\n\n{link}"),
        _PARCEL, _a_parcel, N_("See the order"), bar=GREEN,
    ),
    CustomerMail(
        "parts_order_failed", "parts", N_("Parts not coming"), N_("When you cannot deliver parts that were ordered, or did not confirm them in time."),
        N_("Your parts are not coming: order {order}"),
        N_("Hello {customer},\n\nWe are sorry: the parts you ordered from us are not coming.\n\n{money}\n\n{details}\n\nOn the order's page you can choose another shop's offer.\n\n{link}"),
        _PARTS_MONEY, _parts_not_coming, N_("Choose another offer"), bar=RED,
    ),
    CustomerMail(
        "parts_order_returned", "parts", N_("Parts taken back"), N_("When you have parts back that a buyer sent back."),
        N_("We have your parts back: order {order}"),
        N_("Hello {customer},\n\nThe parts you sent back have arrived.\n\n{money}\n\n{details}\n\n{link}"),
        _PARTS_MONEY, _parts_money(N_("The shop took it back: %(sum)s goes back to you, less %(fee)s for restocking")), N_("See the order"),
    ),
    CustomerMail(
        "parts_order_refunded", "parts", N_("Parts money given back"), N_("When money for parts was given back."),
        N_("Your money for order {order} was given back"),
        N_("Hello {customer},\n\n{money}\n\n{details}\n\n{link}"),
        _PARTS_MONEY, _parts_money(N_("%(sum)s was given back to you. Your bank may take some days to show it")), N_("See the order"), bar=GREEN,
    ),
    CustomerMail(
        "parts_order_paid_late", "parts", N_("Parts paid too late"), N_("When a buyer's payment lands after the purchase is over."),
        N_("Your payment for order {order} came too late"),
        N_("Hello {customer},\n\nYour payment came too late: the purchase was over by then, and the parts are not yours.\n\n{money}\n\n{details}\n\n{link}"),
        _PARTS_MONEY, _paid_late, N_("See the order"), bar=AMBER,
    ),
    CustomerMail(
        "parts_order_money_owed", "parts", N_("Parts money not back yet"), N_("When the payment provider refuses to give a buyer's money back, or their bank returns it."),
        N_("Your money for order {order} has not gone back yet"),
        N_("Hello {customer},\n\n{money}\n\nYou need not do anything. It is not forgotten: it stands on our list until it has gone.\n\n{details}\n\n{link}"),
        _PARTS_MONEY, _parts_money(N_("%(sum)s has not gone back to you yet: the payment provider refused it. It is tried again by itself")), N_("See the order"), bar=AMBER,
    ),
    CustomerMail(
        "parts_order_questioned", "parts", N_("Parts payment questioned"), N_("When a buyer's bank asks about a payment or decides about it, or the sum that was paid is not the one asked for."),
        N_("About your payment for order {order}"),
        N_("Hello {customer},\n\n{money}\n\nIf that is a surprise, please call us.\n\n{details}\n\n{link}"),
        _PARTS_MONEY, _parts_money(N_("Your bank asks the shop about your payment of %(sum)s")), N_("See the order"), bar=AMBER,
    ),
)  # fmt: skip

MAILS: Final[Mapping[str, CustomerMail]] = {one.name: one for one in _ALL}


def of_group(group: str) -> list[CustomerMail]:
    """The mails of one part of the page."""
    return [one for one in _ALL if one.group == group]


def allowed(mail: CustomerMail) -> Mapping[str, str]:
    """Every placeholder of a mail with what it stands for; those of `BLOCKS` come last."""
    return {**COMMON, **mail.placeholders, **BLOCKS}
