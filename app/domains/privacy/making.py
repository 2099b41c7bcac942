"""Making a copy: the worker writes a zip on its disk, row by row, and puts it into the storage when it is whole.

A worker may be killed at any moment. Each run signs its claim on the row and shows signs of life there; when these
stop, the cron hands the copy to another run, which begins anew under the same key. The run that was given up on
notices that the claim is no longer its own and stops.
"""

import asyncio
import contextlib
import tempfile
import time
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import IO, Any, cast
from uuid import UUID

import msgspec
import structlog
from markupsafe import Markup
from sqlalchemy import or_, select, text, update

from app.core import clock, sealing
from app.core.db import new_id, transaction
from app.core.events import Event, Heard, record
from app.core.files import storage
from app.core.personal import Paper, Records, declared
from app.core.queue import cron, enqueue, for_each, task
from app.core.relay import outside_transaction
from app.core.render import render
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains.accounts import User
from app.domains.privacy.events import ExportAsked, ExportEnded, ExportFailed, ExportMoved, ExportReady
from app.domains.privacy.exporting import KEPT
from app.domains.privacy.models import COPY_SEAL, IN_THE_MAKING, Export
from app.gateways.storage import FileMissing

log = structlog.get_logger()

SILENCE = timedelta(minutes=2)
"""After this without a sign of life a run has been killed."""
TRIES = 5
ROWS = 200
"""Rows in memory at a time."""
SECONDS_BETWEEN_SIGNS = 1.0


class Overtaken(Exception):
    """Another run has this copy now."""


@outside_transaction
async def begin_making(heard: Heard[ExportAsked]) -> None:
    """Reaction: hand the copy to the queue, where it may take its time."""
    await _hand_out(heard.event.export_id, heard.event.user_id)


async def _hand_out(export_id: UUID, person: UUID) -> None:
    # A killed job keeps its key in the queue until its time-out, an hour: what follows it needs one of its own. Two
    # jobs at once do no harm, for one of them finds the copy claimed.
    key = f"export:{export_id}:{clock.now():%Y%m%d%H%M}"
    await enqueue("privacy.making.make", key=key, export_id=str(export_id), person=str(person))


@cron("* * * * *")
async def look_after_copies() -> None:
    """Every minute: begin anew what a killed worker left, and take away what has been kept its week."""
    now = clock.now()
    async with transaction() as db:
        found = await db.execute(
            text("SELECT id, user_id FROM exports_to_look_after(:now, :silent_since)"),
            {"now": now, "silent_since": now - SILENCE},
        )
        waiting = [(row.id, row.user_id) for row in found]
    await for_each(waiting, lambda one: _look_after(*one))


async def _look_after(export_id: UUID, person: UUID) -> None:
    async with transaction(user=person) as db:
        export = await db.scalar(select(Export).where(Export.id == export_id))
    if export is None:
        return
    if export.is_in_the_making and export.tries < TRIES:
        await _hand_out(export_id, person)
        return
    await storage().delete(export.key)  # gone already is fine: this may be cut short here
    async with transaction(user=person) as db:
        held = await db.scalar(select(Export).where(Export.id == export_id).with_for_update())
        if held is None or held.run != export.run:
            return
        if held.is_in_the_making:
            held.status, held.run, held.expires_at = "failed", None, clock.now() + KEPT
            await _told(db, ExportFailed(export_id=export_id, user_id=person))
        else:
            await db.delete(held)
            await _told(db, ExportEnded(export_id=export_id, user_id=person))


@task(retries=1, timeout=3600)
async def make(export_id: str, person: str) -> None:
    """Make one copy. What goes wrong is tried again by the cron, which counts."""
    run = await _claim(UUID(export_id), UUID(person))
    if run is None:
        return
    try:
        with tempfile.TemporaryFile() as draft, tempfile.TemporaryFile() as sealed:
            await _write(run, draft)
            size = draft.seek(0, 2)
            draft.seek(0)
            await asyncio.to_thread(sealing.seal_file, run.opens_with, cast(Any, draft), cast(Any, sealed))
            sealed.seek(0)
            await run.check()
            await storage().put(run.key, cast(Any, sealed), media_type="application/octet-stream")
        await run.finish(size)
    except Overtaken:
        log.info("export.overtaken", export_id=export_id)


