"""The test cards, with Stripe's own numbers, and what becomes of them. https://docs.stripe.com/testing"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    label: str
    brand: str = "visa"
    decline: str | None = None
    """Stripe's `code` of the refusal, or None when the card pays."""
    decline_code: str | None = None
    message: str = ""
    asks_bank: bool = False
    """The bank wants to see the holder first, as 3-D Secure does."""
    disputes: bool = False
    """The payment succeeds, and the holder disputes it at once."""
    returns_refunds: bool = False
    """The payment succeeds; the bank sends every refund back, a while after it was made."""

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        return " ".join(self.number[start : start + 4] for start in range(0, len(self.number), 4))


DECLINED = "Your card was declined."

CARDS = (
    Card("4242424242424242", "Pays at once"),
    Card("5555555555554444", "Pays at once (Mastercard)", brand="mastercard"),
    Card("4000000000000259", "Pays, then disputes the payment", disputes=True),
    Card("4000000000005126", "Pays, and its bank sends refunds back", returns_refunds=True),
    Card("4000002760003184", "The bank asks for a confirmation", asks_bank=True),
    Card(
        "4000000000000002",
        "Declined",
        decline="card_declined",
        decline_code="generic_decline",
        message=DECLINED,
    ),
    Card(
        "4000000000009995",
        "Declined: not enough funds",
        decline="card_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    Card("4000000000000069", "Declined: expired", decline="expired_card", message="Your card has expired."),
    Card(
        "4000000000000127",
        "Declined: wrong security code",
        decline="incorrect_cvc",
        message="Your card's security code is incorrect.",
    ),
)

RETURNING = {card.last4 for card in CARDS if card.returns_refunds}

DISPUTING = {card.last4 for card in CARDS if card.disputes}

_BY_NUMBER = {card.number: card for card in CARDS}


def read_card(typed: str) -> Card:
    """The card behind a typed number. Raises ValueError with words for the payer."""
    number = "".join(character for character in typed if character.isdigit())
    if card := _BY_NUMBER.get(number):
        return card
    if len(number) < 12 or not _luhn(number):
        raise ValueError("Your card number is invalid.")
    raise ValueError("This is a simulator: it takes only the test numbers listed below.")


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
