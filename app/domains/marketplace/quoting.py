"""A shop's answer: an offer line by line, a better one, a withdrawal, or no."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.money import rounded
from app.core.render import money
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.marketplace import arrival, fitting, orders, paying_ways, purchases
from app.domains.marketplace.events import QuoteDeclined, QuoteOffered, QuoteWithdrawn
from app.domains.marketplace.models import (
    CONDITIONS,
    PartsOrder,
    PartsOrderLine,
    QuoteRevision,
    ShopQuote,
    ShopQuoteLine,
)
from app.domains.marketplace.moves import move_quote
from app.domains.marketplace.telling import tell_quote
from app.domains.parts_shops.models import PartsShop, PartsShopTerms

MOST_HOURS = 24 * 60
MOST_WARRANTY = 120
MOST_MINOR = 10**10
"""Where a shop has set no limit of its own."""


class LineOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop offers for one line of an order. Prices are minor units of the order's currency for one piece, with
    tax; the core charge comes on top and comes back with the old part."""

    order_line_id: UUID
    is_available: bool = True
    unit_price_minor: int = 0
    core_charge_minor: int = 0
    brand: Annotated[str, Meta(max_length=60)] = ""
    condition: str = "new"
    part_number: Annotated[str, Meta(max_length=60)] = ""
    number_kind: str = "aftermarket"
    warranty_months: int = 0
    delivery_hours: int = 0
    note: Annotated[str, Meta(max_length=300)] = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole offer: one entry for each line of the order, available or not."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    lines: list[LineOffer]
    delivery_fee_minor: int = 0
    note: Annotated[str, Meta(max_length=500)] = ""


def line_total(line: LineOffer | ShopQuoteLine, quantity: Decimal) -> int:
    """What the buyer pays for a line with its cores; nothing for one that is not available."""
    if not line.is_available:
        return 0
    return rounded(line.unit_price_minor * quantity) + rounded(line.core_charge_minor * quantity)


class Counted(msgspec.Struct, frozen=True):
    """What an offer comes to."""

    total_minor: int
    """All that is available with cores and delivery."""
    available: int
    missing: int
    hours: int
    """Until the last of it is there."""


def counted(
    lines: Iterable[LineOffer | ShopQuoteLine], delivery_fee_minor: int, quantities: Mapping[UUID, Decimal]
) -> Counted:
    """What an offer comes to over the parts that are still asked for; `quantities` names them."""
    there = [line for line in lines if line.is_available and line.order_line_id in quantities]
    parts = sum(line_total(line, quantities[line.order_line_id]) for line in there)
    return Counted(
        total_minor=parts + delivery_fee_minor if there else 0,
        available=len(there),
        missing=len(quantities) - len(there),
        hours=max((line.delivery_hours for line in there), default=0),
    )


async def stand(db: AsyncSession, quote: ShopQuote, order: PartsOrder, what: Counted) -> None:
    """Write what the offer comes to into the quote, for this round."""
    quote.round = order.round
    quote.total_minor = what.total_minor
    quote.available_count, quote.missing_count = what.available, what.missing
    # Reading the opening hours is no reason to write half an offer: it is written once, whole.
    with db.no_autoflush:
        quote.delivers_at = await arrival.there_by(db, quote.center_id, what.hours, start=clock.now())


async def restand(db: AsyncSession, quote: ShopQuote, order: PartsOrder, what: Counted) -> None:
    """The same offer over other parts. Where it comes to something else, that is a revision of it."""
    before = (quote.total_minor, quote.available_count, quote.missing_count)
    await stand(db, quote, order, what)
    if before == (quote.total_minor, quote.available_count, quote.missing_count):
        return
    made = await db.scalar(
        select(QuoteRevision.content).where(
            QuoteRevision.tenant_id == quote.tenant_id,
            QuoteRevision.quote_id == quote.id,
            QuoteRevision.revision == quote.revision,
        )
    )
    quote.revision += 1
    db.add(
        QuoteRevision(
            tenant_id=quote.tenant_id, quote_id=quote.id, revision=quote.revision, total_minor=quote.total_minor,
            content=made or {}, by_name="",
        )
    )  # fmt: skip
    await db.flush()


