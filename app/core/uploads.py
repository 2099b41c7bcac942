"""Documents and videos people send us, recognised by content. Documents are kept as they are and always served as
attachments, so nothing in them ever runs on our own pages; videos are written anew (`clips`) before anybody sees them."""

import zipfile
from dataclasses import dataclass
from typing import BinaryIO, Literal

LARGEST_DOCUMENT = 20 * 1024 * 1024
LARGEST_VIDEO = 200 * 1024 * 1024
MOST_MEMBERS = 2_000
LARGEST_UNPACKED = 200 * 1024 * 1024
HIGHEST_RATIO = 200
"""A document's archive may unpack to this many times its size; honest ones stay near 20."""

Kind = Literal["document", "video"]
Reason = Literal["empty", "too_large", "not_allowed", "archive"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD_STREAM = "WordDocument".encode("utf-16-le")
_EBML = b"\x1a\x45\xdf\xa3"
_MP4_BRANDS = (
    b"isom",
    b"iso2",
    b"iso3",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"MSNV",
    b"3gp",
)


class UploadRefused(Exception):
    """The bytes are no document or video we take. `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the content is, whatever the file is called."""

    kind: Kind
    extension: str
    media_type: str
    size: int


def must_not_be_too_large(file: BinaryIO) -> None:
    """Raise UploadRefused for more than we take of anything, before somebody reads it. Leaves the file at its beginning."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > LARGEST_VIDEO:
        raise UploadRefused("too_large")


def recognise(file: BinaryIO, *, kind: Kind) -> Recognised:
    """What `file` (seekable) holds, if it is of that kind. Raises UploadRefused; leaves the file at its beginning."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(64)
    try:
        if not size:
            raise UploadRefused("empty")
        found, extension, media_type = _by_content(file, head)
        if found != kind:
            raise UploadRefused("not_allowed")
    finally:
        file.seek(0)
    if size > (LARGEST_VIDEO if kind == "video" else LARGEST_DOCUMENT):
        raise UploadRefused("too_large")
    return Recognised(kind, extension, media_type, size)


def _by_content(file: BinaryIO, head: bytes) -> tuple[Kind, str, str]:
    if head.startswith(b"%PDF-") and b"%%EOF" in _tail(file):
        return "document", "pdf", "application/pdf"
    if head.startswith(_OLE) and _is_word(file):
        return "document", "doc", "application/msword"
    if head.startswith(b"PK\x03\x04"):
        _check_docx(file)
        word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        return "document", "docx", word
    if head[4:8] == b"ftyp":
        if head[8:12] == b"qt  ":
            return "video", "mov", "video/quicktime"
        if head[8:12].startswith(_MP4_BRANDS):
            return "video", "mp4", "video/mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video", "avi", "video/x-msvideo"
    if head[:4] == _EBML and (b"webm" in head or b"matroska" in head):
        return "video", "webm", "video/webm"
    raise UploadRefused("not_allowed")


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - 2048))
    return file.read()


def _is_word(file: BinaryIO) -> bool:
    """An OLE file is a Word document when its directory names the stream of one; spreadsheets, installers
    and mails share the same first bytes."""
    file.seek(0)
    return _WORD_STREAM in file.read(LARGEST_DOCUMENT)


def _check_docx(file: BinaryIO) -> None:
    """Look at the archive's directory only: nothing is unpacked."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise UploadRefused("not_allowed") from error
    names = {member.filename for member in members}
    if not {"[Content_Types].xml", "word/document.xml"} <= names:
        raise UploadRefused("not_allowed")
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js")) for name in names):
        raise UploadRefused("not_allowed")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members) or 1
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED or unpacked / packed > HIGHEST_RATIO:
        raise UploadRefused("archive")
