"""The knobs of a hostile day: what a test turns to make webhooks and answers go wrong as they do in life."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Faults:
    # Webhooks
    drop_first: int = 0
    """The next so many delivery attempts are not made at all and count as failed."""
    duplicate: int = 0
    """Each event is delivered this many times more."""
    delay: float = 0.0
    """Seconds between an event and its first delivery."""
    reorder: bool = False
    """Events are gathered for a moment and sent newest first."""
    hold: bool = False
    """Nothing is delivered until this is turned off."""
    # The balance
    late_entries: bool = False
    """A charge has no entry in the balance when it succeeds, as in life (`automatic_async`); it gets one when it is
    told to, or with its first refund."""
    # What the provider says no to
    refuse_refunds: int = 0
    """The next so many refunds are refused, for want of money in the account."""
    refuse_captures: int = 0
    """The next so many captures are declined by the payer's bank; the hold stands."""
    # Answers of the API
    latency: float = 0.0
    """Seconds before a request is looked at; the idempotency key is taken meanwhile."""
    fail_next: int = 0
    """The next so many API requests are answered `fail_status`, nothing done."""
    fail_status: int = 500
    lose_reply: int = 0
    """The next so many writes are done, and the connection is cut instead of answered."""

    def turn(self, values: dict[str, Any]) -> None:
        """Set the named knobs. Raises ValueError for an unknown one or a wrong kind of value."""
        known = {knob.name: knob.type for knob in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"No knob is called {name!r}; there are: {', '.join(known)}")
            setattr(self, name, type(getattr(Faults(), name))(value))

    def reset(self) -> None:
        for name, value in asdict(Faults()).items():
            setattr(self, name, value)

    def take(self, name: str) -> bool:
        """Use up one of a counted fault."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
            return True
        return False
