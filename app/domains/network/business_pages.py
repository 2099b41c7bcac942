"""The owner's settings of the whole business: a page a group, what changed, and the way back."""

from typing import Any
from uuid import UUID

from jinja2 import pass_context
from jinja2.runtime import Context
from litestar import Request, Response, Router, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import words
from app.core.errors import Invalid, Refused
from app.core.files import Kept, kept_or_gone
from app.core.forms import values_of
from app.core.modules import PREFIX
from app.core.render import page, see_other, template_global
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.network import branding, premises, setting_values
from app.domains.network.models import SettingChange
from app.domains.network.said import is_workshop
from app.domains.network.setting_table import GROUPS, SETTINGS, Setting, of_group

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")
HERE = "/settings/business"
FIRST = "identity"
PATHS = [HERE, *(f"{HERE}/{group}" for group in GROUPS if group != FIRST)]


def _group(request: AnyRequest) -> str:
    last = request.url.path.rstrip("/").rsplit("/", 1)[-1]
    return last if last in GROUPS else FIRST


def path_of(group: str) -> str:
    """The page of a group."""
    return HERE if group == FIRST else f"{HERE}/{group}"


WORKSHOPS_OWN = frozenset(
    f"{PREFIX}{one}" for one in ("online_booking", "phone_booking", "inspections", "reminders")
)
"""What a business that sells parts has no use for."""


@template_global
@pass_context
def business_tabs(context: Context) -> list[tuple[str, str, str]]:
    """The pages of a business's settings; whoever sells parts writes no estimates and no repair bills."""
    without = "" if is_workshop(context) else "terms"
    groups = [(group, words._(label), path_of(group)) for group, label in GROUPS.items() if group != without]
    return [*groups, ("history", _("History"), f"{HERE}/history")]


@template_global
def setting_said(key: str, value: Any) -> str:
    """A value as it is read in the history."""
    one = SETTINGS.get(key)
    if one is None or (value in (None, "") and one.kind != "number"):
        return _("nothing") if value in (None, "") else str(value)
    if one.kind == "switch":
        return _("on") if value else _("off")
    if one.kind == "logo":
        return _("a picture")
    if one.kind == "choice" and one.choices is not None:
        return one.choices().get(value, str(value))
    return f"{value} {words._(one.unit)}" if one.unit else str(value)


@template_global
def setting_label(key: str) -> str:
    """A setting's name."""
    return words._(SETTINGS[key].label) if key in SETTINGS else key


@get(PATHS, opt=SETS_UP)
async def settings_page(request: AnyRequest) -> Response[Any]:
    return await _show(request)


async def _show(
    request: AnyRequest,
    *,
    status: int = 200,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    meanwhile: str = "",
) -> Response[Any]:
    group = _group(request)
    async with begin(request) as (db, me):
        tenant_id = premises.business_of(me)
        rules = await setting_values.rules_of(db, tenant_id)
        shown = dict(rules.values) | (_as_typed(group, typed) if typed is not None else {})
        fine, _wrong = setting_values.sifted(
            {one.key: shown[one.key] for one in of_group(group) if one.kind != "logo"}
        )
        shown_here = [
            one for one in of_group(group) if not me.can("sell:parts") or one.key not in WORKSHOPS_OWN
        ]
        return page(
            request, me, "network/business.html", status=status, group=group, settings=shown_here,
            values=shown, version=await setting_values.version_of(db, tenant_id), errors=errors or {}, meanwhile=meanwhile,
            last=await setting_values.changed_last(db, tenant_id), action=path_of(group),
            look=branding.brand_from(setting_values.Rules({**rules.values, **fine})),
            is_preview=typed is not None,
        )  # fmt: skip


def _as_typed(group: str, typed: dict[str, Any]) -> dict[str, Any]:
    return {
        one.key: typed.get(one.key) == "yes" if one.kind == "switch" else typed.get(one.key, "")
        for one in of_group(group)
        if one.kind != "logo"
    }


