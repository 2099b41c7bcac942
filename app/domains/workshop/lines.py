"""The lines of a job: labour, parts, fees and work bought from another shop."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.customers.models import Customer
from app.domains.network.models import ServiceCenter
from app.domains.services.models import CannedJob, CannedLine
from app.domains.workshop import stages
from app.domains.workshop.events import JobChanged
from app.domains.workshop.models import LINE_KINDS, Job, JobLine, RepairOrder
from app.domains.workshop.moves import job_word, move_job
from app.domains.workshop.orders import hold, hold_open, of_job, tell
from app.domains.workshop.pricing import labor_hours

LIMIT_MINOR = 100_000_000_000


class NewLine(msgspec.Struct, kw_only=True, frozen=True):
    """A line to put on a job. Without a price labour costs the center's hourly rate and anything else nothing;
    a price of 0 is free (goodwill, warranty). Without a tax rate the center's tax applies."""

    kind: str
    description: str
    part_number: str = ""
    quantity: Decimal = Decimal(1)
    unit_price_minor: int | None = None
    unit_cost_minor: int = 0
    taxable: bool = True
    tax_rate: Decimal | None = None

    def __post_init__(self) -> None:
        errors: dict[str, str] = {}
        if self.kind not in LINE_KINDS:
            errors["kind"] = _("A line is labor, a part, a fee or sublet work.")
        if not self.description.strip():
            errors["description"] = _("Say what it is.")
        elif len(self.description) > 300:
            errors["description"] = _("Keep it under 300 characters.")
        if not Decimal(0) < self.quantity <= Decimal(10_000):
            errors["quantity"] = _("The quantity must be more than 0 and at most 10,000.")
        if not -LIMIT_MINOR <= (self.unit_price_minor or 0) <= LIMIT_MINOR:
            errors["unit_price"] = _("That price is out of range.")
        if not 0 <= self.unit_cost_minor <= LIMIT_MINOR:
            errors["unit_cost"] = _("That cost is out of range.")
        if errors:
            raise Invalid(errors)


async def known_canned(db: AsyncSession, order: RepairOrder, code: str) -> CannedJob | None:
    """The shop's canned job of that code; None when it has none, or no longer."""
    canned: CannedJob | None = await db.scalar(
        select(CannedJob).where(
            CannedJob.tenant_id == order.tenant_id, CannedJob.code == code, CannedJob.is_active
        )
    )
    return canned


async def find_canned(db: AsyncSession, order: RepairOrder, code: str) -> CannedJob:
    """The shop's canned job of that code. Raises NotFound."""
    canned = await known_canned(db, order, code)
    if canned is None:
        raise NotFound
    return canned


async def canned_lines(db: AsyncSession, canned: CannedJob) -> list[NewLine]:
    """The lines of a canned job, to be copied."""
    rows = await db.scalars(
        select(CannedLine)
        .where(CannedLine.tenant_id == canned.tenant_id, CannedLine.canned_job_id == canned.id)
        .order_by(CannedLine.position, CannedLine.id)
    )
    return [
        NewLine(
            kind=row.kind,
            description=row.description,
            part_number=row.part_number,
            quantity=row.quantity,
            # A canned job cannot say "free": labour at 0 there means the rate.
            unit_price_minor=row.unit_price_minor if row.unit_price_minor or row.kind != "labor" else None,
            unit_cost_minor=row.unit_cost_minor,
            taxable=row.taxable,
        )
        for row in rows
    ]


async def put_lines(
    db: AsyncSession, order: RepairOrder, job: Job, wanted: Sequence[NewLine]
) -> list[JobLine]:
    """Append lines to a job, priced and taxed as the center and the customer have it."""
    center = await db.get_one(ServiceCenter, order.center_id)
    customer = await db.get_one(Customer, order.customer_id)
    last = await db.scalar(select(func.max(JobLine.position)).where(JobLine.job_id == job.id))
    put = []
    for position, line in enumerate(wanted, start=0 if last is None else last + 1):
        put.append(
            JobLine(
                tenant_id=order.tenant_id,
                job_id=job.id,
                position=position,
                kind=line.kind,
                description=line.description.strip(),
                part_number=line.part_number.strip(),
                quantity=line.quantity,
                unit_price_minor=unit_price(line, center),
                unit_cost_minor=line.unit_cost_minor,
                tax_rate=_tax(line, center, customer),
            )
        )
    db.add_all(put)
    await db.flush()
    await _estimate_time(db, job)
    return put


