"""A shop's own words for its mails: read afresh when one is written, changed with a history, ours restored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from babel.core import negotiate_locale
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, words
from app.core.db import new_id, take_turn
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains.notifications.events import MailWordsChanged
from app.domains.notifications.mail_table import MAILS, CustomerMail
from app.domains.notifications.models import MailWords
from app.domains.notifications.wording import accepted

PAGE = 20


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one mail in one language, as they hold."""

    subject: str
    text: str
    is_ours: bool = True
    version: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None


def language_of(locale: str) -> str:
    """Whose words somebody reads: a reader of en_GB reads those of en, and one whose language we have no words of
    reads English, as everywhere."""
    return negotiate_locale([locale], words.languages(), sep="_") or "en"


def ours(mail: CustomerMail, language: str) -> Words:
    """The words of the product."""
    with speaking(language):
        return Words(subject=_(mail.subject), text=_(mail.text))


def find(name: str, language: str) -> CustomerMail:
    """A mail that can be worded in a language. Raises NotFound."""
    if name not in MAILS or language not in words.languages():
        raise NotFound
    return MAILS[name]


async def in_force(db: AsyncSession, tenant_id: UUID, mail: CustomerMail, language: str) -> Words:
    """The words that hold now. What no longer passes the checks (a release took a placeholder away) gives way to ours."""
    newest = await db.scalar(
        select(MailWords)
        .where(MailWords.tenant_id == tenant_id, MailWords.mail == mail.name, MailWords.language == language)
        .order_by(MailWords.version.desc())
        .limit(1)
    )
    return _words(mail, language, newest)


async def all_in_force(db: AsyncSession, tenant_id: UUID) -> Mapping[tuple[str, str], Words]:
    """By mail and language, every mail in every language."""
    rows = await db.scalars(
        select(MailWords)
        .where(MailWords.tenant_id == tenant_id)
        .order_by(MailWords.mail, MailWords.language, MailWords.version.desc())
        .ext(distinct_on(MailWords.mail, MailWords.language))
    )
    newest = {(one.mail, one.language): one for one in rows}
    return {
        (mail.name, language): _words(mail, language, newest.get((mail.name, language)))
        for mail in MAILS.values()
        for language in words.languages()
    }


def _words(mail: CustomerMail, language: str, row: MailWords | None) -> Words:
    said = ours(mail, language)
    if row is None:
        return said
    if not row.is_ours and not accepted(mail, row.subject, row.text)[2]:
        said = Words(subject=row.subject, text=row.text, is_ours=False)
    return msgspec.structs.replace(
        said, version=row.version, changed_by=row.changed_by, changed_at=row.created_at
    )


async def history(db: AsyncSession, by: Viewer, mail: CustomerMail, language: str) -> Sequence[MailWords]:
    """What the viewer's business has said in this mail, newest first."""
    rows = await db.scalars(
        select(MailWords)
        .where(
            MailWords.tenant_id == by.tenant_id, MailWords.mail == mail.name, MailWords.language == language
        )
        .order_by(MailWords.version.desc())
        .limit(PAGE)
    )
    return rows.all()


async def change(
    db: AsyncSession, mail: CustomerMail, language: str, *, subject: str, text: str, seen: int, by: Viewer
) -> Words:
    """Word a mail otherwise. The words that hold already are no change, and ours are no words of the shop.

    `seen` is the version the actor looked at. Raises Invalid by field, Forbidden, and Refused when somebody else was
    quicker.
    """
    subject, text, wrong = accepted(mail, subject, text)
    if wrong:
        raise Invalid(wrong)
    own = ours(mail, language)
    if (subject, text) == (own.subject, own.text):
        subject = text = ""
    return await _write(db, mail, language, subject, text, seen=seen, by=by)


async def restore(
    db: AsyncSession, mail: CustomerMail, language: str, *, seen: int, by: Viewer, to: UUID | None = None
) -> Words:
    """Return to the product's words, or to those of an earlier change. Raises NotFound and what a change raises: what
    was fine then may not be fine now."""
    if to is None:
        return await _write(db, mail, language, "", "", seen=seen, by=by)
    former = await db.scalar(
        select(MailWords).where(
            MailWords.tenant_id == by.tenant_id, MailWords.id == to, MailWords.mail == mail.name,
            MailWords.language == language,
        )
    )  # fmt: skip
    if former is None:
        raise NotFound
    if former.is_ours:
        return await _write(db, mail, language, "", "", seen=seen, by=by)
    return await change(db, mail, language, subject=former.subject, text=former.text, seen=seen, by=by)


async def _write(
    db: AsyncSession, mail: CustomerMail, language: str, subject: str, text_: str, *, seen: int, by: Viewer
) -> Words:
    tenant_id = by.tenant_id
    if tenant_id is None or not by.can("manage:center"):
        raise Forbidden("manage:center")
    # One writer at a time, so that versions follow one another and a stale form is noticed.
    await take_turn(db, f"mail-words:{tenant_id}:{mail.name}:{language}")
    now = await in_force(db, tenant_id, mail, language)
    if (now.is_ours and not subject) or (not now.is_ours and (now.subject, now.text) == (subject, text_)):
        return now
    if seen < now.version:
        raise Refused(
            _(
                "%(name)s has changed this mail meanwhile. Please look at it again.",
                name=now.changed_by or "Torqueline",
            ),
            data={"version": now.version, "subject": now.subject, "text": now.text},
            audit="mail_words.stale",
        )
    row = MailWords(
        id=new_id(), tenant_id=tenant_id, mail=mail.name, language=language, version=now.version + 1,
        subject=subject, text=text_, changed_by_id=by.user_id, changed_by=by.name, created_at=clock.now(),
    )  # fmt: skip
    db.add(row)
    await db.flush()
    event = MailWordsChanged(business_id=tenant_id, mail=mail.name, language=language, version=row.version)
    await record(db, event, by=by, subject=tenant_id)
    return _words(mail, language, row)
