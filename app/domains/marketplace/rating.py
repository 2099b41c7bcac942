"""What a buyer says of a shop once they have the parts, and what the shop answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.marketplace import orders, purchases
from app.domains.marketplace.events import PurchaseRated, RatingAnswered
from app.domains.marketplace.models import PartsOrder, Purchase, ShopQuote
from app.domains.marketplace.telling import tell_quote

CHANGEABLE = timedelta(days=14)
LOW = 2
"""A rating up to this is something to make good."""
LONGEST = 1000
RECEIVED = ("delivered", "return_requested", "returned")


def may_rate(purchase: Purchase, now: datetime) -> bool:
    """Whether its buyer has it, and has not made up their mind for good."""
    return purchase.status in RECEIVED and (purchase.rated_at is None or now < purchase.rated_at + CHANGEABLE)


async def rate(db: AsyncSession, purchase_id: UUID, rating: int, words: str, *, by: Viewer) -> Purchase:
    """One to five stars and a few words, changeable for 14 days. Raises NotFound, Invalid, Refused."""
    order, _found = await purchases.find_bought(db, by, purchase_id)
    await orders.hold(db, order.id)
    purchase = await db.get_one(Purchase, purchase_id, populate_existing=True)
    words = words.strip()
    errors = {}
    if rating not in range(1, 6):
        errors["rating"] = _("Choose one to five stars.")
    if len(words) > LONGEST:
        errors["words"] = _("Please keep this under %(count)s characters.", count=LONGEST + 1)
    if errors:
        raise Invalid(errors)
    if purchase.status not in RECEIVED:
        raise Refused(_("You can rate it once the parts are there."), audit="purchase.illegal_move")
    if not may_rate(purchase, clock.now()):
        raise Refused(_("A rating can be changed for 14 days. This one stays as it is."))
    if (purchase.rating, purchase.rating_words) == (rating, words):
        return purchase
    purchase.rating, purchase.rating_words = rating, words
    purchase.rated_at = purchase.rated_at or clock.now()
    await db.flush()
    quote = await db.get_one(ShopQuote, purchase.quote_id)
    await tell_quote(db, PurchaseRated, order, quote, by=by, purchase_id=purchase.id, rating=rating)
    return purchase


async def to_make_good(db: AsyncSession, me: Viewer) -> Sequence[tuple[Purchase, str]]:
    """Low ratings nobody at the shop has answered, the oldest first, each with the code of its order."""
    found = await db.execute(
        _of_shop(me)
        .where(Purchase.rating <= LOW, Purchase.rating_replied_at.is_(None))
        .order_by(Purchase.rated_at, Purchase.id)
        .limit(100)
    )
    return [(row[0], row[1]) for row in found]


async def latest(db: AsyncSession, me: Viewer) -> Sequence[tuple[Purchase, str]]:
    """The shop's last ratings that wait for nothing."""
    found = await db.execute(
        _of_shop(me)
        .where((Purchase.rating > LOW) | Purchase.rating_replied_at.is_not(None))
        .order_by(Purchase.rated_at.desc(), Purchase.id.desc())
        .limit(50)
    )
    return [(row[0], row[1]) for row in found]


def _of_shop(me: Viewer) -> Select[Purchase, str]:
    at_center = [Purchase.center_id == me.center_id] if me.center_id else []
    return (
        select(Purchase, PartsOrder.code)
        .join(PartsOrder, PartsOrder.id == Purchase.order_id)
        .where(Purchase.tenant_id == me.tenant_id, Purchase.rating.is_not(None), *at_center)
    )


async def answer(db: AsyncSession, purchase_id: UUID, reply: str, *, by: Viewer) -> None:
    """The shop's word under a rating, once, for everybody to read. Raises NotFound, Invalid, Refused."""
    row = (await db.execute(_of_shop(by).where(Purchase.id == purchase_id))).first()
    if row is None:
        raise NotFound
    order = await orders.hold(db, row[0].order_id)
    purchase = await db.get_one(Purchase, purchase_id, populate_existing=True)
    reply = reply.strip()
    if not reply or len(reply) > LONGEST:
        wrong = _("Write the buyer what you make of it.") if not reply else _("Please be brief.")
        raise Invalid({"reply": wrong})
    if purchase.rating_replied_at is not None:
        raise Refused(_("Somebody at your shop has answered this rating already."))
    purchase.rating_reply, purchase.rating_replied_at = reply, clock.now()
    await db.flush()
    quote = await db.get_one(ShopQuote, purchase.quote_id)
    told = {"purchase_id": purchase.id, "rating": purchase.rating}
    await tell_quote(db, RatingAnswered, order, quote, by=by, **told)
