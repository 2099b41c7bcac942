"""What a business has set: read afresh where it counts, changed with a history, put back from it.

Nothing is kept in a process between two transactions, so that a change counts from its commit on in every web
process and every worker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, words
from app.core.db import new_id, take_turn
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.events import Event, record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network import premises
from app.domains.network.models import SettingChange, SystemSetting, Tenant
from app.domains.network.setting_table import SETTINGS, Setting, Unfit

PAGE = 50


class SettingsChanged(Event, frozen=True, kw_only=True):
    """A business has changed something of how it works or looks."""

    business_id: UUID
    keys: list[str]
    version: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of one business as they stand: every key has a value."""

    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def number(self, key: str) -> int:
        return int(self.values[key])


async def rules_of(db: AsyncSession, tenant_id: UUID) -> Rules:
    """What holds at a business now. Anyone may ask. Raises NotFound."""
    rows = await db.execute(
        select(Tenant.name, Tenant.locale, Tenant.currency, SystemSetting.key, SystemSetting.value)
        .outerjoin(SystemSetting, SystemSetting.tenant_id == Tenant.id)
        .where(Tenant.id == tenant_id)
    )
    found = rows.all()
    if not found:
        raise NotFound
    kept = {one.key: one.value for one in found}
    return Rules(
        {
            one.key: getattr(found[0], one.column) if one.column else kept.get(one.key, one.default)
            for one in SETTINGS.values()
        }
    )


async def version_of(db: AsyncSession, tenant_id: UUID) -> int:
    """How often a business has set something; what a form carries to notice that another was quicker."""
    newest = await db.scalar(
        select(func.max(SettingChange.version)).where(SettingChange.tenant_id == tenant_id)
    )
    return newest or 0


async def changed_last(db: AsyncSession, tenant_id: UUID) -> dict[str, tuple[str, datetime]]:
    """By whom and when each setting was changed last."""
    rows = await db.execute(
        select(SettingChange.key, SettingChange.changed_by, SettingChange.created_at)
        .where(SettingChange.tenant_id == tenant_id)
        .order_by(SettingChange.key, SettingChange.version.desc())
        .ext(distinct_on(SettingChange.key))
    )
    return {key: (who, at) for key, who, at in rows}


async def change(
    db: AsyncSession, given: Mapping[str, Any], *, seen: int, by: Viewer
) -> Sequence[SettingChange]:
    """Set some of the actor's business's settings, all or none; what is the same already is no change.

    `seen` is the version the actor looked at. Raises Invalid by key, Forbidden, and Refused with what changed when
    one of these settings was changed since.
    """
    accepted, wrong = sifted(given)
    if wrong:
        raise Invalid(wrong)
    wanted = {SETTINGS[key]: value for key, value in accepted.items()}
    return await _write(db, wanted, seen=seen, by=by)