async def offer(
    db: AsyncSession,
    order: PartsOrder,
    quote: ShopQuote,
    wanted: Offer,
    *,
    version: int | None = None,
    by: Viewer,
) -> ShopQuote:
    """Make an offer, or a new revision of it. In open bidding a revision may only be better: no dearer, and nothing
    less available. Raises Invalid with the field as lines.N.field, Refused."""
    order = await orders.hold(db, order.id)
    quote = await _own(db, quote, version)
    if not order.is_asking(clock.now()):
        raise Refused(_("The time for offers is over."), audit="shop_quote.illegal_move")
    await _must_be_active(db, quote)
    lines = await orders.open_lines_of(db, order.id)
    await paying_ways.must_be_payable(db, quote.tenant_id, quote.shop_id)
    _check(wanted, lines, order, await _limit(db, quote))
    judged = await fitting.judge(db, order, lines, wanted, tenant_id=quote.tenant_id)
    fitting.refuse_misfits(wanted, judged)
    quantities = {line.id: line.quantity for line in lines}
    comes_to = counted(wanted.lines, wanted.delivery_fee_minor, quantities)
    holds = quote.valid_until is not None and quote.valid_until > clock.now()
    if order.bidding == "open" and holds and quote.round == order.round:
        before = (await orders.lines_of_quotes(db, [quote]))[quote.id]
        _must_be_better(quote, before, wanted, order.currency)
    move_quote(quote, "offered")
    now = clock.now()
    quote.revision += 1
    await stand(db, quote, order, comes_to)
    quote.delivery_fee_minor = wanted.delivery_fee_minor
    quote.note = wanted.note.strip()
    quote.decline_reason = ""
    quote.answered_at = quote.answered_at or now
    quote.valid_until = _valid_until(order, now)
    await db.flush()
    await _write_lines(db, quote, wanted, quantities, judged)
    content = msgspec.to_builtins(wanted)
    db.add(
        QuoteRevision(
            tenant_id=quote.tenant_id,
            quote_id=quote.id,
            revision=quote.revision,
            total_minor=quote.total_minor,
            content=content,
            by_name=by.name,
        )
    )
    await db.flush()
    await refresh(db, order)
    offered = {
        "revision": quote.revision,
        "total_minor": quote.total_minor,
        "currency": order.currency,
        "available": quote.available_count,
        "missing": quote.missing_count,
        "delivers_at": quote.delivers_at,
        "offer": content,
    }
    await tell_quote(db, QuoteOffered, order, quote, by=by, **offered)
    return quote


def _valid_until(order: PartsOrder, now: datetime) -> datetime:
    """An offer outlives the time for offers by a day, so that the next best can step in when the winner fails."""
    return (order.expires_at or now) + timedelta(days=1)


async def _own(db: AsyncSession, quote: ShopQuote, version: int | None) -> ShopQuote:
    fresh: ShopQuote | None = await db.scalar(
        select(ShopQuote).where(ShopQuote.id == quote.id).execution_options(populate_existing=True)
    )
    if fresh is None:
        raise Refused(_("This request is no longer open to you."))
    if version is not None and fresh.version != version:
        raise Refused(
            _("Somebody else at your shop has changed this quote meanwhile. Please look again."),
            audit="shop_quote.stale",
        )
    return fresh


async def _must_be_active(db: AsyncSession, quote: ShopQuote) -> None:
    status = await db.scalar(
        select(PartsShop.status).where(PartsShop.tenant_id == quote.tenant_id, PartsShop.id == quote.shop_id)
    )
    if status != "active":
        raise Refused(
            _("Your shop is not active at present, and cannot make offers."),
            audit="shop_quote.shop_not_active",
        )


async def _limit(db: AsyncSession, quote: ShopQuote) -> int:
    limit: int | None = await db.scalar(
        select(PartsShopTerms.limit_minor).where(
            PartsShopTerms.tenant_id == quote.tenant_id, PartsShopTerms.shop_id == quote.shop_id
        )
    )
    return limit or MOST_MINOR


def _check(wanted: Offer, lines: list[PartsOrderLine], order: PartsOrder, limit: int) -> None:
    errors: dict[str, str] = {}
    if wanted.currency != order.currency:
        errors["currency"] = _("The buyer pays in %(currency)s.", currency=order.currency)
    named = [line.order_line_id for line in wanted.lines]
    if sorted(named) != sorted(line.id for line in lines):
        errors["lines"] = _("Answer each part of the request once, as available or not.")
    elif not any(line.is_available for line in wanted.lines):
        errors["lines"] = _("Nothing is available: decline the request instead.")
    if not 0 <= wanted.delivery_fee_minor <= limit:
        errors["delivery_fee"] = _("That delivery fee is out of range.")
    asked = {line.id: line for line in lines}
    for number, line in enumerate(wanted.lines):
        if line.is_available and line.order_line_id in asked:
            found = _check_line(line, asked[line.order_line_id], order.currency, limit)
            errors |= {f"lines.{number}.{field}": words for field, words in found.items()}
    if errors:
        raise Invalid(errors)


