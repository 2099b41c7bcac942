"""Asking the shops: submitting an order, looking further, giving it more time, calling it off, letting it lapse."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.money import plain
from app.core.render import distance
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts.models import ERASED, User
from app.domains.marketplace import matching, orders, purchases, standing
from app.domains.marketplace.events import (
    PartsGivenUp,
    PartsOrderCancelled,
    PartsOrderExpired,
    PartsOrderExtended,
    PartsOrderSubmitted,
    PartsSearchWidened,
    PurchaseMoved,
    QuoteLost,
    QuoteStandsAgain,
    ShopAsked,
)
from app.domains.marketplace.models import ASKING, PartsOrder, PartsOrderLine, ShopQuote
from app.domains.marketplace.moves import move_order, move_quote
from app.domains.marketplace.quoting import Counted, counted, refresh, restand
from app.domains.marketplace.telling import as_seller, tell, tell_quote
from app.settings import settings

MOST_LINES = 40
NOT_ASKED = ("lost", "expired", "accepted", "fulfilled")
"""States of a quote in which its shop can be asked anew: what it has sold of the order before stays sold."""
LONGEST = timedelta(days=3)
"""However often it is extended: prices do not stand still."""


def lifetime() -> timedelta:
    """How long shops may answer, and by how much more time is given."""
    return timedelta(minutes=settings().parts_order_minutes)


async def submit(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> PartsOrder:
    """Ask the shops around. With none in reach the radius grows by steps until there is one. An order that has expired
    is asked about again: whoever answered before is asked anew. Raises Invalid, Refused."""
    order = await orders.hold(db, order.id)
    lines = await orders.open_lines_of(db, order.id)
    if order.status in ASKING:  # back there leads only the last offer's withdrawal
        raise Refused(_("The shops are asked already."), audit="parts_order.illegal_move")
    _check(order, lines)
    move_order(order, "submitted")
    now = clock.now()
    if order.submitted_at is not None:
        order.round += 1  # asked anew, nobody is bound by an offer of the time before
    order.submitted_at = order.submitted_at or now
    order.opened_at = now
    order.expires_at = now + lifetime()
    order.offer_count, order.best_total_minor = 0, None  # whoever is asked anew stands with nothing
    found: list[matching.Candidate] = []
    for radius in (step for step in matching.RADII_KM if step >= order.radius_km):
        order.radius_km = radius
        if found := await matching.near(db, order, radius):
            break
    known = {quote.shop_id: quote for quote in await orders.quotes_of(db, order.id)}
    chosen = _to_ask(order, found, known)
    order.asked_count = len({*known, *(one.shop_id for _rank, one in chosen)})
    submitted = {
        "radius_km": order.radius_km,
        "asked": order.asked_count,
        "expires_at": order.expires_at,
        "bidding": order.bidding,
        "quantities": {str(line.id): plain(line.quantity) for line in lines},
    }
    await tell(db, PartsOrderSubmitted, order, by=by, **submitted)
    await _ask(db, order, chosen, known, by=by)
    return order


def _check(order: PartsOrder, lines: Sequence[PartsOrderLine]) -> None:
    errors = {}
    if not order.make:
        errors["vehicle"] = _("Say which car it is for.")
    if order.latitude is None or not order.currency:
        errors["place"] = _("Say where the parts go.")
    if not lines:
        errors["parts"] = _("Say which parts you need.")
    elif len(lines) > MOST_LINES:
        errors["parts"] = _("At most %(number)s parts in one order.", number=MOST_LINES)
    if errors:
        raise Invalid(errors)


Known = Mapping[UUID, ShopQuote]
"""Shop -> its quote on this order."""


def _to_ask(
    order: PartsOrder, found: Sequence[matching.Candidate], known: Known
) -> list[tuple[int, matching.Candidate]]:
    """Those that are not asked yet, with their rank, as many as there is room for."""
    room = matching.MOST_ASKED - sum(1 for quote in known.values() if quote.status not in NOT_ASKED)
    new = [
        (rank, one)
        for rank, one in enumerate(found, 1)
        if one.shop_id not in known or known[one.shop_id].status in NOT_ASKED
    ]
    return new[: max(room, 0)]


async def _ask(
    db: AsyncSession,
    order: PartsOrder,
    chosen: Sequence[tuple[int, matching.Candidate]],
    known: Known,
    *,
    by: Viewer,
) -> None:
    for rank, one in chosen:
        quote = known.get(one.shop_id)
        if quote is None:
            quote = ShopQuote(
                id=new_id(),
                tenant_id=one.tenant_id,
                order_id=order.id,
                shop_id=one.shop_id,
                center_id=one.center_id,
                user_id=order.user_id,
                buyer_tenant_id=order.buyer_tenant_id,
                shop_name=one.name,
                status="invited",
                currency=order.currency,
                revision=0,
                version=1,
            )
            db.add(quote)
        quote.rank, quote.distance_m = rank, one.distance_m
        await _ask_one(db, order, quote, by=by)


async def _ask_one(db: AsyncSession, order: PartsOrder, quote: ShopQuote, *, by: Viewer) -> None:
    """Ask a shop, or ask it anew."""
    if quote.status != "invited":
        move_quote(quote, "invited")
    quote.seen_at = quote.answered_at = None
    quote.asked_at = clock.now()
    quote.round = order.round
    await db.flush()
    details = {
        "distance_m": quote.distance_m,
        "rank": quote.rank,
        "priority": order.priority,
        "expires_at": order.expires_at,
    }
    await tell_quote(db, ShopAsked, order, quote, by=by, **details)


async def widen(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> int:
    """Look one step further out, and ask who has come onto the platform meanwhile; how many more were asked. Raises
    Refused when it goes no further."""
    order = await orders.hold(db, order.id)
    _must_ask(order)
    further = matching.next_radius(order.radius_km)
    if further is None:
        far = distance(order.radius_km, by.distance_unit)
        raise Refused(_("We already look as far as %(far)s.", far=far))
    order.radius_km = further
    order.version += 1
    known = {quote.shop_id: quote for quote in await orders.quotes_of(db, order.id)}
    chosen = _to_ask(order, await matching.near(db, order, further), known)
    order.asked_count = len({*known, *(one.shop_id for _rank, one in chosen)})
    await tell(db, PartsSearchWidened, order, by=by, radius_km=further, asked=len(chosen))
    await _ask(db, order, chosen, known, by=by)
    return len(chosen)


async def extend(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> datetime:
    """Give the shops more time. Raises Refused."""
    order = await orders.hold(db, order.id)
    _must_ask(order)
    now = clock.now()
    latest = (order.opened_at or now) + LONGEST
    wanted = max(order.expires_at or now, now) + lifetime()
    if order.expires_at is not None and order.expires_at >= latest:
        raise Refused(_("It has been open for three days. Please ask again with a new order."))
    order.expires_at = min(wanted, latest)
    order.version += 1
    await tell(db, PartsOrderExtended, order, by=by, expires_at=order.expires_at)
    return order.expires_at


async def ask_again(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> PartsOrder:
    """Ask anew about an order whose time is over. Raises Refused while it still runs, or once it is decided."""
    await expire(db, order, by=by)
    order = await orders.hold(db, order.id)
    if order.status != "expired":
        raise Refused(
            _("Only what has expired is asked for again. Please look again."),
            audit="parts_order.illegal_move",
        )
    return await submit(db, order, by=by)


def _must_ask(order: PartsOrder) -> None:
    if not order.is_asking(clock.now()):
        raise Refused(_("The time for offers is over."), audit="parts_order.illegal_move")


async def cancel(db: AsyncSession, order: PartsOrder, *, reason: str = "", by: Viewer) -> None:
    """Call it off before anything was accepted: the shops are told. What was bought is cancelled purchase by purchase.
    Raises Refused."""
    order = await orders.hold(db, order.id)
    if order.status not in ("draft", "expired", *ASKING) or await _has_live_purchase(db, order):
        raise Refused(
            _(
                "Parts of it are bought already. Do without the rest, or cancel what was bought at its seller."
            ),
            audit="parts_order.illegal_move",
        )
    move_order(order, "cancelled")
    order.decided_at = clock.now()
    await tell(db, PartsOrderCancelled, order, by=by, reason=reason.strip()[:300])
    await close_quotes(db, order, "lost", "cancelled", by=by)


async def do_without(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> None:
    """Look no further for what nobody brings: the rest of the order stays as it was bought. Raises Refused."""
    order = await orders.hold(db, order.id)
    lines = await orders.open_lines_of(db, order.id)
    if order.status not in ("expired", *ASKING) or not lines or not await _has_live_purchase(db, order):
        raise Refused(
            _("There is nothing left to do without. Please look again."), audit="parts_order.illegal_move"
        )
    await _give_up(db, order, lines, by=by)


async def _give_up(
    db: AsyncSession, order: PartsOrder, lines: Sequence[PartsOrderLine], *, by: Viewer
) -> None:
    for line in lines:
        line.given_up = True
    order.decided_at = clock.now()
    await db.flush()
    await tell(db, PartsGivenUp, order, by=by, lines=[str(line.id) for line in lines])
    await standing.follow(db, order, by=by)
    await close_quotes(db, order, "lost", "given_up", by=by)


async def open_again(
    db: AsyncSession, order: PartsOrder, told: dict[str, Any], *, by: Viewer, is_failure: bool
) -> None:
    """Parts of a held order have nobody to bring them any more: they are asked for again, as in the first round. Offers
    that still hold stand again over those parts; when a shop has failed the buyer, the others that were asked are asked
    anew. `told` is what the buyer's log says of the purchase. The transaction is the buyer's."""
    now, lines = clock.now(), await orders.open_lines_of(db, order.id)
    if order.user_id is not None and await _is_gone(db, order.user_id):
        await tell(db, PurchaseMoved, order, by=by, **told)
        await _give_up(db, order, lines, by=by)
        return
    asked = {line.id: line.quantity for line in lines}
    known = await orders.quotes_of(db, order.id, *NOT_ASKED, "offered")
    offered = await orders.lines_of_quotes(db, known)
    comes_to = {
        quote.id: counted(offered[quote.id].values(), quote.delivery_fee_minor, asked)
        for quote in known
        if quote.status == "offered" or (quote.revision and quote.valid_until and quote.valid_until > now)
    }
    hold = {quote_id: one for quote_id, one in comes_to.items() if one.available}
    order.opened_at = now
    order.expires_at = max(order.expires_at or now, now + lifetime())
    order.offer_count = len(hold)
    order.best_total_minor = min((one.total_minor for one in hold.values() if not one.missing), default=None)
    order.status = "quoted" if hold else "submitted"
    order.version += 1
    await tell(db, PurchaseMoved, order, by=by, **told)
    for quote in known:
        if quote.id in hold:
            await _stand_again(db, order, quote, hold[quote.id])
        elif is_failure:
            await _ask_one(db, order, quote, by=Viewer.system(quote.tenant_id))


async def _is_gone(db: AsyncSession, person: UUID) -> bool:
    """Whether the buyer's account is erased: nobody is asked for anybody then."""
    address: str | None = await db.scalar(select(User.email).where(User.id == person))
    return address is None or address.endswith(ERASED)