def unit_price(line: NewLine, center: ServiceCenter) -> int:
    """What a line is sold at here, in minor units."""
    if line.unit_price_minor is not None:
        return line.unit_price_minor
    return center.labor_rate_minor if line.kind == "labor" else 0


def _tax(line: NewLine, center: ServiceCenter, customer: Customer) -> Decimal:
    if customer.tax_exempt or not line.taxable:
        return Decimal(0)
    return center.tax_rate if line.tax_rate is None else line.tax_rate


async def _estimate_time(db: AsyncSession, job: Job) -> None:
    lines = await db.scalars(select(JobLine).where(JobLine.job_id == job.id))
    job.estimated_minutes = int(labor_hours(lines) * 60)


async def find_line(db: AsyncSession, job: Job, line_id: UUID) -> JobLine:
    """A line of a job. Raises NotFound."""
    line: JobLine | None = await db.scalar(
        select(JobLine).where(JobLine.job_id == job.id, JobLine.id == line_id)
    )
    if line is None:
        raise NotFound
    return line


async def add_line(
    db: AsyncSession, job: Job, line: NewLine, *, by: Viewer, version: int | None = None
) -> JobLine:
    """Put one more line on a job. Raises Refused when the job has changed since `version`."""
    order = await open_for_change(db, job, version)
    [put] = await put_lines(db, order, job, [line])
    await changed(db, order, job, by=by)
    return put


async def change_line(
    db: AsyncSession, job: Job, line_id: UUID, wanted: NewLine, *, by: Viewer, version: int | None = None
) -> JobLine:
    """Give a line other words, quantity or price."""
    order = await open_for_change(db, job, version)
    line = await find_line(db, job, line_id)
    center = await db.get_one(ServiceCenter, order.center_id)
    customer = await db.get_one(Customer, order.customer_id)
    values = {
        "kind": wanted.kind,
        "description": wanted.description.strip(),
        "part_number": wanted.part_number.strip(),
        "quantity": wanted.quantity,
        "unit_price_minor": unit_price(wanted, center),
        "unit_cost_minor": wanted.unit_cost_minor,
        "tax_rate": _tax(wanted, center, customer),
    }
    cost_only = all(
        getattr(line, name) == value for name, value in values.items() if name != "unit_cost_minor"
    )
    for name, value in values.items():
        setattr(line, name, value)
    if line.unit_price_minor:  # the desk asks money for it after all
        line.list_price_minor = None
    await db.flush()
    await _estimate_time(db, job)
    await changed(db, order, job, by=by, shown=not cost_only)
    return line


