"""The owner's page of each mail to customers: its words, what it will look like, who changed it, and the way back."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import words
from app.core.errors import Invalid, Refused
from app.core.forms import read
from app.core.one_time import REPEATABLE
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.network import premises
from app.domains.notifications import mail_table, own_words, previewing
from app.domains.notifications.pages import MAIL_POLICY

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")
HERE = "/settings/mails"
ONE = f"{HERE}/{{letter:str}}/{{language:str}}"


class WordsForm(msgspec.Struct):
    """What was typed: whatever is wrong with it is said beside its field."""

    subject: str = ""
    text: str = ""
    version: int = 0


class ReturnForm(msgspec.Struct):
    """The earlier change to return to; without one, our words."""

    version: int = 0
    mail_words_id: UUID | None = None


@get(HERE, opt=SETS_UP)
async def list_mails(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        tenant_id = premises.business_of(me)
        return page(
            request, me, "notifications/mails.html", groups=mail_table.GROUPS, of_group=mail_table.of_group,
            in_force=await own_words.all_in_force(db, tenant_id), languages=words.languages(),
        )  # fmt: skip


@get(ONE, opt=SETS_UP)
async def show_mail(request: AnyRequest, letter: FromPath[str], language: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        return await _show(request, db, me, letter, language)


@post(ONE, opt=SETS_UP, status_code=303)
async def change_mail(request: AnyRequest, letter: FromPath[str], language: FromPath[str]) -> Response[Any]:
    form = await request.form()
    typed, errors, meanwhile = read(WordsForm, form), {}, ""
    try:
        async with begin(request) as (db, me):
            mail = own_words.find(letter, language)
            await own_words.change(
                db, mail, language, subject=typed.subject, text=typed.text, seen=typed.version, by=me
            )
            said = _("Saved. “%(mail)s” leaves with these words from now on.", mail=_(mail.label))
            return see_other(request, _path(letter, language), flash=said)
    except Invalid as wrong:
        errors = wrong.errors
    except Refused as refused:
        if not refused.is_stale:
            raise
        meanwhile = refused.words
    async with begin(request) as (db, me):
        return await _show(request, db, me, letter, language, typed=typed, errors=errors, meanwhile=meanwhile)


@post(f"{ONE}/preview", opt=SETS_UP | REPEATABLE, status_code=200)
async def preview_mail(request: AnyRequest, letter: FromPath[str], language: FromPath[str]) -> Response[Any]:
    """The page with what was typed as it would arrive. Nothing is kept."""
    typed = read(WordsForm, await request.form())
    async with begin(request) as (db, me):
        mail = own_words.find(letter, language)
        return await _show(
            request,
            db,
            me,
            letter,
            language,
            typed=typed,
            errors=previewing.faults(mail, typed.subject, typed.text),
        )


@post(f"{ONE}/preview/html", opt=SETS_UP | REPEATABLE, status_code=200)
async def preview_html(request: AnyRequest, letter: FromPath[str], language: FromPath[str]) -> Response[Any]:
    """The HTML part by itself, as a mail program shows it."""
    typed = read(WordsForm, await request.form())
    async with begin(request) as (db, me):
        mail = own_words.find(letter, language)
        if errors := previewing.faults(mail, typed.subject, typed.text):
            return await _show(request, db, me, letter, language, typed=typed, errors=errors)
        parts = await previewing.preview(db, me, mail, language, typed.subject, typed.text)
        headers = {"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"}
        return Response(parts["html"], media_type="text/html; charset=utf-8", headers=headers)


@post(f"{ONE}/return", opt=SETS_UP, status_code=303)
async def restore(request: AnyRequest, letter: FromPath[str], language: FromPath[str]) -> Response[Any]:
    form = read(ReturnForm, await request.form())
    try:
        async with begin(request) as (db, me):
            mail = own_words.find(letter, language)
            await own_words.restore(db, mail, language, seen=form.version, by=me, to=form.mail_words_id)
            said = _("“%(mail)s” leaves with the earlier words again.", mail=_(mail.label))
            return see_other(request, _path(letter, language), flash=said)
    except Invalid as wrong:
        raise Refused(" ".join(wrong.errors.values()), status=422) from wrong


def _path(letter: str, language: str) -> str:
    return f"{HERE}/{letter}/{language}"


async def _show(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    letter: str,
    language: str,
    *,
    typed: WordsForm | None = None,
    errors: dict[str, str] | None = None,
    meanwhile: str = "",
) -> Response[Any]:
    mail = own_words.find(letter, language)
    tenant_id = premises.business_of(me)
    held = await own_words.in_force(db, tenant_id, mail, language)
    shown = (typed.subject, typed.text) if typed else (held.subject, held.text)
    seen_as = (held.subject, held.text) if errors else shown
    center = await premises.clock_center(db, me)
    return page(
        request, me, "notifications/mail_words.html", status=409 if meanwhile else 422 if errors else 200,
        mail=mail, letter=letter, language=language, languages=words.languages(), held=held, shown=shown,
        errors=errors or {}, meanwhile=meanwhile, is_typed=typed is not None and not errors,
        placeholders=mail_table.allowed(mail), path=_path(letter, language), zone=center.zone if center else me.zone,
        preview=await previewing.preview(db, me, mail, language, *seen_as),
        history=await own_words.history(db, me, mail, language),
    )  # fmt: skip


router = Router("/", route_handlers=[list_mails, show_mail, change_mail, preview_mail, preview_html, restore])