def _check_line(line: LineOffer, asked: PartsOrderLine, currency: str, limit: int) -> dict[str, str]:
    errors = {}
    if line.unit_price_minor <= 0:
        errors["unit_price"] = _("Enter a price of more than nothing, or mark the part as missing.")
    elif line.unit_price_minor > limit:
        errors["unit_price"] = _(
            "Your shop quotes no part above %(limit)s. Is there a digit too many?",
            limit=money(limit, currency),
        )
    if not 0 <= line.core_charge_minor <= limit:
        errors["core_charge"] = _("That core charge is out of range.")
    if line.condition not in CONDITIONS:
        errors["condition"] = _("A part is new, used or rebuilt.")
    if line.number_kind not in ("oem", "aftermarket"):
        errors["number_kind"] = _("A number is the carmaker's or another maker's.")
    elif asked.oem_only and line.number_kind != "oem":
        errors["number_kind"] = _("The buyer takes the carmaker's own part only.")
    elif asked.oem_only and not line.part_number.strip():
        errors["part_number"] = _("Name the carmaker's number: the buyer takes the carmaker's own part only.")
    if not 0 <= line.warranty_months <= MOST_WARRANTY:
        errors["warranty_months"] = _("That warranty is out of range.")
    if not 0 <= line.delivery_hours <= MOST_HOURS:
        errors["delivery_hours"] = _("That delivery time is out of range.")
    return errors


def _must_be_better(
    quote: ShopQuote, before: Mapping[UUID, ShopQuoteLine], wanted: Offer, currency: str
) -> None:
    """Line by line: what was offered stays, and nothing of it becomes dearer. More parts may come."""
    errors: dict[str, str] = {}
    for number, line in enumerate(wanted.lines):
        stood = before.get(line.order_line_id)
        if stood is None or not stood.is_available:
            continue
        if not line.is_available:
            errors["lines"] = _("In open bidding you cannot take back a part you have offered.")
        elif (
            line.unit_price_minor > stood.unit_price_minor or line.core_charge_minor > stood.core_charge_minor
        ):
            errors[f"lines.{number}.unit_price"] = _(
                "In open bidding a price only goes down. Yours stands at %(price)s.",
                price=money(stood.unit_price_minor, currency),
            )
    if wanted.delivery_fee_minor > quote.delivery_fee_minor:
        errors["delivery_fee"] = _(
            "In open bidding a price only goes down. Yours stands at %(price)s.",
            price=money(quote.delivery_fee_minor, currency),
        )
    if errors:
        raise Invalid(errors)


async def _write_lines(
    db: AsyncSession,
    quote: ShopQuote,
    wanted: Offer,
    quantities: dict[UUID, Decimal],
    judged: dict[UUID, fitting.Judged],
) -> None:
    await db.execute(
        delete(ShopQuoteLine).where(
            ShopQuoteLine.tenant_id == quote.tenant_id, ShopQuoteLine.quote_id == quote.id
        )
    )
    for line in wanted.lines:
        said = judged[line.order_line_id]
        db.add(
            ShopQuoteLine(
                tenant_id=quote.tenant_id,
                quote_id=quote.id,
                order_line_id=line.order_line_id,
                is_available=line.is_available,
                quantity=quantities[line.order_line_id],
                unit_price_minor=line.unit_price_minor if line.is_available else 0,
                core_charge_minor=line.core_charge_minor if line.is_available else 0,
                brand=line.brand.strip(),
                condition=line.condition,
                part_number=line.part_number.strip(),
                number_kind=line.number_kind,
                warranty_months=line.warranty_months,
                delivery_hours=line.delivery_hours,
                note=line.note.strip(),
                fits=said.fits,
                fit_rule=said.rule,
            )
        )
    await db.flush()


async def refresh(db: AsyncSession, order: PartsOrder) -> None:
    """Count anew what follows from the offers: how many stand, the best complete one, quoted or not. As a seller, who
    may not write into the order themselves."""
    await db.execute(
        text("SELECT 1 FROM refresh_parts_order(:order, :at)"), {"order": order.id, "at": clock.now()}
    )
    await db.refresh(order)


async def decline(
    db: AsyncSession,
    order: PartsOrder,
    quote: ShopQuote,
    *,
    reason: str = "",
    version: int | None = None,
    by: Viewer,
) -> None:
    """Say no. It can still be thought better of while the buyer waits. Raises Refused."""
    order = await orders.hold(db, order.id)
    quote = await _own(db, quote, version)
    move_quote(quote, await purchases.rest_of(db, quote, "declined"))
    quote.decline_reason = reason.strip()[:300]
    quote.answered_at = quote.answered_at or clock.now()
    await db.flush()
    await tell_quote(db, QuoteDeclined, order, quote, by=by, reason=quote.decline_reason)


async def withdraw(
    db: AsyncSession,
    order: PartsOrder,
    quote: ShopQuote,
    *,
    reason: str = "",
    version: int | None = None,
    by: Viewer,
) -> None:
    """Take an offer back before it is accepted. In open bidding it binds all the same: whoever offers again must not be
    dearer than before. Raises Refused."""
    order = await orders.hold(db, order.id)
    quote = await _own(db, quote, version)
    move_quote(quote, await purchases.rest_of(db, quote, "withdrawn"))
    await db.flush()
    await refresh(db, order)
    await tell_quote(db, QuoteWithdrawn, order, quote, by=by, reason=reason.strip()[:300])


async def note_seen(db: AsyncSession, quote: ShopQuote) -> None:
    """The shop has opened the request."""
    if quote.seen_at is None:
        quote.seen_at = clock.now()
        await db.flush()
