"""Taking money, whoever moves it: one small protocol, one adapter per provider.

Amounts are whole minor units. `key` is the UUID of our payment attempt, stored before the provider is called:
a provider that is asked twice with one key does the thing once. `account` is the shop's own account at the
provider (docs/decisions/payment-accounts.md); None is the platform's.

Each call ends in one of three ways, and callers must mind the difference:
- it returns: the provider said so;
- GatewayRefused: the provider said no, nothing was taken;
- GatewayUnavailable: nobody knows. Ask `status` later, or call again with the *same* key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

State = Literal[
    "pending",
    "requires_action",
    "authorized",
    "completed",
    "failed",
    "cancelled",
    "expired",
    "partially_refunded",
    "refunded",
    "disputed",
    "lost",
]
"""The states of a payment that a provider can report; `created` is known to us alone."""


class GatewayRefused(Exception):
    """The provider said no. `words` are for the person who pays, in the provider's language."""

    def __init__(self, words: str, code: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code


class GatewayUnavailable(Exception):
    """No answer, or one that says nothing about the outcome."""


class WebhookForged(Exception):
    """Not signed by the provider, or too long ago. Nothing of it may be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """One payment to be taken."""

    amount: int
    currency: str
    description: str
    """What the payer reads beside the sum, such as "Invoice INV-1042"."""
    reference: str
    """Our payment's id; the provider carries it along, so that a webhook finds its way home."""
    key: UUID
    success_url: str
    cancel_url: str
    account: str | None = None
    email: str | None = None
    locale: str | None = None
    """The payer's language as we name it (en, pt_BR); a provider that does not speak it chooses by itself."""
    expires_at: int | None = None
    """When the hosted page closes (seconds since 1970), at least 31 minutes ahead. An absolute time, because
    a second call with the same key must say exactly the same."""
    platform_fee: int = 0
    """What of the amount goes to the platform. Only where the payment is taken on a shop's own account."""
    capture_later: bool = False
    """The payer only authorises: the amount is held on the card until `capture` takes it or `cancel` lets it go.
    docs/decisions/authorise-then-capture.md"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutStarted:
    ref: str
    url: str | None
    """Where the payer goes next; None when there is nowhere to go, as with cash."""
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStatus:
    """What the provider knows now."""

    ref: str
    state: State
    reference: str | None = None
    amount: int | None = None
    """Taken so far. None: the provider keeps no books, ours are the only ones."""
    authorized: int = 0
    """Held on the payer's card for us and not taken: what a capture may take now."""
    authorized_until: datetime | None = None
    """When the hold lapses, as far as the provider says it."""
    refunded: int = 0
    """Given back, all in all; what the payer's bank sent back is part of it, so that it only grows."""
    returned: int = 0
    """What of it the payer's bank did not take after all, and the shop has again. It only grows, too."""
    returned_refs: tuple[str, ...] = ()
    """Which refunds those were (`RefundMade.ref`)."""
    fee: int = 0
    """What the provider itself kept of the payment; nothing until it has reckoned that."""
    platform_fee: int = 0
    """What of it goes to the platform."""
    platform_fee_back: int = 0
    """What of that came back to the shop with refunds. It only grows."""
    dispute_stage: int = 0
    """Disputes opened plus disputes decided. It only grows, which tells older news of a dispute from newer."""
    lost: int = 0
    """What the payer's bank took back for good."""
    dispute_fee: int = 0
    """What the provider kept for the disputes that are decided."""
    currency: str | None = None
    transaction: str | None = None
    """The provider's name of the charge, for a person who calls its support."""
    method: str | None = None
    """How it was paid, such as "Visa ···· 4242"."""
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMade:
    ref: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """A signed word from the provider. It says only *what to look at*; the object itself is fetched anew."""

    id: str
    kind: str
    account: str | None
    reference: str | None
    """Our payment's id, when the event is about a payment of ours."""
    ref: str | None
    """The provider's own name of the checkout, when the event carries it."""
    transaction: str | None = None
    """The provider's name of the charge (`PaymentStatus.transaction`): news of a dispute carry nothing else."""


class PaymentGateway(Protocol):
    name: str

    async def create_checkout(self, checkout: Checkout) -> CheckoutStarted:
        """Begin to take the money. The same key with the same values gives the same checkout."""
        ...

    async def status(self, ref: str, *, account: str | None = None) -> PaymentStatus: ...

    async def capture(
        self, ref: str, amount: int, *, key: UUID, account: str | None = None, platform_fee: int = 0
    ) -> PaymentStatus:
        """Take what was authorised, or a part of it: the rest is let go, there is no second capture. The platform's fee
        is said anew, for it is a part of what is taken. Asked again for the same amount, however long afterwards, it
        tells what it did. Raises GatewayRefused when nothing is held (not paid yet, lapsed, cancelled), when it is
        more than is held, and when another amount was taken already."""
        ...

    async def cancel(self, ref: str, *, account: str | None = None) -> PaymentStatus:
        """Close a checkout nobody has paid, or let go what was authorised. One that was paid or captured meanwhile
        stays so; the answer says which."""
        ...

    async def refund(self, ref: str, amount: int, *, key: UUID, account: str | None = None) -> RefundMade:
        """Give back part or all of what was taken, once per key however long ago it was used first; the platform's
        fee goes back to the shop in proportion. Raises
        GatewayRefused when it is more than that, or when the payer's bank sent it back."""
        ...

    def verify_webhook(self, body: bytes, signature: str) -> WebhookEvent:
        """Read a webhook. Raises WebhookForged unless the provider signed exactly these bytes, just now."""
        ...


PayoutState = Literal["pending", "in_transit", "paid", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money on its way from the shop's account at the provider to its bank."""

    ref: str
    amount: int
    """Negative when the provider takes from the bank what refunds and disputes cost."""
    currency: str
    state: PayoutState
    created_at: datetime
    arrives_on: date
    """When it arrives, or should have."""
    failure: str = ""
    """Why the bank sent it back, in the provider's words."""
    is_itemized: bool = False
    """Whether the provider tells what it is made of. Not while it still reckons, and never of a payout that somebody
    asked for by hand."""


PayoutLineKind = Literal["payment", "refund", "refund_returned", "dispute", "payout_returned", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutLine:
    """One movement of the balance that a payout took along: minor units of the payout's currency."""

    ref: str
    kind: PayoutLineKind
    amount: int
    """Less than nothing when it left the shop."""
    fee: int
    """What the provider itself kept."""
    platform_fee: int
    """What the platform kept; less than nothing when it came back."""
    net: int
    """What it adds to the payout."""
    at: datetime
    source: str = ""
    """The provider's name of what moved: the refund, the dispute, the payout that came back."""
    transaction: str = ""
    """Of which payment (`PaymentStatus.transaction`), where it is one's."""
    description: str = ""
    """The provider's own words."""
    is_exchanged: bool = False
    """The payer paid in another currency than is paid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a shop has at the provider: currency -> minor units, which may be less than nothing."""

    available: Mapping[str, int]
    """Free to be paid out."""
    pending: Mapping[str, int]
    """Taken, and not free yet."""


class ShopAccounts(Protocol):
    """A shop's own account at the provider."""

    async def open_account(self, *, name: str, email: str, country: str, currency: str, key: UUID) -> str:
        """A new account; its owner still has to finish the set-up on the provider's page."""
        ...

    async def setup_url(self, account: str, *, return_url: str) -> str: ...

    async def can_charge(self, account: str) -> bool: ...

    async def balance(self, account: str) -> Balance:
        """What is there now. Raises GatewayUnavailable."""
        ...

    async def payouts(self, account: str, *, limit: int) -> Sequence[Payout]:
        """The newest first. Raises GatewayUnavailable."""
        ...

    async def payout(self, account: str, ref: str) -> Payout:
        """One of them. Raises GatewayRefused (`resource_missing`) when the account has none like it."""
        ...

    async def payout_lines(self, account: str, ref: str, *, most: int) -> Sequence[PayoutLine]:
        """What an itemized payout is made of, the newest first, at most so many: with as many there may be more."""
        ...
