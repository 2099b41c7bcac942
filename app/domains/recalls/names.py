"""Makes and models as they are compared: `F-150`, `f150` and `F 150` are one."""

import unicodedata


def key(name: str) -> str:
    """Letters and digits only, small, without accents; empty when there are none."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def beginnings(model: str) -> list[str]:
    """The keys of every row of whole words that a model begins with, the shortest first: a recall of the `Transit` means
    the `Transit Connect` as well, and one of the `Trans` means neither."""
    words = model.split()
    keys = [key(" ".join(words[:count])) for count in range(1, len(words) + 1)]
    return list(dict.fromkeys(one for one in keys if one))
