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
    job_id: UUID | None = None
    """The workshop's job that it is for."""


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


class PartsGivenUp(OfPartsOrder, frozen=True, kw_only=True):
    """The buyer does without what nobody was found for."""

    lines: list[str]


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
    """chosen_elsewhere, given_up, failed, cancelled, expired; lapsed: the offer held no longer."""


class PurchaseRated(OfShopQuote, frozen=True, kw_only=True):
    """The buyer says how it was, or says so again."""

    purchase_id: UUID
    rating: int


class RatingAnswered(OfShopQuote, frozen=True, kw_only=True):
    """The shop has replied to a rating."""

    purchase_id: UUID
    rating: int


class QuoteStandsAgain(OfShopQuote, frozen=True, kw_only=True):
    """Parts of it have nobody to bring them any more, and this offer still holds."""

    revision: int
    """Another one where it comes to something else over these parts."""
    total_minor: int
    """For those parts."""
    currency: str
    delivers_at: datetime | None


class PurchaseMoved(OfPartsOrder, frozen=True, kw_only=True):
    """The buyer's own note of what became of something bought; the seller's book has the event it came from."""

    purchase_id: UUID
    was: str
    status: str
    lines: list[str] = []
    """What has nobody to bring it from now on, when it is over."""


class OfPurchase(OfShopQuote, frozen=True, kw_only=True):
    """Something that happened to what was bought of one shop, as it stands from then on."""

    purchase_id: UUID
    status: str
    payment_status: str


class PurchasePaymentBegun(OfPurchase, frozen=True, kw_only=True):
    """The buyer set out to pay; nothing is held yet."""

    payment_id: UUID


class PurchaseAuthorized(OfPurchase, frozen=True, kw_only=True):
    """The sum is held on the buyer's card. The shop takes it by confirming."""

    payment_id: UUID
    amount_minor: int
    currency: str


class PurchasePaymentEnded(OfPurchase, frozen=True, kw_only=True):
    """An attempt to pay came to nothing, or what was held was let go."""

    payment_id: UUID
    ended: str


class PurchasePaid(OfPurchase, frozen=True, kw_only=True):
    """The shop has the money."""

    payment_id: UUID
    amount_minor: int
    currency: str


class PurchasePaidLate(OfPurchase, frozen=True, kw_only=True):
    """Money was held or taken for a purchase that is over. It goes back at once."""

    payment_id: UUID


class PurchasePaymentQuestioned(OfPurchase, frozen=True, kw_only=True):
    """The provider tells of another sum than was asked for. Nothing is booked."""

    payment_id: UUID
    said: str


class PurchaseRefundBegun(OfPurchase, frozen=True, kw_only=True):
    """Somebody decided to give money back; the provider is asked next."""

    refund_id: UUID
    amount_minor: int
    currency: str


class PurchaseRefunded(OfPurchase, frozen=True, kw_only=True):
    """Money was given back."""

    payment_id: UUID
    amount_minor: int
    currency: str


class PurchaseRefundFailed(OfPurchase, frozen=True, kw_only=True):
    """The provider said no, or the buyer's bank sent it back."""

    payment_id: UUID
    amount_minor: int = 0
    currency: str = ""
    refusals: int = 0
    """How often the provider has said no to this money by now, and is asked again; none where the bank sent it back."""


class PurchaseCaptureRefused(OfPurchase, frozen=True, kw_only=True):
    """The shop has confirmed, and the provider would not take the held money."""

    payment_id: UUID
    refusals: int


class PurchasePaymentDisputed(OfPurchase, frozen=True, kw_only=True):
    """The buyer's bank asks for the money back, or has decided about it."""

    payment_id: UUID
    outcome: str
    """disputed, won, lost: as the shop sees it."""


class BoughtPartMissing(OfPartsOrder, frozen=True, kw_only=True):
    """A part that was bought for a job does not come, and stands where the customer or the bill counts on it."""

    purchase_id: UUID
    center_id: UUID
    parts: list[str]


class PurchaseConfirmed(OfPurchase, frozen=True, kw_only=True):
    """The shop has it and prepares it."""


class PurchaseShipped(OfPurchase, frozen=True, kw_only=True):
    carrier: str
    tracking_number: str


class PurchaseDelivered(OfPurchase, frozen=True, kw_only=True):
    by_buyer: bool


class PurchaseCancelAsked(OfPurchase, frozen=True, kw_only=True):
    """The buyer wants out of it while it is being prepared; the shop decides."""

    reason: str


class PurchaseCancelRefused(OfPurchase, frozen=True, kw_only=True):
    reason: str


class PurchaseCancelled(OfPurchase, frozen=True, kw_only=True):
    reason: str
    """Empty, or the words of whoever cancelled; not_paid when the time to pay has passed."""


class PurchaseFailed(OfPurchase, frozen=True, kw_only=True):
    """The shop could not deliver."""

    reason: str


class ReturnAsked(OfPurchase, frozen=True, kw_only=True):
    reason: str


class ReturnRefused(OfPurchase, frozen=True, kw_only=True):
    reason: str


class PurchaseReturned(OfPurchase, frozen=True, kw_only=True):
    """The shop took it back."""

    refund_minor: int
    restocking_minor: int = 0
    """What of the price the shop keeps."""
    currency: str


class CoreReturned(OfPurchase, frozen=True, kw_only=True):
    """The old part came back; its deposit goes to the buyer."""

    refund_minor: int
    currency: str
