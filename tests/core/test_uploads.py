import io
import zipfile

import pytest

from app.core.uploads import UploadRefused, recognise

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def docx(**more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
        for name, data in more.items():
            archive.writestr(name, data)
    return out.getvalue()


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "extension", "kind"),
    [
        (b"%PDF-1.7\n1 0 obj\n%%EOF\n", "pdf", "document"),
        (OLE + "WordDocument".encode("utf-16-le"), "doc", "document"),
        (docx(), "docx", "document"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2", "mp4", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", "mov", "video"),
        (b"RIFF\x10\0\0\0AVI LIST", "avi", "video"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "webm", "video"),
    ],
    ids=["pdf", "doc", "docx", "mp4", "mov", "avi", "webm"],
)
def test_what_is_allowed_is_recognised_by_content(raw, extension, kind):
    file = io.BytesIO(raw)
    seen = recognise(file, kind=kind)
    assert (seen.extension, seen.kind, seen.size) == (extension, kind, len(raw))
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"MZ\x90\0", "not_allowed"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2", "not_allowed"),
        (b"<html><script>alert(1)</script>", "not_allowed"),
        (b"%PDF-1.7 cut off", "not_allowed"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "not_allowed"),
        (OLE + "Workbook".encode("utf-16-le"), "not_allowed"),
        (zipped(**{"a.txt": b"x"}), "not_allowed"),
        (docx(**{"word/vbaProject.bin": b"macro"}), "not_allowed"),
        (docx()[:60], "not_allowed"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "not_allowed"),
        (docx(**{"word/media/zeros": b"\0" * 50_000_000}), "archive"),
        (docx(**{f"word/{n}": b"x" for n in range(2_100)}), "archive"),
        (b"%PDF-1.7" + b"\0" * (20 * 1024 * 1024) + b"%%EOF", "too_large"),
    ],
    ids=[
        "nothing",
        "program",
        "video",
        "page",
        "cut pdf",
        "svg",
        "workbook",
        "zip",
        "macro",
        "cut zip",
        "heic",
        "bomb",
        "crowd",
        "large",
    ],  # the bytes themselves hold the time, and workers must agree on names
)
def test_what_is_not_allowed_is_refused_with_its_reason(raw, reason):
    with pytest.raises(UploadRefused) as refused:
        recognise(io.BytesIO(raw), kind="document")
    assert refused.value.reason == reason
