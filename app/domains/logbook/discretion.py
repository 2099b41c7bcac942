"""What was done to a car, without who its people are."""

import re
from collections.abc import Iterable

_TELLING = re.compile(r"@|(?:\d[\s().+/-]*){7}")
"""An address, or as many digits as a phone has."""
_NOBODY = {"com", "net", "org", "test", "example"}


def impersonal(title: str, people: Iterable[str]) -> str:
    """What was done, in the words it was written down with; nothing where they hold one of the names or addresses of
    `people`, any other address, or a phone's worth of digits."""
    parts = re.split(r"[\W_]+", " ".join(people).casefold())
    names = {part for part in parts if len(part) > 2} - _NOBODY
    words = set(re.split(r"[\W_]+", title.casefold()))
    return "" if _TELLING.search(title) or words & names else title
