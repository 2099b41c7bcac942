"""The settings of a business as JSON: what there is, what it stands at, who changed what and when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import words
from app.core.errors import Invalid
from app.core.files import kept_or_gone
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.network import branding, premises, setting_values
from app.domains.network.setting_table import GROUPS, SETTINGS, Setting

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")


class SettingOut(msgspec.Struct):
    """One setting with what it takes."""

    key: str
    value: Any
    default: Any
    type: str
    group: str
    label: str
    description: str
    unit: str
    minimum: int | None
    maximum: int | None
    """Of a number; of a text, how long it may be."""
    choices: list[str] | None
    permission: str
    updated_by: str
    updated_at: datetime | None


class SettingsOut(msgspec.Struct):
    version: int
    settings: list[SettingOut]


class SettingsIn(msgspec.Struct, forbid_unknown_fields=True):
    """Some settings by key, and the version that was looked at: a change of theirs made since is answered 409."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    values: dict[str, Any]


class ChangeOut(msgspec.Struct):
    id: UUID
    version: int
    key: str
    old: Any
    new: Any
    changed_by: str
    changed_at: datetime


@get("/admin/settings", opt=SETS_UP)
async def settings(request: AnyRequest) -> SettingsOut:
    """Every setting of one's business, with its bounds, its default and who changed it last."""
    async with begin(request) as (db, me):
        return await _read(db, me)


@put("/admin/settings", opt=SETS_UP)
async def change_settings(request: AnyRequest, data: JSONBody[SettingsIn]) -> SettingsOut:
    """Set some settings, all of them or none. They count at once."""
    async with begin(request) as (db, me):
        await setting_values.change(db, data.values, seen=data.version, by=me)
        return await _read(db, me)


@get("/admin/settings/history", opt=SETS_UP)
async def history(request: AnyRequest, before: int | None = None, key: str = "") -> list[ChangeOut]:
    """Who changed what and when, newest first; `before` is the version to go on from."""
    async with begin(request) as (db, me):
        return [
            ChangeOut(
                one.id, one.version, one.key, _plain(one.key, one.old), _plain(one.key, one.new), one.changed_by,
                one.created_at,
            )
            for one in await setting_values.history(db, me, before=before, key=key)
        ]  # fmt: skip


@post("/admin/settings/logo", opt=SETS_UP, status_code=200)
async def change_logo(
    request: AnyRequest,
    data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> SettingsOut:
    """A new logo: a picture in the field `logo`, and the `version` that was looked at."""
    async with glance(request) as (_db, me):
        tenant_id = premises.business_of(me)
    sent, seen = data.get("logo"), str(data.get("version", ""))
    if not isinstance(sent, UploadFile):
        raise Invalid({"logo": _("A logo is sent as a picture.")})
    if not (seen.isascii() and seen.isdigit() and len(seen) < 16):
        raise Invalid({"version": _("Please enter a whole number.")})
    kept, said = await branding.receive_logo(sent, by=me, tenant=tenant_id)
    async with kept_or_gone([kept], by=me, tenant=tenant_id), begin(request) as (db, me):
        await branding.keep_logo(db, kept, by=me)
        await setting_values.set_logo(db, said, seen=int(seen), by=me)
        return await _read(db, me)


async def _read(db: AsyncSession, me: Viewer) -> SettingsOut:
    tenant_id = premises.business_of(me)
    rules = await setting_values.rules_of(db, tenant_id)
    last = await setting_values.changed_last(db, tenant_id)
    version = await setting_values.version_of(db, tenant_id)
    return SettingsOut(version, [_one(one, rules.values, last) for one in SETTINGS.values()])


def _one(one: Setting, values: Mapping[str, Any], last: Mapping[str, tuple[str, datetime]]) -> SettingOut:
    who, at = last.get(one.key, ("", None))
    is_bounded = one.kind in ("number", "text", "long_text", "email", "url")
    return SettingOut(
        key=one.key, value=_plain(one.key, values[one.key]), default=one.default, type=one.kind,
        group=words._(GROUPS[one.group]), label=words._(one.label), description=words._(one.help) if one.help else "",
        unit=words._(one.unit) if one.unit else "", minimum=one.least if is_bounded else None,
        maximum=one.most if is_bounded else None, choices=list(one.choices()) if one.choices else None,
        permission=one.needs, updated_by=who, updated_at=at,
    )  # fmt: skip


def _plain(key: str, value: Any) -> Any:
    """A logo as an address that works for a while; everything else as it is."""
    return branding.logo_url(value) or None if key == "brand.logo" else value


router = Router("/", route_handlers=[settings, change_settings, history, change_logo], tags=["settings"])
