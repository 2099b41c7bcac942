"""What happens to estimates. Ids and values only: a link's token never stands in an event."""

from uuid import UUID

from app.core.events import Event


class OfEstimate(Event, frozen=True, kw_only=True):
    """Something that happened to one version."""

    estimate_id: UUID
    order_id: UUID
    center_id: UUID
    number: str


class EstimateDrafted(OfEstimate, frozen=True, kw_only=True):
    pass


class EstimateSent(OfEstimate, frozen=True, kw_only=True):
    customer_id: UUID
    total_minor: int
    currency: str
    jobs: int


class EstimateViewed(OfEstimate, frozen=True, kw_only=True):
    """Somebody opened it in a browser that ran its script; a mail scanner's fetch does not count."""


class EstimateDecided(OfEstimate, frozen=True, kw_only=True):
    customer_id: UUID
    status: str
    method: str
    approved: int
    declined: int
    deferred: int
    approved_minor: int
    currency: str


class EstimateSuperseded(OfEstimate, frozen=True, kw_only=True):
    """A newer version stands in its place, the work it names has changed, or its order is over. Its links are dead."""


class EstimateExpired(OfEstimate, frozen=True, kw_only=True):
    customer_id: UUID


class ApprovalLinkAsked(OfEstimate, frozen=True, kw_only=True):
    """The holder of a link that has expired asks for a fresh one; it goes to the same recipient by mail."""

    customer_id: UUID


class ApprovalLinksRevoked(OfEstimate, frozen=True, kw_only=True):
    pass
