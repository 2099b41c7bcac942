"""How a business looks to its customers: name, logo and colour, on pages, in mails and on paper."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar.datastructures import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import contrast, files
from app.core.files import Kept
from app.core.tables import File
from app.core.viewer import Viewer
from app.domains.network.setting_table import NIGHT_GROUNDS, PETROL
from app.domains.network.setting_values import Rules, rules_of

PETROL_NIGHT = "#5cc3c4"


@dataclass(frozen=True, slots=True)
class Brand:
    """Everything a layout needs of a shop."""

    name: str
    legal_name: str
    phone: str
    email: str
    website: str
    accent: str
    accent_night: str
    logo: Mapping[str, Any] | None

    @property
    def is_coloured(self) -> bool:
        """Whether the shop has a colour of its own."""
        return (self.accent, self.accent_night) != (PETROL, PETROL_NIGHT)

    @property
    def logo_url(self) -> str:
        """Where the small picture is shown for a while; empty without a logo."""
        return logo_url(self.logo)

    @property
    def site_name(self) -> str:
        """The website without what nobody says aloud."""
        return self.website.removeprefix("https://").removeprefix("http://").rstrip("/")


def logo_url(logo: Mapping[str, Any] | None) -> str:
    """An address of a logo that works for a while. Its row is the shop's own to read, while a visitor may see the
    picture: so the setting holds what the address is made of."""
    if not logo or "key" not in logo:
        return ""
    shown = File(
        kind="image",
        label="logo",
        content_type="image/jpeg",
        key=logo["key"],
        thumbnail_key=logo["small_key"],
    )
    return files.signed_url(shown, 1200, small=True)


async def brand_of(db: AsyncSession, tenant_id: UUID) -> Brand:
    """How a business looks now. Anyone may ask. Raises NotFound."""
    return brand_from(await rules_of(db, tenant_id))


def brand_from(rules: Rules) -> Brand:
    """The look that some settings make."""
    accent = rules["brand.accent"]
    return Brand(
        name=rules["business.name"],
        legal_name=rules["business.legal_name"],
        phone=rules["business.phone"],
        email=rules["business.email"],
        website=rules["business.website"],
        accent=accent,
        accent_night=rules["brand.accent_night"] or night_shade(accent),
        logo=rules["brand.logo"],
    )


def night_shade(accent: str) -> str:
    """What a day colour is at night, where nothing else is said."""
    return PETROL_NIGHT if accent == PETROL else contrast.nearest(accent, NIGHT_GROUNDS)


async def receive_logo(sent: UploadFile, *, by: Viewer, tenant: UUID | None) -> tuple[Kept, dict[str, Any]]:
    """An untrusted picture, written anew and stored, and what the setting says of it. Raises Invalid or Refused.

    Takes no database connection; see `files.receive_images`.
    """
    [kept] = await files.receive_images([sent], by=by, tenant=tenant, field="brand.logo")
    assert kept.thumbnail_key is not None
    small = await files.storage().get(kept.thumbnail_key)
    return kept, {
        "file_id": str(kept.id),
        "key": kept.key,
        "small_key": kept.thumbnail_key,
        "sha256": hashlib.sha256(small).hexdigest(),
        "width": kept.width,
        "height": kept.height,
    }


async def keep_logo(db: AsyncSession, kept: Kept, *, by: Viewer) -> None:
    """The row of a logo. It stays for ever: invoices that show it stay as they were issued, and the history can put
    it back."""
    file = await files.keep(db, kept, by=by)
    file.is_evidence = True


def on_paper(brand: Brand) -> dict[str, Any]:
    """What a paper freezes of the look when it is issued."""
    logo = {name: brand.logo[name] for name in ("small_key", "sha256")} if brand.logo else None
    return {"accent": brand.accent, "logo": logo}