def sifted(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What can be kept of what was given, and for the rest why not, by key."""
    accepted: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for key, raw in given.items():
        try:
            if key not in SETTINGS:
                raise Unfit(_("There is no such setting."))
            accepted[key] = SETTINGS[key].accepted(raw)
        except Unfit as unfit:
            wrong[key] = str(unfit)
    return accepted, wrong


async def set_logo(
    db: AsyncSession, logo: Mapping[str, Any] | None, *, seen: int, by: Viewer
) -> Sequence[SettingChange]:
    """A logo that `branding.receive_logo` has made, or none."""
    return await _write(
        db, {SETTINGS["brand.logo"]: dict(logo) if logo is not None else None}, seen=seen, by=by
    )


async def put_back(db: AsyncSession, change_id: UUID, *, seen: int, by: Viewer) -> SettingChange:
    """Set what one change has set back to what it was before. Raises NotFound, and whatever a change raises: what was
    fine then may not be fine now."""
    former = await db.scalar(
        select(SettingChange).where(SettingChange.tenant_id == by.tenant_id, SettingChange.id == change_id)
    )
    if former is None or former.key not in SETTINGS:
        raise NotFound
    one = SETTINGS[former.key]
    if one.kind == "logo":
        done = await set_logo(db, former.old, seen=seen, by=by)
    else:
        done = await change(db, {one.key: former.old}, seen=seen, by=by)
    if not done:
        raise Refused(_("%(setting)s is as it was already.", setting=words._(one.label)))
    return done[0]


async def history(
    db: AsyncSession, by: Viewer, *, before: int | None = None, key: str = "", limit: int = PAGE
) -> Sequence[SettingChange]:
    """Changes of the viewer's business, newest first; `before` is a version."""
    wanted = select(SettingChange).where(SettingChange.tenant_id == by.tenant_id)
    if before is not None:
        wanted = wanted.where(SettingChange.version < before)
    if key:
        wanted = wanted.where(SettingChange.key == key)
    return (await db.scalars(wanted.order_by(SettingChange.version.desc()).limit(limit))).all()


async def _write(
    db: AsyncSession, wanted: Mapping[Setting, Any], *, seen: int, by: Viewer
) -> Sequence[SettingChange]:
    if by.tenant_id is None:
        raise Forbidden("manage:center")
    if by.kind != "system":
        for one in wanted:
            if not by.can(one.needs):
                raise Forbidden(one.needs)
    # One writer a business at a time: versions follow one another, and a stale form is noticed.
    await take_turn(db, f"settings:{by.tenant_id}")
    rules = await rules_of(db, by.tenant_id)
    different = {one: value for one, value in wanted.items() if rules[one.key] != value}
    if not different:
        return []
    version = await version_of(db, by.tenant_id)
    await _refuse_stale(db, different, seen, version, by)
    await _refuse_currency(db, different, rules, by)
    done = [
        await _write_one(db, one, rules[one.key], value, version + place, by)
        for place, (one, value) in enumerate(different.items(), 1)
    ]
    await db.flush()
    event = SettingsChanged(
        business_id=by.tenant_id, keys=[one.key for one in different], version=version + len(done)
    )
    await record(db, event, by=by, subject=by.tenant_id)
    return done


async def _write_one(
    db: AsyncSession, one: Setting, old: Any, new: Any, version: int, by: Viewer
) -> SettingChange:
    if one.column:
        tenant = await db.get_one(Tenant, by.tenant_id)
        setattr(tenant, one.column, new)
    else:
        row = await db.scalar(
            select(SystemSetting).where(SystemSetting.tenant_id == by.tenant_id, SystemSetting.key == one.key)
        )
        if row is None:
            row = SystemSetting(id=new_id(), tenant_id=by.tenant_id, key=one.key)
            db.add(row)
        row.value, row.updated_by_id, row.updated_at = new, by.user_id, clock.now()
    change = SettingChange(
        id=new_id(), tenant_id=by.tenant_id, version=version, key=one.key, old=old, new=new,
        changed_by_id=by.user_id, changed_by=by.name,
    )  # fmt: skip
    db.add(change)
    return change


async def _refuse_stale(
    db: AsyncSession, different: Mapping[Setting, Any], seen: int, version: int, by: Viewer
) -> None:
    """Two people may change different things at once; of two who change the same thing, one is told."""
    if seen >= version:
        return
    since = await db.scalars(
        select(SettingChange)
        .where(
            SettingChange.tenant_id == by.tenant_id,
            SettingChange.version > seen,
            SettingChange.key.in_([one.key for one in different]),
        )
        .order_by(SettingChange.version)
    )
    newest = {one.key: one for one in since}
    if not newest:
        return
    told = [
        _(
            "%(setting)s, by %(name)s",
            setting=words._(SETTINGS[key].label),
            name=one.changed_by or "Torqueline",
        )
        for key, one in newest.items()
    ]
    raise Refused(
        _("Changed meanwhile: %(what)s. Please look at it again.", what="; ".join(told)),
        data={
            "version": version,
            "changed": [
                {"key": one.key, "old": one.old, "new": one.new, "by": one.changed_by, "at": one.created_at}
                for one in newest.values()
            ],
        },
        audit="settings.stale",
    )


async def _refuse_currency(
    db: AsyncSession, different: Mapping[Setting, Any], rules: Rules, by: Viewer
) -> None:
    if SETTINGS["formats.currency"] in different and by.tenant_id is not None:
        await premises.refuse_new_currency(
            db, rules["formats.currency"], by.tenant_id, key="formats.currency"
        )
