"""Who hears what. Plain functions ring live pages, async ones are reactions. Read this to know the system."""

from typing import Any

from app.core.events import Event

SUBSCRIPTIONS: dict[type[Event], list[Any]] = {}
