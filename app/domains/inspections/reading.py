"""An inspection as people read it: the technician's sheet, the order's list, the customer's summary."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.tables import File
from app.domains.inspections.filling import RATINGS, suggested
from app.domains.inspections.models import Finding, FindingPhoto, Inspection, Template, TemplateItem
from app.domains.inspections.repairs import repairs
from app.domains.workshop.models import Job, RepairOrder


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo with its file."""

    photo: FindingPhoto
    file: File


@dataclass(frozen=True, slots=True)
class Row:
    """One item with what was found."""

    finding: Finding
    item: TemplateItem
    photos: list[Shown]
    job: Job | None
    repair: str
    """What became of it: agreed (the customer said yes), done."""

    @property
    def measured_as(self) -> str:
        """The colour the measure has by the thresholds, or ""."""
        return suggested(self.item, self.finding.measure) or ""

    @property
    def typed(self) -> str:
        """The measure as a number field takes it: 3.5, never 3.5000 or 3,5."""
        return "" if self.finding.measure is None else f"{self.finding.measure.normalize():f}"

    @property
    def disagrees(self) -> bool:
        """Whether the technician judged otherwise than the thresholds do."""
        return bool(self.measured_as and self.finding.rating and self.measured_as != self.finding.rating)

    @property
    def can_be_proposed(self) -> bool:
        return self.finding.rating in ("yellow", "red") and self.job is None and self.repair != "done"


@dataclass(frozen=True, slots=True)
class Section:
    """Items that are looked at in one place."""

    number: int
    name: str
    rows: list[Row]

    @property
    def done(self) -> int:
        return sum(1 for row in self.rows if row.finding.rating)

    @property
    def worst(self) -> str:
        """The gravest rating in it, or "" while nothing is rated."""
        found = {row.finding.rating for row in self.rows}
        return next((one for one in ("red", "yellow", "green", "not_applicable") if one in found), "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole inspection."""

    inspection: Inspection
    template: Template
    sections: list[Section] = field(default_factory=list)

    @property
    def rows(self) -> Iterable[Row]:
        return (row for section in self.sections for row in section.rows)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by rating; "" is what is still to do."""
        counts = dict.fromkeys(("", *RATINGS), 0)
        for row in self.rows:
            counts[row.finding.rating] += 1
        return counts

    @property
    def total(self) -> int:
        return sum(len(section.rows) for section in self.sections)

    @property
    def done(self) -> int:
        return sum(section.done for section in self.sections)

    @property
    def is_finished(self) -> bool:
        return self.inspection.status == "completed"

    @property
    def next_row(self) -> Row | None:
        """The first item nobody has rated."""
        return next((row for row in self.rows if not row.finding.rating), None)


async def sheet(db: AsyncSession, inspection: Inspection) -> Sheet:
    """The whole inspection, section by section."""
    template = await db.get_one(Template, inspection.template_id)
    order = await db.get_one(RepairOrder, inspection.order_id)
    rows = await _rows(db, order, Finding.inspection_id == inspection.id)
    return Sheet(inspection, template, _sections(rows))


async def row(db: AsyncSession, finding: Finding) -> Row:
    """One item, read afresh."""
    inspection = await db.get_one(Inspection, finding.inspection_id)
    order = await db.get_one(RepairOrder, inspection.order_id)
    [found] = await _rows(db, order, Finding.id == finding.id)
    return found


def _sections(rows: Sequence[Row]) -> list[Section]:
    sections: list[Section] = []
    for one in rows:
        if not sections or sections[-1].name != one.item.section:
            sections.append(Section(len(sections) + 1, one.item.section, []))
        sections[-1].rows.append(one)
    return sections


async def _rows(
    db: AsyncSession, order: RepairOrder, *which: ColumnElement[bool], for_customer: bool = False
) -> list[Row]:
    found = (
        await db.execute(
            select(Finding, TemplateItem, Job)
            .join(TemplateItem, TemplateItem.id == Finding.item_id)
            # A proposal can be taken back; then the item may be proposed again.
            .outerjoin(Job, (Job.id == Finding.job_id) & (Job.tenant_id == Finding.tenant_id))
            .where(*which)
            .order_by(Finding.position)
        )
    ).all()
    photos = await _photos(db, [finding.id for finding, _item, _job in found])
    became = await repairs(
        db, order, [(finding, item, job) for finding, item, job in found], for_customer=for_customer
    )
    return [Row(finding, item, photos[finding.id], job, became[finding.id]) for finding, item, job in found]


async def _photos(db: AsyncSession, findings: Sequence[UUID]) -> dict[UUID, list[Shown]]:
    by_finding: dict[UUID, list[Shown]] = defaultdict(list)
    if findings:
        shown = await db.execute(
            select(FindingPhoto, File)
            .join(File, File.id == FindingPhoto.file_id)
            .where(FindingPhoto.finding_id.in_(findings))
            .order_by(FindingPhoto.id)
        )
        for photo, file in shown:
            by_finding[photo.finding_id].append(Shown(photo, file))
    return by_finding


@dataclass(frozen=True, slots=True)
class Progress:
    """One inspection in an order's list."""

    inspection: Inspection
    template: Template
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return self.total - self.counts[""]


async def of_order(db: AsyncSession, order: RepairOrder) -> list[Progress]:
    """The inspections of an order, the newest first."""
    rows = (
        await db.execute(
            select(Inspection, Template)
            .join(Template, Template.id == Inspection.template_id)
            .where(Inspection.tenant_id == order.tenant_id, Inspection.order_id == order.id)
            .order_by(Inspection.started_at.desc())
        )
    ).all()
    counted = await db.execute(
        select(Finding.inspection_id, Finding.rating, func.count())
        .where(Finding.inspection_id.in_([inspection.id for inspection, _template in rows]))
        .group_by(Finding.inspection_id, Finding.rating)
    )
    counts: dict[UUID, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("", *RATINGS), 0))
    for inspection_id, rating, number in counted:
        counts[inspection_id][rating] = number
    return [Progress(inspection, template, counts[inspection.id]) for inspection, template in rows]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the customer sees of one finding."""

    finding_id: UUID
    name: str
    section: str
    rating: str
    measure: str
    note: str
    photos: list[File]
    job_id: UUID | None
    repair: str = ""
    """What became of it: agreed (the customer said yes), done."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the customer sees of one finished inspection: red and yellow in full, green by name."""

    inspection: Inspection
    template: Template
    seen: list[Seen]

    def rated(self, rating: str) -> list[Seen]:
        return [one for one in self.seen if one.rating == rating]

    @property
    def repaired(self) -> list[Seen]:
        """What was found and has been mended since."""
        return [one for one in self.seen if one.repair == "done"]

    @property
    def counts(self) -> dict[str, int]:
        return {rating: len(self.rated(rating)) for rating in RATINGS}

    @property
    def counts_now(self) -> dict[str, int]:
        """The same without what has been mended since."""
        return {rating: sum(one.repair != "done" for one in self.rated(rating)) for rating in RATINGS}


