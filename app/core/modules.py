"""The parts of the product a business may switch off. A route says to which it belongs, beside what it needs."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import ModuleOff

MODULES: Final = (
    "online_booking",
    "phone_booking",
    "inspections",
    "card_payments",
    "messages",
    "reminders",
    "api_tokens",
    "parts_market",
)
PREFIX: Final = "modules."
"""Before a module's name it is the key of its setting."""

_OFF = text(
    "SELECT key FROM system_settings WHERE tenant_id = :tenant AND value = 'false' AND key = ANY (:keys)"
)


async def switched_off(db: AsyncSession, tenant: UUID) -> frozenset[str]:
    """What a business does not use, as its settings stand now. Everything is on until it is switched off."""
    asked = {"tenant": tenant, "keys": [PREFIX + one for one in MODULES]}
    return frozenset(key.removeprefix(PREFIX) for key in await db.scalars(_OFF, asked))


async def is_on(db: AsyncSession, tenant: UUID, module: str) -> bool:
    """Whether a business uses a module: for workers, and for people who are not of that business."""
    return module not in await switched_off(db, tenant)


async def off_at(db: AsyncSession, tenants: Collection[UUID], module: str) -> frozenset[UUID]:
    """Which of these businesses do not use a module: one question for all of them."""
    if not tenants:
        return frozenset()
    asked = text(
        "SELECT tenant_id FROM system_settings WHERE tenant_id = ANY (:tenants) AND key = :key AND value = 'false'"
    )
    return frozenset(await db.scalars(asked, {"tenants": list(tenants), "key": PREFIX + module}))


async def require(db: AsyncSession, tenant: UUID, module: str) -> None:
    """Raise ModuleOff where a business does not use a module."""
    if not await is_on(db, tenant, module):
        raise ModuleOff(module)
