"""What was done to a car, without who its people are."""

import re
from collections.abc import Iterable

_TELLING = re.compile(r"@|(?:\d[\s().+/-]*){7}")
"""An address, or as many digits as a phone has."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u2e80-\ud7ff\uf900-\ufaff]")
_NOBODY = {"com", "net", "org", "test", "example"}


def impersonal(title: str, people: Iterable[str]) -> str:
    """What was done, in the words it was written down with; nothing where they hold one of the names or addresses of
    `people`, any other address, or a phone's worth of digits."""
    parts = set(re.split(r"[\W_]+", " ".join(people).casefold()))
    names = {part for part in parts if len(part) > 2} - _NOBODY
    words = set(re.split(r"[\W_]+", title.casefold()))
    # Thai, Chinese, Japanese and Korean leave no space around a name.
    within = any(len(part) > 1 and _UNSPACED.search(part) and part in title.casefold() for part in parts)
    return "" if _TELLING.search(title) or within or words & names else title