async def for_customer(db: AsyncSession, order: RepairOrder) -> list[Summary]:
    """The finished inspections of an order as the driver may see them: ratings, notes, chosen photos.

    The caller has made sure that the reader may see the order (its driver, or the holder of its link).
    """
    await enter_tenant(db, order.tenant_id)  # what the items are called is written in the shop's own tables
    found = await db.execute(
        select(Inspection, Template)
        .join(Template, Template.id == Inspection.template_id)
        .where(
            Inspection.tenant_id == order.tenant_id,
            Inspection.order_id == order.id,
            Inspection.status == "completed",
        )
        .order_by(Inspection.completed_at)
    )
    return [
        Summary(
            inspection,
            template,
            [
                _seen(one)
                for one in await _rows(db, order, Finding.inspection_id == inspection.id, for_customer=True)
            ],
        )
        for inspection, template in found.all()
    ]


def _seen(one: Row) -> Seen:
    return Seen(
        finding_id=one.finding.id,
        name=one.item.name,
        section=one.item.section,
        rating=one.finding.rating,
        measure=measure_of(one),
        note=one.finding.note,
        photos=[shown.file for shown in one.photos if shown.photo.is_shared and shown.file.state == "ready"],
        job_id=one.finding.job_id,
        repair=one.repair,
    )


def measure_of(one: Row) -> str:
    """The measure with its unit, or ""."""
    if one.finding.measure is None:
        return ""
    return f"{one.finding.measure.normalize():f} {one.item.unit}".strip()
