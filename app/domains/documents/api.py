"""Documents as JSON. Files come as multipart, and are handed over by addresses that end."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.files import kept_or_gone, receive_papers, signed_url
from app.core.forms import read
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import garage
from app.domains.documents import attaching, finding, keeping
from app.domains.documents.facts import KINDS, Facts
from app.domains.documents.models import Document
from app.domains.documents.pages import DocumentForm

AnyRequest = Request[Any, Any, Any]
READ, MANAGE = needs("read:own_vehicles"), needs("manage:own_vehicles")


class NewDocument(DocumentForm, kw_only=True, forbid_unknown_fields=True):
    """The fields of a document, beside its files. Without a car it is a paper of one's own."""

    vehicle_id: UUID | None = None


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    files: list[UploadFile] = []


class DocumentChange(Facts, kw_only=True, forbid_unknown_fields=True):
    """All that is said of a document as it should be, and the version it is based on."""

    version: int


class FileOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    content_type: str
    size: int
    url: str
    """Works for ten minutes at least, for whoever holds it."""
    thumbnail_url: str | None
    """Of a photo, and of the first page of a PDF."""


class DocumentOut(msgspec.Struct, kw_only=True):
    id: UUID
    vehicle_id: UUID | None
    kind: str
    title: str
    number: str
    issuer: str
    valid_from: date | None
    expires_on: date | None
    """The last day on which it is valid."""
    note: str
    replaced_by_id: UUID | None
    removed_at: datetime | None
    version: int
    urgency: str
    """valid, soon, expired; empty where it does not expire, or was replaced."""
    files: list[FileOut]


class DocumentsOut(msgspec.Struct):
    documents: list[DocumentOut]


def shown(document: Document, files: list[File], today: date) -> DocumentOut:
    """A document as JSON."""
    own = DocumentOut.__struct_fields__[: DocumentOut.__struct_fields__.index("urgency")]
    return DocumentOut(
        **{name: getattr(document, name) for name in own},
        urgency=document.urgency(today),
        files=[
            FileOut(
                id=one.id, name=one.label, content_type=one.content_type, size=one.size, url=signed_url(one),
                thumbnail_url=signed_url(one, small=True) if one.thumbnail_key else None,
            )
            for one in files
        ],
    )  # fmt: skip


async def _answer(db: AsyncSession, me: Viewer, document: Document) -> DocumentOut:
    files = await attaching.files_of(db, [document.id])
    return shown(document, files.get(document.id, []), clock.today(me.zone))