def _version(form: FormMultiDict) -> int:
    text = str(form.get("version", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@post(PATHS, opt=SETS_UP, status_code=303)
async def change_settings(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    group = _group(request)
    if form.get("preview"):
        _fine, wrong = setting_values.sifted(_given(form, of_group(group)))
        return await _show(request, status=422 if wrong else 200, typed=values_of(form), errors=wrong)
    try:
        async with glance(request) as (_db, me):
            tenant_id = premises.business_of(me)
        logo = await _logo_of(form, me, tenant_id) if group == "look" else None
        received = [logo[0]] if logo else []
        async with kept_or_gone(received, by=me, tenant=tenant_id), begin(request) as (db, me):
            await _set(db, me, form, of_group(group), logo)
            return see_other(request, path_of(group), flash=_("Saved. It counts from now on, everywhere."))
    except Invalid as wrong:
        return await _show(request, status=422, typed=values_of(form), errors=wrong.errors)
    except Refused as refused:
        if not refused.is_stale:
            raise
        return await _show(request, status=409, typed=values_of(form), meanwhile=_meanwhile(refused))


def _meanwhile(refused: Refused) -> str:
    """What was changed, by whom, and what stands there now beside what was typed."""
    now = [
        _(
            "%(setting)s is now: %(value)s.",
            setting=setting_label(one["key"]),
            value=setting_said(one["key"], one["new"]),
        )
        for one in refused.data["changed"]
    ]
    return " ".join([refused.words, *now])


async def _logo_of(form: FormMultiDict, me: Viewer, tenant_id: UUID) -> tuple[Kept, dict[str, Any]] | None:
    sent = form.get("brand.logo")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return None
    return await branding.receive_logo(sent, by=me, tenant=tenant_id)


def _given(form: FormMultiDict, settings: list[Setting]) -> dict[str, str]:
    """What the form says of what it showed: an empty box is off only where there was a box, and a page that was
    opened before the last release knows nothing of what came with it."""
    shown = {str(one) for one in form.getall("shown", [])}
    return {
        one.key: str(form.get(one.key, "")) for one in settings if one.kind != "logo" and one.key in shown
    }


async def _set(
    db: AsyncSession,
    me: Viewer,
    form: FormMultiDict,
    settings: list[Setting],
    logo: tuple[Kept, dict[str, Any]] | None,
) -> None:
    seen = _version(form)
    await setting_values.change(db, _given(form, settings), seen=seen, by=me)
    if logo is not None:
        kept, said = logo
        await branding.keep_logo(db, kept, by=me)
        await setting_values.set_logo(db, said, seen=seen, by=me)
    elif form.get("no_logo") == "yes":
        await setting_values.set_logo(db, None, seen=seen, by=me)


@get(f"{HERE}/history", opt=SETS_UP)
async def history_page(request: AnyRequest, before: int | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        tenant_id = premises.business_of(me)
        rules = await setting_values.rules_of(db, tenant_id)
        changes = await setting_values.history(db, me, before=before)
        center = await premises.clock_center(db, me)
        return page(
            request, me, "network/business_history.html", changes=changes, pictures=_pictures(changes),
            zone=center.zone if center else me.zone, more=len(changes) == setting_values.PAGE,
            version=await setting_values.version_of(db, tenant_id), now=rules.values,
        )  # fmt: skip


def _pictures(changes: Any) -> dict[tuple[UUID, str], str]:
    """Addresses of the logos before and after."""
    found: dict[tuple[UUID, str], str] = {}
    one: SettingChange
    for one in changes:
        if one.key == "brand.logo":
            found[one.id, "old"], found[one.id, "new"] = (
                branding.logo_url(one.old),
                branding.logo_url(one.new),
            )
    return found


@post(f"{HERE}/history/{{setting_change_id:uuid}}/return", opt=SETS_UP, status_code=303)
async def put_back(request: AnyRequest, setting_change_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            done = await setting_values.put_back(db, setting_change_id, seen=_version(form), by=me)
            said = _("%(setting)s is again: %(value)s.")
            said = said % {"setting": setting_label(done.key), "value": setting_said(done.key, done.new)}
            return see_other(request, f"{HERE}/history", flash=said)
    except Invalid as wrong:
        raise Refused(" ".join(wrong.errors.values()), status=422) from wrong


router = Router("/", route_handlers=[settings_page, change_settings, history_page, put_back])
