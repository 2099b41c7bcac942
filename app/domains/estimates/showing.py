"""What the pages of an estimate show, gathered once."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.money import decimals
from app.core.render import template_global
from app.core.signature import drawing_uri
from app.domains.estimates.answering import chosen, later_reasons, no_reasons
from app.domains.estimates.models import Estimate
from app.domains.estimates.sheet import Sheet, is_genuine, photos, read_sheet
from app.domains.network.branding import brand_of

template_global(decimals)
template_global(drawing_uri)


async def shown(
    db: AsyncSession,
    estimate: Estimate,
    *,
    action: str,
    sheet: Sheet | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Context of the templates that print a version; `action` is where its answer goes."""
    sheet = sheet or await read_sheet(db, estimate)
    return {
        "shop_brand": await brand_of(db, estimate.tenant_id),
        "sheet": sheet,
        "files": await photos(db, sheet),
        "open": estimate.is_open(clock.now()),
        "genuine": await is_genuine(db, sheet) if estimate.is_decided else True,
        "action": action,
        "values": dict(values or {}),
        "errors": dict(errors or {}),
        "later_reasons": later_reasons(),
        "no_reasons": no_reasons(),
        "staff": False,
        "live_topics": [],
        "seen_url": "",
        **chosen(values or {}, sheet),
    }
