"""The rows of the parts step. `row` names each row's key, and a row's fields carry it: `name-{key}`, `photos-{key}-{n}`.

A stored row's key is its line's id, so that a row that is taken away moves no other. The number behind a row's photos is
how many it has already: what was sent is not sent once more when the page is drawn anew around the field.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from litestar.datastructures import FormMultiDict, UploadFile

from app.core.errors import Invalid
from app.core.forms import number_of, quantity_of
from app.core.money import plain
from app.core.security import as_uuid
from app.core.words import _
from app.domains.marketplace import asking
from app.domains.marketplace.drafting import MOST_PHOTOS, MOST_PIECES, PartWanted, Photos, too_many_photos
from app.domains.marketplace.models import PartsOrderLine

_KEY = re.compile(r"[a-z0-9-]{1,40}")
_TEXTS = ("name", "part_number", "quantity", "note")
_LONGEST = {"name": 120, "part_number": 60, "note": 500}


class Row(msgspec.Struct, kw_only=True):
    """One part as it stands on the form."""

    key: str
    name: str = ""
    part_number: str = ""
    quantity: str = "1"
    note: str = ""
    oem_only: bool = False
    without: list[str] = []
    files: list[UploadFile] = []
    stored: Sequence[Any] = ()
    """Its photos that are kept already, each with its file."""

    @property
    def is_blank(self) -> bool:
        """A new row nobody has written into."""
        return self.is_new and not (self.name or self.part_number or self.note or self.files)

    @property
    def is_new(self) -> bool:
        return as_uuid(self.key) is None

    @property
    def files_field(self) -> str:
        return f"photos-{self.key}-{len(self.stored)}"


def rows_of(lines: Sequence[PartsOrderLine], photos: Photos) -> list[Row]:
    """The stored parts."""
    return [
        Row(
            key=str(line.id), name=line.name, part_number=line.part_number, quantity=plain(line.quantity), note=line.note,
            oem_only=line.oem_only, stored=photos.get(line.id, ()),
        )
        for line in lines
    ]  # fmt: skip


def typed_rows(form: FormMultiDict, photos: Photos) -> list[Row]:
    """The rows as they were sent; more than anybody needs are cut off."""
    keys = [key for key in dict.fromkeys(form.getall("row", [])) if _KEY.fullmatch(str(key))]
    return [_typed(form, key, photos) for key in keys[: asking.MOST_LINES + 20]]


def _typed(form: FormMultiDict, key: str, photos: Photos) -> Row:
    texts = {name: str(form.get(f"{name}-{key}", "")).replace("\x00", "").strip() for name in _TEXTS}
    line_id = as_uuid(key)
    return Row(
        key=key, **texts, oem_only=form.get(f"oem_only-{key}") == "yes",
        without=[str(one) for one in form.getall(f"without-{key}", [])],
        files=[
            one
            for name in form
            if str(name).startswith(f"photos-{key}-")
            for one in form.getall(name)
            if isinstance(one, UploadFile) and one.filename
        ],
        stored=photos.get(line_id, ()) if line_id else (),
    )  # fmt: skip


def with_others(rows: Sequence[Row], stored: Sequence[Row]) -> list[Row]:
    """For a page that was stale: what was typed, and the parts that came onto the order meanwhile."""
    keys = {row.key for row in rows}
    return [*rows, *(one for one in stored if one.key not in keys)]


def wanted_of(rows: Sequence[Row]) -> list[PartWanted]:
    """Raises Invalid by field."""
    errors: dict[str, str] = {}
    wanted = []
    for row in rows:
        for name, longest in _LONGEST.items():
            if len(getattr(row, name)) > longest:
                errors[f"{name}-{row.key}"] = _("This is too long.")
        if len(row.files) > MOST_PHOTOS:
            errors[row.files_field] = too_many_photos()
        try:
            quantity = quantity_of(number_of(row.quantity or "1"), f"quantity-{row.key}")
        except ValueError:
            errors[f"quantity-{row.key}"] = _("Please enter a number.")
            continue
        except Invalid as wrong:
            errors |= wrong.errors
            continue
        wanted.append(
            PartWanted(
                line_id=as_uuid(row.key), name=row.name, part_number=row.part_number, quantity=Decimal(quantity),
                note=row.note, oem_only=row.oem_only, without=[one for one in map(as_uuid, row.without) if one],
            )
        )  # fmt: skip
    if errors:
        raise Invalid(errors)
    return wanted


def keepable(row: Row) -> PartWanted:
    """What can be kept of a row that holds something wrong."""
    try:
        quantity = quantity_of(number_of(row.quantity or "1"))
    except (ValueError, Invalid):
        quantity = Decimal(1)
    cut = {name: getattr(row, name)[:longest] for name, longest in _LONGEST.items()}
    fits = quantity if 0 < quantity <= MOST_PIECES else Decimal(1)
    return PartWanted(line_id=as_uuid(row.key), quantity=fits, oem_only=row.oem_only, **cut)


def by_row(errors: Mapping[str, str], rows: Sequence[Row]) -> dict[str, str]:
    """What an operation says of the rows by their number, said of the form's fields."""
    said = {}
    for field, words in errors.items():
        name, _dash, number = field.partition("-")
        if number.isdecimal():
            row = rows[int(number)]
            field = row.files_field if name == "photos" else f"{name}-{row.key}"
        said[field] = words
    return said
