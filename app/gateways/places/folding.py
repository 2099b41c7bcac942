"""Names as one searches for them: without case, accents and marks."""

import re
import unicodedata

_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ð": "d", "ø": "o", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th", "ə": "a", "'": "",
     "’": "", "‘": "", "ʻ": "", "ʼ": "", "`": "", "´": "", "ʿ": "", "ʾ": "", "آ": "ا", "أ": "ا", "إ": "ا", "ى": "ي", "ة": "ه"}
)  # fmt: skip
"""What Unicode does not take apart, apostrophes of every kind, and the Arabic letters people write either way."""


def folded(name: str) -> str:
    """ "São Tomé" as "sao tome", "N'Djamena" as "ndjamena": letters and digits of any script, single spaces."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(one for one in apart if not unicodedata.combining(one)).translate(_LETTERS)
    return re.sub(r"[\W_]+", " ", plain).strip()
