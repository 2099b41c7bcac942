"""Photos of parts that are needed: the buyer's, shown to the shops that are asked."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.tables import File
from app.domains.marketplace.models import PartsOrderPhoto


async def photos_of(db: AsyncSession, order_id: UUID) -> dict[UUID, list[File]]:
    """Line of the order -> its photos."""
    rows = await db.execute(
        select(PartsOrderPhoto.line_id, File)
        .join(File, File.id == PartsOrderPhoto.file_id)
        .where(PartsOrderPhoto.order_id == order_id)
        .order_by(PartsOrderPhoto.id)
    )
    found: dict[UUID, list[File]] = {}
    for line_id, file in rows:
        found.setdefault(line_id, []).append(file)
    return found
