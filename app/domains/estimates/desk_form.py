"""The desk's form: the lines of every open job and the terms. What stands on the screen is saved as a whole."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound, Refused
from app.core.forms import read
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.estimates.lines_form import Row, mark, read_rows, save_rows
from app.domains.estimates.models import Estimate
from app.domains.estimates.writing import check_draft, revise
from app.domains.workshop.models import Job

LONGEST_TITLE = 160


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A draft's message and validity."""

    valid_until: date
    revision: int
    message: Annotated[str, Meta(max_length=4000)] = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the job somebody looked at."""

    version: int


def jobs_in(form: Mapping[str, Any]) -> list[UUID]:
    """The jobs that stand on the form, in its order."""
    found = (as_uuid(name[:36]) for name in form if name[36:37] == "-")
    return list(dict.fromkeys(job_id for job_id in found if job_id))


def part_of(form: Mapping[str, Any], job_id: UUID) -> dict[str, str]:
    """The fields of one job, without the job's id that each of their names begins with."""
    start = f"{job_id}-"
    return {name.removeprefix(start): str(said) for name, said in form.items() if name.startswith(start)}


def mark_of_terms(valid_until: str, message: str) -> str:
    """How the terms were shown."""
    return mark((valid_until, message))


def has_terms(form: Mapping[str, Any]) -> bool:
    """Whether somebody has changed the terms since they were shown."""
    now = mark_of_terms(str(form.get("valid_until", "")), str(form.get("message", "")))
    return "revision" in form and now != form.get("terms_were")


def is_renamed(typed: Mapping[str, str]) -> bool:
    """Whether somebody has changed a job's name since it was shown, with the blanks it had."""
    return "title" in typed and mark((typed["title"],)) != typed.get("title_was")


def new_title(typed: Mapping[str, str]) -> str | None:
    """The other name somebody has given a job; None when it is as it was shown. Raises Invalid."""
    if not is_renamed(typed):
        return None
    title = " ".join(typed["title"].replace("\x00", "").split())
    if not title:
        raise Invalid({"title": _("Give the job a name.")})
    if len(title) > LONGEST_TITLE:
        raise Invalid({"title": _("Keep it under %(most)s characters.", most=LONGEST_TITLE)})
    return title


async def save(
    db: AsyncSession,
    estimate: Estimate,
    form: Mapping[str, Any],
    *,
    by: Viewer,
    without: UUID | None = None,
) -> None:
    """Store what was changed on the form, but not the lines of the job `without`, which is about to go.

    Raises Invalid with a message for every field that cannot be, Refused when it was sent or what was changed
    has changed meanwhile; then nothing is stored.
    """
    errors: dict[str, str] = {}
    parts: list[tuple[UUID, int, str | None, list[Row]]] = []
    terms: Terms | None = None
    for job_id in jobs_in(form):
        typed = part_of(form, job_id)
        try:
            if job_id != without:
                title = new_title(typed)
                parts.append((job_id, read(Seen, typed).version, title, read_rows(typed, estimate.currency)))
        except Invalid as wrong:
            errors |= {f"{job_id}-{name}": words for name, words in wrong.errors.items()}
            if errors.pop(f"{job_id}-version", ""):  # no field anybody sees
                errors[""] = await _in_part(db, by, estimate, job_id)
    try:
        terms = read(Terms, form) if has_terms(form) else None
    except Invalid as wrong:
        errors |= wrong.errors
    if errors:
        raise Invalid(errors)
    check_draft(estimate, None)
    if terms:
        await revise(db, estimate, **msgspec.structs.asdict(terms), by=by)
    for job_id, version, title, rows in parts:
        if title is not None or any(row.is_touched for row in rows):
            try:
                job = await job_of(db, by, estimate, job_id)
            except NotFound:
                words = _("A job of this estimate was taken off meanwhile.")
                raise Refused(words, audit="job.stale") from None
            if title is not None:
                same = {name: getattr(job, name) for name in ("complaint", "cause", "skill")}
                await workshop.rename_job(db, job, title=title, **same, by=by, version=version)
            lines = (await workshop.lines_of(db, [job]))[job.id]
            # The first change has checked the version and holds the order.
            await save_rows(db, job, lines, rows, version=version if title is None else None, by=by)


async def _in_part(db: AsyncSession, me: Viewer, estimate: Estimate, job_id: UUID) -> str:
    try:
        title = (await job_of(db, me, estimate, job_id)).title
    except NotFound:
        return _("The lines of a job came in part. Please look at them again and save once more.")
    return _("The lines of “%(job)s” came in part. Please look at them again and save once more.", job=title)


FIELD = re.compile(r"(?P<job>[0-9a-f-]{36})-(?P<name>[a-z_]+)-(?P<row>\d+)")


def with_places(errors: Mapping[str, str], titles: Mapping[UUID, str]) -> dict[str, str]:
    """The same errors for a list at the head of the page, where each says which line of which job it is about."""
    told = {}
    for name, words in errors.items():
        place = FIELD.fullmatch(name)
        title = titles.get(UUID(place["job"])) if place else None
        told[name] = (
            _("%(words)s (“%(job)s”, line %(count)s)", job=title, count=int(place["row"]) + 1, words=words)
            if place and title
            else words
        )
    return told


async def job_of(db: AsyncSession, me: Viewer, estimate: Estimate, job_id: UUID) -> Job:
    """A job of the estimate's order. Raises NotFound."""
    job, order = await workshop.find_job(db, me, job_id)
    if order.id != estimate.order_id:
        raise NotFound
    return job
