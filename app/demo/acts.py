"""What happens to a car in the shop, act by act: inspected, priced, answered, worked on, billed, paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from litestar.datastructures import UploadFile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clips, clock, files
from app.core.db import new_id
from app.core.events import Heard
from app.core.viewer import Viewer
from app.demo import photos
from app.demo.stage import Stage
from app.domains import estimates, garage, messaging, workshop
from app.domains.billing import invoicing, paying
from app.domains.billing.models import Invoice
from app.domains.booking import appointments
from app.domains.booking.models import Appointment
from app.domains.booking.talk_pages import subject_of
from app.domains.estimates.approval import Answer, Verdict, decide
from app.domains.estimates.models import Estimate
from app.domains.inspections import filling, proposing, reading, sheets
from app.domains.inspections import photos as finding_photos
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from app.domains.workshop import board, jobs, steps, work
from app.domains.workshop.models import Job, RepairOrder
from app.domains.workshop.next_service import plan_next_service


@dataclass(frozen=True)
class Look:
    """What a technician finds at one item; `picture` is (drawing, reading) of `photos.draw`."""

    rating: str
    measure: str = ""
    note: str = ""
    picture: tuple[str, str] | None = None
    is_filmed: bool = False
    is_proposed: bool = False


async def picture(
    stage: Stage, email: str, kind: str, *, reading_: str = "", tone: str = "", plate: str = ""
) -> files.Kept:
    """A drawn photo, through the same door as an uploaded one."""
    jpeg = photos.draw(kind, reading=reading_, tone=tone, plate=plate)
    me = await stage.viewer(email)
    upload = UploadFile("image/jpeg", f"{kind}.jpg", jpeg)
    [kept] = await files.receive_images([upload], by=me, tenant=me.tenant_id)
    return kept


async def write_about(
    stage: Stage, email: str, visit: Appointment, words: str, shown: tuple[str, str] | None
) -> None:
    """Somebody reads what there is about a visit and writes; `shown` is (drawing, reading) of a photo."""
    me = await stage.viewer(email)
    sent = []
    if shown is not None:
        upload = UploadFile("image/jpeg", f"{shown[0]}.jpg", photos.draw(shown[0], reading=shown[1]))
        sent = await files.receive_images([upload], by=me, tenant=visit.tenant_id)
    async with stage.acting(email) as (db, by):
        subject = await subject_of(db, await appointments.find(db, by, visit.id))
        if subject is None:
            raise LookupError("nobody to write to")
        await messaging.look(db, subject, by=by)
        thread = await messaging.open_thread(db, subject, by=by)
        await messaging.write(db, thread, words, attachment=sent[0] if sent else None, by=by)


async def recording(stage: Stage, email: str) -> files.Kept:
    """A drawn video, through the same door as an uploaded one."""
    me = await stage.viewer(email)
    upload = UploadFile("video/mp4", "disc.mp4", photos.film())
    return await clips.receive(upload, by=me, tenant=me.tenant_id)


async def come_again(stage: Stage, email: str, order: RepairOrder, *, days: int) -> None:
    """The advisor says when the next service is due."""
    async with stage.acting(email) as (db, me):
        car = await garage.find(db, me, order.vehicle_id)
        day = clock.today(me.zone) + timedelta(days=days)
        await plan_next_service(db, order, due_on=day, mileage=None, version=car.version, by=me)


async def prepared(stage: Stage, email: str, film: files.Kept) -> None:
    """The worker's part, done now: an estimate takes over no video that is still being prepared."""
    me = await stage.viewer(email)
    received = clips.ClipReceived(file_id=film.id, rings=[])
    await clips.prepare(
        Heard(
            id=new_id(), seq=0, event=received, tenant_id=me.tenant_id, user_id=None,
            actor_id=me.user_id, actor_name=me.name,
        )
    )  # fmt: skip


async def walk_around(
    stage: Stage, email: str, order: RepairOrder, plate: str, kinds: tuple[str, ...]
) -> None:
    """Photos of the car as it was handed over."""
    for kind in kinds:
        kept = await picture(stage, email, kind, plate=plate)
        async with stage.acting(email) as (db, me):
            file = await files.keep(db, kept, by=me, owner=order.user_id)
            await workshop.add_photo(db, order, file.id, purpose="walk_around", by=me, is_shared=True)