async def _stand_again(db: AsyncSession, order: PartsOrder, quote: ShopQuote, what: Counted) -> None:
    """It may come to something else now: then it is a revision, so that nobody accepts what they have not seen."""
    async with as_seller(db, quote.tenant_id):
        move_quote(quote, "offered")
        await restand(db, quote, order, what)
        await db.flush()
        told = {
            "revision": quote.revision,
            "total_minor": quote.total_minor,
            "currency": quote.currency,
            "delivers_at": quote.delivers_at,
        }
        by = Viewer.system(quote.tenant_id)
        await tell_quote(db, QuoteStandsAgain, order, quote, by=by, **told)


async def _has_live_purchase(db: AsyncSession, order: PartsOrder) -> bool:
    return any(one.status not in ("cancelled", "failed") for one in await orders.purchases_of(db, order.id))


async def expire(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> bool:
    """Close an order whose time is over. False when somebody was quicker."""
    order = await orders.hold(db, order.id)
    now = clock.now()
    if order.status not in ASKING or order.expires_at is None or order.expires_at > now:
        return False
    move_order(order, "expired")
    await tell(db, PartsOrderExpired, order, by=by)
    await close_quotes(db, order, "expired", "expired", by=by)
    return True


async def lapse(db: AsyncSession, order: PartsOrder) -> int:
    """End the offers that hold no longer; how many. The transaction is the buyer's."""
    order = await orders.hold(db, order.id)
    now = clock.now()
    gone = [
        quote
        for quote in await orders.quotes_of(db, order.id, "offered")
        if quote.valid_until is not None and quote.valid_until <= now
    ]
    for quote in gone:
        by = Viewer.system(quote.tenant_id)
        async with as_seller(db, quote.tenant_id):
            move_quote(quote, await purchases.rest_of(db, quote, "expired"))
            await db.flush()
            await refresh(db, order)
            await tell_quote(db, QuoteLost, order, quote, by=by, why="lapsed")
    return len(gone)


async def close_quotes(
    db: AsyncSession, order: PartsOrder, status: str, why: str, *, but: Sequence[ShopQuote] = (), by: Viewer
) -> None:
    """End what is still invited or offered, and tell its shops."""
    kept = {quote.id for quote in but}
    for quote in await orders.quotes_of(db, order.id, "invited", "offered"):
        if quote.id not in kept:
            move_quote(quote, await purchases.rest_of(db, quote, status))
            await db.flush()
            await tell_quote(db, QuoteLost, order, quote, by=by, why=why)
