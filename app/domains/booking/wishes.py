"""What somebody comes to book for: a task, or a trouble code, that ticks the shop's services and goes along as a note."""

import re
from collections.abc import Iterable
from uuid import UUID

from app.core.words import _
from app.domains import garage, telematics
from app.domains.services.models import Service

_CODE = re.compile("[PCBU][0-3][0-9A-F]{3}")


def wish_words(wish: str) -> str:
    """A wish in words; empty for what is none."""
    if wish in garage.TASKS:
        return _(garage.TASKS[wish].name)
    return f"{wish}: {telematics.meaning(wish)}" if _CODE.fullmatch(wish) else ""


def granting(wish: str, offered: Iterable[Service]) -> set[UUID]:
    """The service that a wish is most likely for: the first whose name says the task, or the shop's diagnosis for a
    trouble code. Empty where none says so: the driver chooses."""
    for service in offered:
        if _CODE.fullmatch(wish):
            is_it = service.category == "diagnostics"
        else:
            is_it = wish in garage.tasks_in(service.name) or wish in garage.tasks_in(
                service.code.replace("-", " ")
            )
        if is_it:
            return {service.id}
    return set()
