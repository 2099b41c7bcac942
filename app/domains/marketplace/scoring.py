"""How a parts shop does, counted anew from its deals: docs/decisions/shop-score.md has the formula in words."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import take_turn
from app.core.errors import NotFound
from app.core.events import Heard
from app.domains.marketplace.events import OfShopQuote
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.parts_shops.models import PartsShop

SCORE: Final = """round(
    50 * (((rating_sum + 20)::numeric / (rating_count + 5)) - 1) / 4
    + 25 * (delivered_count + 1)::numeric / (delivered_count + failed_count + 2)
    + CASE WHEN response_seconds IS NULL THEN 0 ELSE 25 / (1 + greatest(response_seconds, 0)::numeric / 7200) END, 4)"""
"""SQL, 0 to 100, of the columns it names. Twenty is five ratings of 4: what is thought of a shop that nobody has rated."""

_RESCORE = text(f"""
WITH asked AS (
    SELECT count(*) AS asked_count, count(*) FILTER (WHERE revision > 0) AS quoted_count
      FROM shop_quotes WHERE tenant_id = :tenant AND shop_id = :shop
), bought AS (
    SELECT count(DISTINCT quote_id) AS won_count,
           count(*) FILTER (WHERE status IN ('delivered', 'return_requested', 'returned')) AS delivered_count,
           count(*) FILTER (WHERE status = 'failed') AS failed_count,
           coalesce(sum(rating), 0)::bigint AS rating_sum, count(rating) AS rating_count
      FROM purchases WHERE tenant_id = :tenant AND shop_id = :shop
), answers AS (
    SELECT extract(epoch FROM answered_at - asked_at) AS seconds
      FROM shop_quotes WHERE tenant_id = :tenant AND shop_id = :shop AND answered_at IS NOT NULL
     ORDER BY answered_at DESC, id LIMIT 50
), counted AS (
    SELECT *, (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::bigint FROM answers)
           AS response_seconds
      FROM asked, bought
)
UPDATE parts_shops s
   SET (asked_count, quoted_count, won_count, delivered_count, failed_count, rating_sum, rating_count,
        response_seconds, score) =
       (SELECT asked_count, quoted_count, won_count, delivered_count, failed_count, rating_sum, rating_count,
               response_seconds, {SCORE} FROM counted)
 WHERE s.tenant_id = :tenant AND s.id = :shop
""")  # noqa: S608 - the formula is ours


async def rescore(db: AsyncSession, tenant_id: UUID, shop_id: UUID) -> None:
    """Count a shop's deals and write what they come to. The transaction is the shop's own. One at a time: what waited
    here counts what the one before it was too early to see."""
    await take_turn(db, f"shop score {shop_id}")
    await db.execute(_RESCORE, {"tenant": tenant_id, "shop": shop_id})


async def rescore_shop(db: AsyncSession, heard: Heard[OfShopQuote]) -> None:
    """Something has happened between a buyer and a shop. Which of it comes first makes no difference."""
    if heard.tenant_id is not None:
        await rescore(db, heard.tenant_id, heard.event.shop_id)


class Rated(msgspec.Struct, frozen=True):
    """A rating as everybody may read it."""

    rating: int
    words: str
    first_name: str
    """Empty where the buyer is a workshop, or has left."""
    is_business: bool
    reply: str
    rated_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """A shop's score as everybody may read it."""

    shop: PartsShop
    slug: str
    """Of the shop's public page."""
    ratings: list[Rated]


async def standing_of(db: AsyncSession, shop_id: UUID, *, most: int = 10) -> Standing:
    """What anybody may know of how a shop does, with its last ratings. Raises NotFound for one that
    has no page."""
    query = (
        select(PartsShop, ServiceCenter.slug)
        .join(ServiceCenter, ServiceCenter.id == PartsShop.center_id)
        .join(Tenant, Tenant.id == PartsShop.tenant_id)
        .where(PartsShop.id == shop_id, PartsShop.status.in_(("active", "inactive")), Tenant.is_active)
    )
    row = (await db.execute(query)).first()
    if row is None:
        raise NotFound
    asked: dict[str, Any] = {"shop": shop_id, "most": most}
    rows = await db.execute(text("SELECT * FROM ratings_of_shop(:shop, :most)"), asked)
    return Standing(row[0], row[1], [Rated(*one) for one in rows])