async def note_bought(
    db: AsyncSession,
    job: Job,
    line_id: UUID | None,
    *,
    description: str,
    part_number: str,
    brand: str,
    quantity: Decimal,
    unit_cost_minor: int,
    by: Viewer,
) -> JobLine:
    """A part for a job was bought: the line it is for gets its number, brand and cost, and keeps its price, so that the
    customer's word stands, however far the work is. A part that is not on the job yet is put there at its cost; on work
    that can no longer be changed it is put at no price, for the desk to decide. Raises Refused when nothing is open."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    line: JobLine | None = await db.scalar(
        select(JobLine).where(JobLine.job_id == job.id, JobLine.id == line_id, JobLine.kind == "part")
    )
    shown = False
    if line is not None:
        line.before_bought = line.before_bought or {name: getattr(line, name) for name in _BOUGHT}
        if brand and brand.casefold() not in line.description.casefold():
            line.description = f"{line.description} · {brand}"[:300]
        line.part_number = part_number or line.part_number
        line.unit_cost_minor = unit_cost_minor
    else:
        shown = job.status in ("proposed", "presented", "authorized", "pending")
        wanted = NewLine(
            kind="part",
            description=" · ".join(filter(None, (description, brand)))[:300],
            part_number=part_number,
            quantity=quantity,
            unit_price_minor=unit_cost_minor if shown else 0,
            unit_cost_minor=unit_cost_minor,
        )
        [line] = await put_lines(db, order, job, [wanted])
    await db.flush()
    await changed(db, order, job, by=by, shown=shown)
    return line


_BOUGHT = ("description", "part_number", "unit_cost_minor")
"""What a bought part gives to the line it is for."""


async def take_off_bought(
    db: AsyncSession,
    job: Job,
    line_id: UUID,
    *,
    part_number: str,
    unit_cost_minor: int,
    was_there: bool,
    by: Viewer,
) -> bool:
    """A part that `note_bought` put on a job never comes: the line it is for says again what it said before, a line that
    came with it goes. False where that is not ours to do: the customer has agreed to it, it was changed by hand, or the
    work is invoiced."""
    order = await hold(db, job.order_id)
    await db.refresh(job)
    line: JobLine | None = await db.scalar(
        select(JobLine).where(JobLine.job_id == job.id, JobLine.id == line_id)
    )
    if line is None:
        return True
    number = (
        part_number or line.before_bought.get("part_number") or ""
    )  # one without a number leaves the one there
    is_as_put = (line.part_number or "", line.unit_cost_minor) == (number, unit_cost_minor)
    if was_there and order.is_open:
        if not line.before_bought or not is_as_put:
            return False
        for name, value in line.before_bought.items():
            setattr(line, name, value)
        line.before_bought = {}
        await db.flush()
        await changed(db, order, job, by=by, shown=False)
        return True
    if not order.is_open or job.status not in ("proposed", "presented"):
        return False
    if not is_as_put or line.unit_price_minor not in (0, unit_cost_minor):
        return False
    await remove_line(db, job, line.id, by=by)
    return True


async def remove_line(
    db: AsyncSession, job: Job, line_id: UUID, *, by: Viewer, version: int | None = None
) -> None:
    """Take a line off a job."""
    order = await open_for_change(db, job, version)
    await db.delete(await find_line(db, job, line_id))
    await db.flush()
    await _estimate_time(db, job)
    await changed(db, order, job, by=by)


async def rename(
    db: AsyncSession,
    job: Job,
    *,
    by: Viewer,
    version: int | None = None,
    title: str,
    complaint: str,
    cause: str,
    skill: str,
) -> Job:
    """Change what a job is called and why it is needed."""
    order = await open_for_change(db, job, version)
    if not title.strip():
        raise Invalid({"title": _("Give the job a name.")})
    shown = job.title != title.strip()
    job.title, job.complaint, job.cause, job.skill = title.strip(), complaint, cause, skill
    await changed(db, order, job, by=by, shown=shown)
    return job


def must_be_version(job: Job, version: int | None) -> None:
    """Refuse what was decided on an older state of the job."""
    if version is not None and job.version != version:
        raise Refused(
            _(
                "“%(job)s” has changed meanwhile (%(status)s). Look again and repeat.",
                job=job.title,
                status=job_word(job.status),
            ),
            data={"version": job.version, "status": job.status},
            audit="job.stale",
        )


async def open_for_change(db: AsyncSession, job: Job, version: int | None = None) -> RepairOrder:
    """Lock the order of a job whose lines may still be changed. Raises Refused."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    must_be_version(job, version)
    if job.status not in ("proposed", "presented", "authorized", "pending"):
        raise Refused(
            _(
                "“%(job)s” is in the state “%(status)s”. Propose more work as a job of its own, so that the "
                "customer can decide about it.",
                job=job.title,
                status=job_word(job.status),
            ),
            audit="job.late_change",
        )
    return order


async def changed(db: AsyncSession, order: RepairOrder, job: Job, *, by: Viewer, shown: bool = True) -> None:
    """Tell of a changed job. Where that is `shown` to the customer, who had agreed to it, they are asked again."""
    lost = shown and job.is_authorized
    if lost:
        move_job(job, "presented")
    else:
        job.version += 1
    await tell(db, order, JobChanged(**of_job(order, job), approval_lost=lost), by=by)
    if lost:
        await stages.follow(db, order, by=by)
