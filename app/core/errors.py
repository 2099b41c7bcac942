"""What an operation may say instead of doing its work. Words are for the user, already translated."""

from collections.abc import Mapping
from typing import Any

from app.core.words import ngettext


class Refused(Exception):
    """The rules of the trade say no. `data` travels with the JSON answer (the next free slots, say)."""

    def __init__(
        self, words: str, *, status: int = 409, data: Mapping[str, Any] | None = None, audit: str = ""
    ) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.data = dict(data or {})
        self.audit = audit
        """A name to keep in the audit trail ("job.illegal_move"); empty keeps none."""

    @property
    def is_stale(self) -> bool:
        """Whether somebody else was quicker: what was on the screen is no longer so ("order.stale")."""
        return self.audit.endswith(".stale")


class TooMany(Refused):
    """Tried too often. `seconds` is how long to wait."""

    def __init__(self, seconds: int, words: str = "") -> None:
        super().__init__(words or _too_many(seconds), status=429, data={"retry_after": seconds})
        self.seconds = seconds


def _too_many(seconds: int) -> str:
    if seconds < 120:
        return ngettext("Please wait %(num)d second.", "Please wait %(num)d seconds.", seconds)
    minutes = -(-seconds // 60)
    return ngettext("Please wait %(num)d minute.", "Please wait %(num)d minutes.", minutes)


class NotFound(Exception):
    """It does not exist, or it is none of the viewer's business: the answer is the same."""


class ModuleOff(NotFound):
    """It belongs to a part of the product that this business has switched off."""

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.module = module


class Forbidden(Exception):
    """In the viewer's scope, but not theirs to do."""

    def __init__(self, permission: str = "") -> None:
        super().__init__(permission)
        self.permission = permission


class SignInNeeded(Exception):
    """Nobody is signed in, and somebody must be."""


class ProofNeeded(Exception):
    """Signed in, but for this they must show again that it is they."""


class NotFromHere(Exception):
    """Their business lets people of their role in from certain addresses only, and this is none of them."""


class FactorNeeded(Exception):
    """A member of staff without a second factor; until there is one they get no further than setting it up."""


class Invalid(Exception):
    """A form that cannot be accepted: one message for each field, "" for the form as a whole."""

    def __init__(self, errors: Mapping[str, str], values: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            "; ".join(f"{field}: {words}" if field else words for field, words in errors.items())
        )
        self.errors = dict(errors)
        self.values = dict(values or {})


class CrossSite(Exception):
    """A state-changing request that did not come from one of our own pages."""


class Replayed(Exception):
    """The same form again: answer as the first time, do nothing."""

    def __init__(self, status: int, location: str | None, answer: str | None = None) -> None:
        super().__init__(location)
        self.status = status
        self.location = location
        self.answer = answer
        """The JSON a call was answered with."""
