"""Papers that show who a business is: PDFs and photos, told apart by what is in them."""

from collections.abc import Sequence

from litestar.datastructures import FormMultiDict, UploadFile

from app.core import files
from app.core.errors import Invalid
from app.core.files import Kept
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.parts_shops.steps import KINDS

LARGEST_BODY = 60 * 1024 * 1024
_PHOTOS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")


def sent(form: FormMultiDict) -> list[tuple[str, UploadFile]]:
    """The papers of a form, each with its kind: a field for each kind, and several files in one if need be."""
    return [
        (kind, one)
        for kind in KINDS
        for one in form.getall(kind, [])
        if isinstance(one, UploadFile) and one.filename
    ]


async def receive(papers: Sequence[tuple[str, UploadFile]], *, by: Viewer) -> list[tuple[str, Kept]]:
    """Put papers into the storage. Raises Invalid with words for the kind's field, Refused as `files` does; none of
    them is kept when one is not fit."""
    for kind, one in papers:
        head = await one.read(8)
        await one.seek(0)
        if not head:
            raise Invalid({kind: _("“%(name)s” is empty.", name=one.filename[:60])})
        if not head.startswith((b"%PDF-", *_PHOTOS)):
            raise Invalid(
                {kind: _("“%(name)s” is no PDF and no photo (JPEG, PNG, WebP).", name=one.filename[:60])}
            )
    received: list[Kept] = []
    async with files.kept_or_gone(received, by=by, tenant=None):
        for kind, one in papers:
            received.append(await _receive(kind, one, by))
    return [(kind, kept) for (kind, _one), kept in zip(papers, received, strict=True)]


async def _receive(kind: str, one: UploadFile, by: Viewer) -> Kept:
    head = await one.read(5)
    await one.seek(0)
    if head == b"%PDF-":
        return await files.receive_document(one, by=by, tenant=None, field=kind)
    [kept] = await files.receive_images([one], by=by, tenant=None, field=kind)
    return kept
