"""Telephone numbers as people write them."""

import re


def digits(phone: str) -> str:
    """What two ways of writing one phone number have in common."""
    return re.sub(r"\D", "", phone)


def is_phone(phone: str) -> bool:
    """Whether it can be dialled: extensions and words beside the number are nobody's mistake."""
    return 5 <= len(digits(phone)) <= 20