async def inspect(
    stage: Stage,
    email: str,
    order: RepairOrder,
    sheet_code: str,
    found: Mapping[str, Look],
    *,
    finish: bool = True,
) -> None:
    """Fill in a checklist: what is not in `found` is green. Unfinished, only the named items are rated."""
    async with stage.acting(email) as (db, me):
        offered = await sheets.offered(db, order.tenant_id)
        template = next(one for one, _count in offered if one.code == sheet_code)
        inspection = await filling.start(db, order, template, by=me)
        sheet = await reading.sheet(db, inspection)
        rows = {row.item.name: row for row in sheet.rows}
    for name, row in rows.items():
        look = found.get(name) or (Look("green") if finish else None)
        if look is None:
            continue
        kept = film = None
        if look.picture:
            kind, measured = look.picture
            kept = await picture(stage, email, kind, reading_=measured, tone=look.rating)
        if look.is_filmed:
            film = await recording(stage, email)
        async with stage.acting(email) as (db, me):
            finding, _inspection, order_ = await filling.find_finding(db, me, inspection.id, row.finding.id)
            await filling.rate(
                db, finding, rating=look.rating, measure=Decimal(look.measure) if look.measure else None,  # type: ignore[arg-type]
                note=look.note, by=me,
            )  # fmt: skip
            if kept is not None:
                await finding_photos.add(db, finding, order_, [kept], by=me)
            if film is not None:
                [shown] = await finding_photos.add(db, finding, order_, [film], by=me)
                await finding_photos.share(db, shown, finding, order_, shared=True, by=me)
            if look.is_proposed:
                await proposing.propose(db, finding, order_, by=me)
        if film is not None:
            await prepared(stage, email, film)
    if finish:
        async with stage.acting(email) as (db, me):
            inspection, order_ = await filling.find(db, me, inspection.id)
            await filling.finish(db, inspection, order_, by=me)


async def propose(stage: Stage, email: str, order: RepairOrder, *canned: str) -> None:
    """Put canned jobs on the order."""
    async with stage.acting(email) as (db, me):
        for code in canned:
            await workshop.propose_job(db, order, canned_code=code, by=me)


async def send_estimate(stage: Stage, email: str, order: RepairOrder) -> Estimate:
    """Price what is proposed and send it to the customer."""
    async with stage.acting(email) as (db, me):
        estimate = await estimates.draft(db, order, by=me)
        await estimates.send(db, estimate, revision=None, by=me)
        return estimate


async def answer(
    stage: Stage, estimate: Estimate, decisions: Mapping[str, tuple[str, str]], *, driver: str, advisor: str
) -> None:
    """The driver answers on the phone what the advisor writes down: (decision, reason) by the job's title,
    approved when not named."""
    async with stage.acting(advisor) as (db, me):
        estimate = await estimates.find(db, me, estimate.id)
        sheet = await estimates.read_sheet(db, estimate)
        verdicts = {}
        for one in sheet.jobs:
            decision, reason = decisions.get(one.job.title, ("approved", ""))
            verdicts[one.job.job_id] = Verdict(decision, reason)  # type: ignore[arg-type]
        said = Answer(verdicts=verdicts, signed_name=driver, method="phone", contact="+1 207 555 0100")
        await decide(db, estimate, said, by=me)


async def _job(db: AsyncSession, order: RepairOrder, title: str) -> Job:
    return (await db.scalars(select(Job).where(Job.order_id == order.id, Job.title == title))).one()


async def start(stage: Stage, email: str, order: RepairOrder, title: str) -> None:
    """The technician's clock runs."""
    async with stage.acting(email) as (db, me):
        await work.start(db, await _job(db, order, title), by=me)


async def plan_start(stage: Stage, email: str, order: RepairOrder, title: str, *, hours: float) -> datetime:
    """A job is to begin in so many hours, at a half hour at which the shop is open. Returns when."""
    async with stage.acting(email) as (db, me):
        center = await db.get_one(ServiceCenter, order.center_id)
        half = 1800
        wanted = clock.now() + timedelta(hours=hours)
        wanted = datetime.fromtimestamp(-(-wanted.timestamp() // half) * half, UTC)
        ahead = await premises.open_stretches(db, center)
        start = next(max(wanted, opens) for opens, closes in ahead if closes > wanted)
        await jobs.plan_start(db, await _job(db, order, title), start, by=me)
        return start


async def block(stage: Stage, email: str, order: RepairOrder, title: str, reason: str, note: str) -> None:
    """Work cannot go on."""
    async with stage.acting(email) as (db, me):
        await work.block(db, await _job(db, order, title), reason=reason, note=note, by=me)


async def finish(stage: Stage, email: str, order: RepairOrder, title: str, correction: str = "") -> None:
    """The steps are ticked off and the job goes to the quality check."""
    async with stage.acting(email) as (db, me):
        job = await _job(db, order, title)
        await tick_off(db, job, by=me)
        await work.finish(db, job, by=me, correction=correction)


async def tick_off(db: AsyncSession, job: Job, *, by: Viewer) -> None:
    """Every step of a job is done."""
    for step in await steps.steps_of(db, job):
        await steps.progress(db, step, to="completed", by=by)


async def check(stage: Stage, email: str, order: RepairOrder, title: str) -> None:
    """Somebody else looks at the work and passes it."""
    async with stage.acting(email) as (db, me):
        await work.check(db, await _job(db, order, title), passed=True, by=me)


async def bill(stage: Stage, email: str, order: RepairOrder) -> Invoice:
    """Issue the invoice."""
    async with stage.acting(email) as (db, me):
        return await invoicing.issue(db, order, by=me)


async def take_cash(stage: Stage, email: str, invoice: Invoice, tendered: int) -> None:
    """Paid at the counter."""
    async with stage.acting(email) as (db, me):
        await paying.take_cash(db, invoice, amount=invoice.total_minor, tendered=tendered, by=me)


async def move(stage: Stage, email: str, order: RepairOrder, to: str) -> None:
    """A person moves the card on the board."""
    async with stage.acting(email) as (db, me):
        await board.move(db, order, to=to, by=me)
