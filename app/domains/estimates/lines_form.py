"""Several lines of a job in one form: `kind-0`, `description-0` … and one empty row for the next line.

Each row of a stored line carries in `was-0` how it was shown. A row that is as it was shown is nobody's wish: it
is neither checked nor stored, so that a form that came late does not undo what somebody else has changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, Refused
from app.core.forms import minor_of, number_of, quantity_of
from app.core.money import plain, to_major
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.workshop import NewLine, add_line, change_line, remove_line
from app.domains.workshop.models import Job, JobLine

MOST_ROWS = 200
FIELDS = ("kind", "description", "part_number", "quantity", "unit_price", "unit_cost", "taxable")


@dataclass(frozen=True, slots=True)
class Row:
    """A line as typed: `line_id` of the one it changes, empty for a new one."""

    line_id: UUID | None
    wanted: NewLine
    is_removed: bool
    is_touched: bool


def mark(values: Iterable[str]) -> str:
    """What `values` were when they were shown. Browsers end lines their own way; that is no difference."""
    plain_text = "\x1f".join(one.replace("\r\n", "\n").strip() for one in values)
    return sha256(plain_text.encode(errors="replace")).hexdigest()[:20]


def count_rows(form: Mapping[str, Any]) -> int:
    """How many rows a form holds."""
    return next(n for n in range(MOST_ROWS + 1) if n == MOST_ROWS or f"description-{n}" not in form)


def is_touched(form: Mapping[str, Any], index: int) -> bool:
    """Whether somebody has changed a row since it was shown."""
    now = mark(str(form.get(f"{name}-{index}", "")) for name in FIELDS)
    return now != form.get(f"was-{index}") or form.get(f"remove-{index}") == "yes"


def wishes(form: Mapping[str, Any]) -> list[int]:
    """The rows somebody has written into."""
    return [
        n
        for n in range(count_rows(form))
        if is_touched(form, n) and (form.get(f"line-{n}") or str(form[f"description-{n}"]).strip())
    ]


def read_rows(form: Mapping[str, Any], currency: str) -> list[Row]:
    """The rows of the form; empty new rows are skipped. Raises Invalid with one message a field."""
    rows: list[Row] = []
    errors: dict[str, str] = {}
    for index in range(count_rows(form)):
        line_id = as_uuid(str(form.get(f"line-{index}", "")))
        removed = form.get(f"remove-{index}") == "yes"
        if line_id is None and not str(form[f"description-{index}"]).strip():
            continue
        try:
            rows.append(Row(line_id, _line(form, index, currency), removed, is_touched(form, index)))
        except Invalid as error:
            if not removed:
                errors |= {f"{name}-{index}": words for name, words in error.errors.items()}
    if errors:
        raise Invalid(errors)
    return rows


def _line(form: Mapping[str, Any], index: int, currency: str) -> NewLine:
    def text(name: str) -> str:
        return str(form.get(f"{name}-{index}", "")).replace("\x00", "").strip()

    errors: dict[str, str] = {}

    def number(name: str, default: str) -> Decimal:
        try:
            value = number_of(text(name) or default)
        except ValueError:
            value = Decimal("Infinity")
        if abs(value) > 10**10:
            errors[name] = _("Please enter a number.")
            return Decimal(0)
        return value

    def minor(name: str) -> int:
        try:
            return minor_of(number(name, "0"), currency, name)
        except Invalid as wrong:
            errors.update(wrong.errors)
            return 0

    quantity = number("quantity", "1")
    price = minor("unit_price") if text("unit_price") else None
    cost = minor("unit_cost")
    if errors:
        raise Invalid(errors)
    return NewLine(
        kind=text("kind") or "part",
        description=text("description"),
        part_number=text("part_number"),
        quantity=quantity_of(quantity),
        unit_price_minor=price,
        unit_cost_minor=cost,
        taxable=form.get(f"taxable-{index}") == "yes",
    )


def written(lines: Sequence[JobLine], currency: str) -> dict[str, str]:
    """The stored lines as the form's fields."""
    values: dict[str, str] = {}
    for index, line in enumerate(lines):
        values |= {
            f"line-{index}": str(line.id),
            f"kind-{index}": line.kind,
            f"description-{index}": line.description,
            f"part_number-{index}": line.part_number,
            f"quantity-{index}": plain(line.quantity),
            f"unit_price-{index}": str(to_major(line.unit_price_minor, currency)),
            f"unit_cost-{index}": str(to_major(line.unit_cost_minor, currency)),
            f"taxable-{index}": "yes" if line.tax_rate else "",
        }
        values[f"was-{index}"] = mark(values[f"{name}-{index}"] for name in FIELDS)
    return values


def written_over(lines: Sequence[JobLine], typed: Mapping[str, str], currency: str) -> dict[str, str]:
    """The stored lines with what was typed on top, for a form that came too late. A typed line that is gone
    from the store stays as a new one, ticked for removal: whoever typed it says whether it comes back."""
    values = written(lines, currency)
    places = {str(line.id): index for index, line in enumerate(lines)}
    end = len(lines)
    for row in wishes(typed):
        line_id = typed.get(f"line-{row}", "")
        at = places.get(line_id, end)
        values |= {f"{name}-{at}": typed.get(f"{name}-{row}", "") for name in (*FIELDS, "remove")}
        if at == end:
            values |= {f"line-{at}": "", f"remove-{at}": "yes" if line_id else ""}
            end += 1
    return values


async def save_rows(
    db: AsyncSession,
    job: Job,
    lines: Sequence[JobLine],
    rows: Sequence[Row],
    *,
    version: int | None,
    by: Viewer,
) -> None:
    """Bring a job's lines to what was typed. Unchanged rows are left alone, so that an approval is not lost
    over nothing. Raises Refused when the job has changed since `version`."""
    known = {line.id: line for line in lines}
    seen: int | None = version
    for row in rows:
        if not row.is_touched:
            continue
        line = known.get(row.line_id) if row.line_id else None
        if line is None and row.line_id is None and not row.is_removed:
            await add_line(db, job, row.wanted, by=by, version=seen)
        elif line is not None and row.is_removed:
            await remove_line(db, job, line.id, by=by, version=seen)
        elif line is not None and not _same(line, row.wanted):
            await change_line(db, job, line.id, row.wanted, by=by, version=seen)
        elif line is None and not row.is_removed:
            raise Refused(_("A line of “%(job)s” was taken off meanwhile.", job=job.title), audit="job.stale")
        else:
            continue
        seen = None  # the first change has checked it and holds the order


def _same(line: JobLine, wanted: NewLine) -> bool:
    return (
        line.kind == wanted.kind
        and line.description == wanted.description
        and line.part_number == wanted.part_number
        and line.quantity == wanted.quantity
        and line.unit_price_minor == wanted.unit_price_minor
        and line.unit_cost_minor == wanted.unit_cost_minor
        and bool(line.tax_rate) == wanted.taxable
    )