class Run:
    """One worker's claim on a copy."""

    def __init__(self, export: Export, user: User, opens_with: str) -> None:
        self.export_id, self.person, self.key = export.id, export.user_id, export.key
        self.id, self.locale = cast(UUID, export.run), user.locale
        self.name, self.zone = user.name, user.zone
        self.opens_with = opens_with
        self.done = self.total = 0
        self._signed_at = 0.0

    async def alive(self, *, step: int = 0) -> None:
        """Some more is in it; says so at most once a second. Raises Overtaken."""
        self.done += step
        if time.monotonic() - self._signed_at >= SECONDS_BETWEEN_SIGNS:
            await self.check(moved=bool(step))

    async def check(self, *, moved: bool = False) -> None:
        """Show a sign of life, and make sure that the claim still stands. Raises Overtaken."""
        async with transaction(user=self.person) as db:
            await self._note(db, worked_at=clock.now(), done=self.done, total=self.total)
            if moved:
                event = ExportMoved(
                    export_id=self.export_id, user_id=self.person, done=self.done, total=self.total
                )
                await _told(db, event)
        self._signed_at = time.monotonic()

    async def finish(self, size: int) -> None:
        """It is in the storage. Raises Overtaken."""
        async with transaction(user=self.person) as db:
            now = clock.now()
            await self._note(
                db, status="ready", run=None, size=size, done=self.total, total=self.total,
                ready_at=now, expires_at=now + KEPT,
            )  # fmt: skip
            await _told(db, ExportReady(export_id=self.export_id, user_id=self.person))

    async def _note(self, db: Any, **values: Any) -> None:
        mine = update(Export).where(Export.id == self.export_id, Export.run == self.id)
        if not (await db.execute(mine.values(**values))).rowcount:
            raise Overtaken


async def _claim(export_id: UUID, person: UUID) -> Run | None:
    """Sign for the copy, unless somebody is at work on it or it is finished."""
    now = clock.now()
    async with transaction(user=person) as db:
        export = await db.scalar(
            update(Export)
            .where(
                Export.id == export_id,
                Export.status.in_(IN_THE_MAKING),
                Export.tries < TRIES,
                or_(Export.worked_at.is_(None), Export.worked_at < now - SILENCE),
            )
            .values(
                status="running",
                run=new_id(),
                tries=Export.tries + 1,
                worked_at=now,
                done=0,
                total=0,
            )
            .returning(Export)
        )
        user = await db.get(User, person)
        return Run(export, user, _key_of(export)) if export and user else None


def _key_of(export: Export) -> str:
    """The key the copy is sealed with: the same in each run, unless its seal is of a SECRET_KEY that is lost."""
    try:
        return sealing.unseal(COPY_SEAL, export.sealing_key or b"")
    except ValueError:
        key = sealing.new_key()
        export.sealing_key = sealing.seal(COPY_SEAL, key)
        return key


async def _told(db: Any, event: Event) -> None:
    person = event.user_id  # type: ignore[attr-defined]
    await record(db, event, by=Viewer.system(), person=person, subject=event.export_id)  # type: ignore[attr-defined]