async def _form(request: AnyRequest, kind: type[msgspec.Struct]) -> FormMultiDict:
    """What was sent as multipart. Raises Refused for anything else, which would be kept as an empty document, and Invalid
    for a field that nobody knows."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refused(_("Please send this as multipart/form-data."), status=415)
    form = await request.form()
    if unknown := set(form) - set(kind.__struct_fields__):
        raise Invalid({name: _("There is no such field.") for name in sorted(unknown)})
    return form


@dataclass
class Multipart(Operation):
    """Says in the OpenAPI document what is sent as a form; the framework knows bodies of JSON only."""

    def __post_init__(self) -> None:
        schema = Schema(type=OpenAPIType.OBJECT, properties=dict(self.fields()))
        self.request_body = RequestBody(
            content={"multipart/form-data": OpenAPIMediaType(schema=schema)}, required=True
        )

    def fields(self) -> dict[str, Schema]:
        file = Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream")
        return {"files": Schema(type=OpenAPIType.ARRAY, items=file, max_items=attaching.MOST_FILES)}


@dataclass
class NewMultipart(Multipart):
    def fields(self) -> dict[str, Schema]:
        text = {name: Schema(type=OpenAPIType.STRING) for name in ("title", "number", "issuer", "note")}
        days = {
            name: Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE)
            for name in ("valid_from", "expires_on")
        }
        ids = {
            name: Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID)
            for name in ("vehicle_id", "replaces")
        }
        return {"kind": Schema(type=OpenAPIType.STRING, enum=list(KINDS)), **text, **days, **ids, **super().fields()}  # fmt: skip


@get("/customers/documents", opt=READ)
async def list_documents(
    request: AnyRequest,
    vehicle: FromQuery[UUID | None] = None,
    kind: FromQuery[str] = "",
    q: FromQuery[str] = "",
    expires_by: FromQuery[date | None] = None,
) -> DocumentsOut:
    """One's own papers and those of one's cars, or of one `vehicle`, what expires first at the top. `expires_by`: only what
    has expired by that day or will. What was removed or replaced is left out."""
    async with begin(request) as (db, me):
        cars = [await garage.find_readable(db, me, vehicle)] if vehicle else list(await garage.mine(db, me))
        found = await finding.mine(
            db, me, cars, words=q, kind=kind, expires_by=expires_by, with_own=vehicle is None
        )
        files = await attaching.files_of(db, [one.id for one in found])
        today = clock.today(me.zone)
        return DocumentsOut([shown(one, files.get(one.id, []), today) for one in found])


@get("/customers/documents/{document_id:uuid}", opt=READ)
async def show_document(request: AnyRequest, document_id: FromPath[UUID]) -> DocumentOut:
    """One document, removed or not, with addresses of its files."""
    async with begin(request) as (db, me):
        document, _car = await finding.find(db, me, document_id)
        return await _answer(db, me, document)


@post("/customers/documents", opt=MANAGE, status_code=201, operation_class=NewMultipart)
async def add_document(request: AnyRequest) -> DocumentOut:
    """Multipart: the fields of a document and its `files`, which may come several times. `replaces` names the older one
    whose place it takes. 422 with a message for each field that cannot be kept."""
    async with glance(request):
        pass
    given = read(NewDocument, await _form(request, NewDocument))
    async with glance(request) as (db, me):
        if given.vehicle_id:
            await garage.find_driven(db, me, given.vehicle_id)
    kept = await receive_papers(given.files, most=attaching.MOST_FILES, by=me)
    async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
        car = await garage.find_driven(db, me, given.vehicle_id) if given.vehicle_id else None
        document = await keeping.add(db, car, given.facts(), by=me, replaces=given.replaces)
        await attaching.attach(db, document, kept, by=me)
        return await _answer(db, me, document)


@put("/customers/documents/{document_id:uuid}", opt=MANAGE)
async def change_document(
    request: AnyRequest, document_id: FromPath[UUID], data: DocumentChange
) -> DocumentOut:
    """Correct one. 409 when somebody else put it in, or when it was changed in the meantime."""
    async with begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        facts = Facts(**{name: getattr(data, name) for name in Facts.__struct_fields__})
        await keeping.change(db, document, facts, version=data.version, by=me)
        return await _answer(db, me, document)


@delete("/customers/documents/{document_id:uuid}", opt=MANAGE, status_code=204)
async def remove_document(request: AnyRequest, document_id: FromPath[UUID]) -> None:
    """Take one out; its page can take it back."""
    async with begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        await keeping.remove(db, document, by=me)


@post(
    "/customers/documents/{document_id:uuid}/files",
    opt=MANAGE,
    status_code=201,
    operation_class=Multipart,
)
async def add_files(request: AnyRequest, document_id: FromPath[UUID]) -> DocumentOut:
    """Multipart: `files`, which may come several times."""
    async with glance(request) as (db, me):
        await finding.find_to_change(db, me, document_id)
    given = read(Sent, await _form(request, Sent))
    kept = await receive_papers(given.files, most=attaching.MOST_FILES, by=me)
    async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        await attaching.attach(db, document, kept, by=me)
        return await _answer(db, me, document)


@delete("/customers/documents/{document_id:uuid}/files/{file_id:uuid}", opt=MANAGE, status_code=204)
async def remove_file(request: AnyRequest, document_id: FromPath[UUID], file_id: FromPath[UUID]) -> None:
    """Take a file away from a document. It is gone."""
    async with begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        await attaching.detach(db, document, file_id, by=me)


router = Router(
    "/",
    route_handlers=[
        list_documents, show_document, add_document, change_document, remove_document, add_files, remove_file,
    ],
    tags=["documents"],
)  # fmt: skip
