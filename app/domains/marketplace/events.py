"""What happens around parts that are asked for. Each event carries the ids that say who must hear of it, and what an
offer said, so that the winner can be found again from the log alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.events import Event


class OfPartsOrder(Event, frozen=True, kw_only=True):
    """Something that happened to a parts order; the buyer hears it."""

    parts_order_id: UUID
    code: str
    round: int


class PartsOrderSubmitted(OfPartsOrder, frozen=True, kw_only=True):
    """Shops around were asked; nobody, if none sells for the make within the radius."""

    radius_km: int
    asked: int
    expires_at: datetime
    bidding: str
    quantities: dict[str, str]
    """Line -> how many: with the prices of an offer they make its total."""


class PartsSearchWidened(OfPartsOrder, frozen=True, kw_only=True):
    radius_km: int
    asked: int
    """How many more."""


class PartsOrderExtended(OfPartsOrder, frozen=True, kw_only=True):
    expires_at: datetime


class PartsOrderExpired(OfPartsOrder, frozen=True, kw_only=True):
    pass


class PartsOrderCancelled(OfPartsOrder, frozen=True, kw_only=True):
    reason: str = ""


class PartsOrderMoved(OfPartsOrder, frozen=True, kw_only=True):
    """What was bought has come further: the least advanced purchase says where the order stands."""

    was: str
    status: str


class OffersAccepted(OfPartsOrder, frozen=True, kw_only=True):
    """The buyer has decided, once for the whole order."""

    chosen: dict[str, str]
    """Line -> quote."""
    revisions: dict[str, int]
    """Quote -> the revision that was accepted."""
    given_up: list[str]
    """Lines the buyer decided to do without."""


class OfShopQuote(OfPartsOrder, frozen=True, kw_only=True):
    """Something that happened between the buyer and one shop; its people hear it too."""

    quote_id: UUID
    shop_id: UUID
    center_id: UUID
    bidding: str = "sealed"
    """In open bidding the other shops hear that the best total may be another one now."""


class ShopAsked(OfShopQuote, frozen=True, kw_only=True):
    """A shop is asked for parts, or asked again."""

    distance_m: int
    rank: int
    priority: str
    expires_at: datetime


class QuoteOffered(OfShopQuote, frozen=True, kw_only=True):
    """A shop's offer, or a new revision of it."""

    revision: int
    total_minor: int
    currency: str
    available: int
    missing: int
    delivers_at: datetime | None
    offer: dict[str, Any]
    """The offer as it was made."""


class QuoteDeclined(OfShopQuote, frozen=True, kw_only=True):
    reason: str = ""


class QuoteWithdrawn(OfShopQuote, frozen=True, kw_only=True):
    reason: str = ""


class QuoteWon(OfShopQuote, frozen=True, kw_only=True):
    purchase_id: UUID
    total_minor: int
    currency: str


class QuoteLost(OfShopQuote, frozen=True, kw_only=True):
    """The buyer has decided for others, or without anybody."""

    why: str
    """chosen_elsewhere, cancelled, expired."""


class QuoteStandsAgain(OfShopQuote, frozen=True, kw_only=True):
    """The winner could not deliver, and this offer still holds."""