async def _write(run: Run, draft: IO[bytes]) -> None:
    with speaking(run.locale), zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as copy:
        records = [one for domain in declared() for one in domain.records(run.person)]
        papers = [one async for one in _papers(run.person)]
        run.total = len(records) + len(papers)
        await run.check(moved=True)
        copy.writestr("fields.json", _explained(records))
        parts = []
        for one in records:
            count = 0
            for name, kind in ((f"{one.name}.json", _as_json), (f"read/{one.name}.html", _as_page)):
                with _entry(copy, name) as out:
                    async with contextlib.aclosing(kind(one, run)) as pieces:
                        count = -2  # the head and the tail
                        async for piece in pieces:
                            out.write(piece)
                            count += 1
                            await run.alive()
            parts.append((one.name, one.about, count))
            await run.alive(step=1)
        put_in = []
        for paper in papers:
            if await _put_in(copy, paper, run):
                put_in.append(paper.name)
            await run.alive(step=1)
        index = render(
            "privacy/copy_page.html", title=_("Your data"), language=run.locale, parts=parts, papers=put_in,
            made=clock.now(), zone=run.zone, name=run.name, note=_units(),
        )  # fmt: skip
        copy.writestr("index.html", index)


@contextlib.contextmanager
def _entry(copy: zipfile.ZipFile, name: str, *, packed: bool = True) -> Iterator[IO[bytes]]:
    """A file in the zip, open for writing. Photos and PDFs are packed already."""
    at = clock.now()
    entry = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with copy.open(entry, "w", force_zip64=True) as out:
        yield out


def _explained(records: list[Records]) -> bytes:
    """What each file holds and what each of its fields means."""
    said = {
        f"{one.name}.json": {
            "about": one.about,
            "fields": {name: says for name, (_column, says) in one.fields.items()},
        }
        for one in records
    }
    return msgspec.json.format(msgspec.json.encode({"about": _units(), "files": said}))


def _units() -> str:
    return _(
        "Times are UTC. Amounts are in the smallest unit of their currency; distances are in kilometers."
    )


async def _rows(records: Records, person: UUID) -> AsyncGenerator[dict[str, Any]]:
    """Read from the database in portions, as the person alone."""
    async with transaction(user=person) as db:
        rows = await db.stream(records.query.execution_options(yield_per=ROWS))
        async for row in rows.mappings():
            yield dict(row)


async def _as_json(records: Records, run: Run) -> AsyncGenerator[bytes]:
    """A JSON array, one row a line."""
    yield b"["
    first = True
    async with contextlib.aclosing(_rows(records, run.person)) as rows:
        async for row in rows:
            yield (b"\n" if first else b",\n") + msgspec.json.encode(row)
            first = False
    yield b"\n]\n"


async def _as_page(records: Records, run: Run) -> AsyncGenerator[bytes]:
    """The same to read: of each row what each field means, and its value."""
    page = render("privacy/copy_page.html", title=records.about, language=run.locale, parts=None)
    head, tail = page.split("<!-- rows -->")
    yield head.encode()
    async with contextlib.aclosing(_rows(records, run.person)) as rows:
        async for row in rows:
            said = [(records.fields[name][1], value) for name, value in row.items()]
            cells = Markup().join(
                Markup("<dt>{}</dt><dd dir=auto>{}</dd>").format(means, _plainly(value))
                for means, value in said
            )
            yield Markup("<dl>{}</dl>\n").format(cells).encode()
    yield tail.encode()


def _plainly(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, dict | list):
        return msgspec.json.format(msgspec.json.encode(value)).decode()
    return str(value)


async def _papers(person: UUID) -> AsyncIterator[Paper]:
    for domain in declared():
        if domain.papers is not None:
            async for one in domain.papers(person):
                yield one


async def _put_in(copy: zipfile.ZipFile, paper: Paper, run: Run) -> bool:
    """Whether its bytes were there."""
    async with contextlib.aclosing(_bytes_of(paper)) as pieces:
        try:
            first = await anext(pieces)
        except FileMissing:
            log.warning("export.file_missing", export_id=str(run.export_id), name=paper.name)
            return False
        with _entry(copy, paper.name, packed=False) as out:
            out.write(first)
            async for piece in pieces:
                out.write(piece)
                await run.alive()
    return True


async def _bytes_of(paper: Paper) -> AsyncGenerator[bytes]:
    if paper.make is not None:
        yield await paper.make()
        return
    async for piece in storage().stream(paper.key):
        yield piece
