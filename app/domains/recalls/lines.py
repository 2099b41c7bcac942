"""Reading a file of recalls: lines with tabs between, as NHTSA gives them out, or with a first line that names them.

Every line becomes a row, is passed over because it is not about vehicles, or is listed with why it cannot be read.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.domains.recalls.models import UNKNOWN_YEAR
from app.domains.recalls.names import key

COLUMNS = (
    "RECORD_ID", "CAMPNO", "MAKETXT", "MODELTXT", "YEARTXT", "MFGCAMPNO", "COMPNAME", "MFGNAME", "BGMAN", "ENDMAN",
    "RCLTYPECD", "POTAFF", "ODATE", "INFLUENCED_BY", "MFGTXT", "RCDATE", "DATEA", "RPNO", "FMVSS", "DESC_DEFECT",
    "CONEQUENCE_DEFECT", "CORRECTIVE_ACTION", "NOTES", "RCL_CMPT_ID", "MFR_COMP_NAME", "MFR_COMP_DESC",
    "MFR_COMP_PTNO",
)  # fmt: skip
"""Of a file without a first line that says so; `CONEQUENCE` is how the source spells it."""
NEEDED = (
    "CAMPNO", "MAKETXT", "MODELTXT", "YEARTXT", "COMPNAME", "DESC_DEFECT", "CONEQUENCE_DEFECT", "CORRECTIVE_ACTION"
)  # fmt: skip
SHORTEST = COLUMNS.index("CORRECTIVE_ACTION") + 1
LONGEST_NAME, LONGEST_TEXT = 300, 20_000
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_CAMPAIGN = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{2,19}")


class Unreadable(ValueError):
    """A file that is no list of recalls at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a line says."""

    campaign: str
    make: str
    model: str
    year: int
    component: str
    defect: str
    consequence: str
    remedy: str

    @property
    def identity(self) -> tuple[str, str, str, int, str]:
        """What makes two lines one row."""
        return self.campaign, key(self.make), key(self.model), self.year, self.component


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot be taken, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Other:
    """A line about equipment, tires or child seats."""

    number: int


def decoded(line: bytes) -> str:
    """A line's text: UTF-8, or else Latin-1 with the dashes and quotes that Windows puts into its gaps."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")


def read_lines(lines: Iterable[bytes]) -> Iterator[Row | Broken | Other]:
    """What each line of a file says, one after the other. Raises Unreadable when its first line names some of the
    columns and not all that are needed."""
    columns: Sequence[str] = COLUMNS
    for number, raw in enumerate(lines, 1):
        text = decoded(raw).rstrip("\r\n")
        if number == 1:
            text = text.removeprefix("\ufeff")
            if named := _named(text):
                columns = named
                continue
        if text.strip():
            yield read_line(text, number, columns)


def _named(first: str) -> list[str]:
    names = [name.strip().upper() for name in first.split("\t")]
    if "CAMPNO" not in names and "MAKETXT" not in names:
        return []
    if missing := [name for name in NEEDED if name not in names]:
        raise Unreadable(f"The first line names no {', '.join(missing)}.")
    if twice := sorted({name for name in names if name in NEEDED and names.count(name) > 1}):
        raise Unreadable(f"The first line names {', '.join(twice)} twice.")
    return names


def read_line(text: str, number: int, columns: Sequence[str] = COLUMNS) -> Row | Broken | Other:
    """What one line says."""
    fields = text.split("\t")
    if columns is COLUMNS:
        wrong = not SHORTEST <= len(fields) <= len(COLUMNS)
        count = f"{SHORTEST} to {len(COLUMNS)}"
    else:
        wrong = len(fields) != len(columns)
        count = str(len(columns))
    if wrong:
        return Broken(number, f"{len(fields)} columns instead of {count}")
    if _CONTROL.search(text):
        return Broken(number, "a character that cannot be shown")
    said = {name: " ".join(field.split()) for name, field in zip(columns, fields, strict=False)}
    if said.get("RCLTYPECD", "V").upper() not in ("V", ""):
        return Other(number)
    reason = _wrong(said)
    if reason:
        return Broken(number, reason)
    return Row(
        campaign=said["CAMPNO"].upper(),
        make=said["MAKETXT"],
        model=said["MODELTXT"],
        year=int(said["YEARTXT"]),
        component=said["COMPNAME"],
        defect=said["DESC_DEFECT"],
        consequence=said["CONEQUENCE_DEFECT"],
        remedy=said["CORRECTIVE_ACTION"],
    )


def _wrong(said: dict[str, str]) -> str:
    """Why a line cannot be taken; empty when it can."""
    if not _CAMPAIGN.fullmatch(said["CAMPNO"]):
        return "no campaign number"
    if not key(said["MAKETXT"]):
        return "no make"
    if not key(said["MODELTXT"]):
        return "no model"
    year = said["YEARTXT"]
    if not re.fullmatch("[0-9]{4}", year) or not (1900 <= int(year) <= 2100 or int(year) == UNKNOWN_YEAR):
        return "no model year"
    if not said["DESC_DEFECT"]:
        return "it does not say what is wrong"
    for name in ("MAKETXT", "MODELTXT", "COMPNAME"):
        if len(said[name]) > LONGEST_NAME:
            return f"{name} is longer than {LONGEST_NAME} characters"
    for name in ("DESC_DEFECT", "CONEQUENCE_DEFECT", "CORRECTIVE_ACTION"):
        if len(said[name]) > LONGEST_TEXT:
            return f"{name} is longer than {LONGEST_TEXT} characters"
    return ""
