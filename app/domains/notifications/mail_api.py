"""The words of mails to customers as JSON."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from app.core import words
from app.core.one_time import REPEATABLE
from app.core.visit import begin, needs
from app.domains.network import premises
from app.domains.notifications import mail_table, own_words, previewing
from app.domains.notifications.mail_table import MAILS, CustomerMail
from app.domains.notifications.own_words import Words

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")
Version = Annotated[int, Meta(ge=0, le=2**53)]
ONE = "/admin/mails/{letter:str}/{language:str}"


class WordsOut(msgspec.Struct):
    """One mail in one language: the words that hold, and what may stand in them between braces."""

    mail: str
    language: str
    label: str
    sent: str
    subject: str
    text: str
    is_default: bool
    placeholders: dict[str, str]
    needs_link: bool
    version: int
    changed_by: str
    changed_at: datetime | None


class TextIn(msgspec.Struct, forbid_unknown_fields=True):
    subject: str
    text: str


class WordsIn(TextIn, forbid_unknown_fields=True):
    """New words, and the version that was looked at: a change made since is answered 409."""

    version: Version


class ReturnIn(msgspec.Struct, forbid_unknown_fields=True):
    version: Version


class PreviewOut(msgspec.Struct):
    subject: str
    text: str
    html: str


def _out(mail: CustomerMail, language: str, said: Words) -> WordsOut:
    return WordsOut(
        mail=mail.name, language=language, label=words._(mail.label), sent=words._(mail.leaves), subject=said.subject,
        text=said.text, is_default=said.is_ours, needs_link=mail.needs_link, version=said.version,
        placeholders={name: words._(stands_for) for name, stands_for in mail_table.allowed(mail).items()},
        changed_by=said.changed_by, changed_at=said.changed_at,
    )  # fmt: skip


@get("/admin/mails", opt=SETS_UP)
async def list_mails(request: AnyRequest) -> list[WordsOut]:
    """Every mail to customers in every language, with the words that hold."""
    async with begin(request) as (db, me):
        found = await own_words.all_in_force(db, premises.business_of(me))
        return [_out(MAILS[name], language, said) for (name, language), said in found.items()]


@put(ONE, opt=SETS_UP)
async def change_mail(
    request: AnyRequest, letter: FromPath[str], language: FromPath[str], data: JSONBody[WordsIn]
) -> WordsOut:
    """Word a mail otherwise. It counts for the next one that is written."""
    async with begin(request) as (db, me):
        mail = own_words.find(letter, language)
        said = await own_words.change(
            db, mail, language, subject=data.subject, text=data.text, seen=data.version, by=me
        )
        return _out(mail, language, said)


@post(f"{ONE}/return", opt=SETS_UP, status_code=200)
async def restore(
    request: AnyRequest, letter: FromPath[str], language: FromPath[str], data: JSONBody[ReturnIn]
) -> WordsOut:
    """Return to the default words."""
    async with begin(request) as (db, me):
        mail = own_words.find(letter, language)
        return _out(mail, language, await own_words.restore(db, mail, language, seen=data.version, by=me))


@post(f"{ONE}/preview", opt=SETS_UP | REPEATABLE, status_code=200)
async def preview_mail(
    request: AnyRequest, letter: FromPath[str], language: FromPath[str], data: JSONBody[TextIn]
) -> PreviewOut:
    """A mail with these words and made-up facts. Nothing is kept and nothing is sent."""
    async with begin(request) as (db, me):
        mail = own_words.find(letter, language)
        return PreviewOut(**await previewing.preview(db, me, mail, language, data.subject, data.text))


router = Router(
    "/", tags=["Mails to customers"], route_handlers=[list_mails, change_mail, restore, preview_mail]
)
