"""Documents in the browser: the lists, one document, putting in, correcting, sharing."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.answers import answer
from app.core.errors import Invalid, Refused
from app.core.files import kept_or_gone, receive_papers, signed_url
from app.core.forms import read, stale_words, values_of
from app.core.limits import Limit, limited
from app.core.permissions import PUBLIC
from app.core.render import Piece, is_partial, lost_files, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import garage
from app.domains.documents import attaching, finding, keeping, links
from app.domains.documents.facts import KINDS, Facts
from app.domains.documents.models import Document
from app.domains.garage import Vehicle
from app.domains.garage.models import DRIVES
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]

READ = needs("read:own_vehicles")
MANAGE = needs("manage:own_vehicles")
FOLLOWED = Limit("document by link", times=120, within=timedelta(minutes=15))
BRIEFLY = 60
"""Seconds that the address of a file works at least for whoever came by a link: a revoked one shows nothing soon after."""
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


class DocumentForm(Facts, kw_only=True):
    files: list[UploadFile] = []
    replaces: UUID | None = None
    version: int = 0

    def must_say_something(self) -> None:
        """Raises Invalid for a document without a file and without a word."""
        said = (self.title, self.note, self.number, self.issuer, self.valid_from, self.expires_on)
        if not self.files and not any(said):
            raise Invalid({"files": _("Choose a file, or write down what the document says.")})

    def facts(self) -> Facts:
        return Facts(**{name: getattr(self, name) for name in Facts.__struct_fields__})


class LinkForm(msgspec.Struct):
    life: Annotated[str, Meta(max_length=10)]


@get("/documents", opt=READ)
async def documents_page(
    request: AnyRequest, q: FromQuery[str] = "", kind: FromQuery[str] = ""
) -> Response[Any]:
    async with begin(request) as (db, me):
        cars = await garage.mine(db, me)
        found = await finding.mine(db, me, cars, words=q, kind=kind)
        return page(
            request, me, "documents/documents.html",
            car=None, documents=found, names={car.id: car.name for car in cars}, cars=cars,
            asked={"q": q[:100], "kind": kind if kind in KINDS else ""}, today=clock.today(me.zone),
        )  # fmt: skip


@get("/garage/{vehicle_id:uuid}/documents", opt=READ)
async def of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """Whole as a page; as a region of the car's page what expires first."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        if is_partial(request):
            return (await on_car(db, me, car)).answer(request, me)
        shown = (await on_car(db, me, car, most=500)).context
        return page(request, me, "documents/documents.html", **shown, asked={"q": "", "kind": ""}, cars=[])


async def on_car(db: AsyncSession, me: Viewer, car: garage.Vehicle, *, most: int = 3) -> Piece:
    """The region of a car's page: what expires first."""
    documents = await finding.of_car(db, car, most=most)
    shown = {
        "car": car,
        "documents": documents,
        "today": clock.today(me.zone),
        "names": {},
        "may_add": await garage.role_of(db, me, car) in DRIVES,
    }
    return Piece("documents/_of_car.html", shown)


@get("/documents/new", opt=MANAGE)
async def new_own(request: AnyRequest, replaces: FromQuery[UUID | None] = None) -> Response[Any]:
    return await _new(request, None, replaces=replaces)


@get("/garage/{vehicle_id:uuid}/documents/new", opt=MANAGE)
async def new_of_car(
    request: AnyRequest, vehicle_id: FromPath[UUID], replaces: FromQuery[UUID | None] = None
) -> Response[Any]:
    return await _new(request, vehicle_id, replaces=replaces)


async def _new(
    request: AnyRequest,
    vehicle_id: UUID | None,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    *,
    replaces: UUID | None = None,
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id) if vehicle_id else None
        if values is None and replaces:
            older, _car = await finding.find_to_change(db, me, replaces)
            values = {"kind": older.kind, "title": older.title, "issuer": older.issuer, "replaces": older.id}
        usual = {"kind": "registration" if car else "licence"}
        return _form(request, me, car, None, usual | (values or {}), errors)


def _form(
    request: AnyRequest,
    me: Viewer,
    car: Vehicle | None,
    document: Document | None,
    values: Values,
    errors: dict[str, str] | None,
    files: Any = (),
    *,
    status: int = 422,
) -> Response[Any]:
    return page(
        request, me, "documents/form.html", status=status if errors else 200,
        car=car, document=document, values=values, errors=errors or {}, files=files,
    )  # fmt: skip


@post("/documents", opt=MANAGE)
async def add_own(request: AnyRequest) -> Response[Any]:
    return await _add(request, None)


@post("/garage/{vehicle_id:uuid}/documents", opt=MANAGE)
async def add_to_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    return await _add(request, vehicle_id)


async def _add(request: AnyRequest, vehicle_id: UUID | None) -> Response[Any]:
    form = await request.form()
    try:
        given = read(DocumentForm, form)
        async with glance(request) as (db, me):
            if vehicle_id:
                await garage.find_driven(db, me, vehicle_id)
        given.must_say_something()
        kept = await receive_papers(given.files, most=attaching.MOST_FILES, by=me)
        async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
            car = await garage.find_driven(db, me, vehicle_id) if vehicle_id else None
            document = await keeping.add(db, car, given.facts(), by=me, replaces=given.replaces)
            await attaching.attach(db, document, kept, by=me)
            return see_other(request, f"/documents/{document.id}", flash=_("The document is kept."))
    except Invalid as wrong:
        errors = await lost_files(request, "files") | dict(wrong.errors)
        return await _new(request, vehicle_id, values_of(form), errors)


@get("/documents/{document_id:uuid}", opt=READ)
async def document_page(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        document, car = await finding.find(db, me, document_id)
        return await _shown(request, db, me, document, car)


async def _shown(
    request: AnyRequest, db: AsyncSession, me: Viewer, document: Document, car: Vehicle | None, made: str = ""
) -> Response[Any]:
    role = await garage.role_of(db, me, car) if car else "owner"
    return page(
        request, me, "documents/document.html",
        document=document, car=car, made=made, today=clock.today(me.zone),
        may_change=document.user_id == me.user_id and role in DRIVES, may_share=role == "owner",
        files=(await attaching.files_of(db, [document.id])).get(document.id, []),
        earlier=await finding.earlier(db, document),
        links=await links.open_links(db, document, me),
    )  # fmt: skip


@get("/documents/{document_id:uuid}/edit", opt=MANAGE)
async def edit_page(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    return await _edit(request, document_id)


async def _edit(
    request: AnyRequest,
    document_id: UUID,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response[Any]:
    async with begin(request) as (db, me):
        document, car = await finding.find_to_change(db, me, document_id)
        if stale and values is not None:
            values |= {"version": document.version}
        stored = {name: getattr(document, name) for name in (*Facts.__struct_fields__, "version")}
        files = (await attaching.files_of(db, [document.id])).get(document.id, [])
        return _form(
            request, me, car, document, values or stored, errors, files, status=409 if stale else 422
        )


@post("/documents/{document_id:uuid}", opt=MANAGE)
async def change_document(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(DocumentForm, form)
        async with glance(request) as (db, me):
            await finding.find_to_change(db, me, document_id)
        kept = await receive_papers(given.files, most=attaching.MOST_FILES, by=me)
        async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
            document, _car = await finding.find_to_change(db, me, document_id)
            await keeping.change(db, document, given.facts(), version=given.version, by=me)
            await attaching.attach(db, document, kept, by=me)
            return see_other(request, f"/documents/{document_id}", flash=_("Saved."))
    except Invalid as wrong:
        errors = await lost_files(request, "files") | dict(wrong.errors)
        return await _edit(request, document_id, values_of(form), errors)
    except Refused as refused:
        if not refused.is_stale:
            raise
        lost = await lost_files(request, "files")
        return await _edit(request, document_id, values_of(form), {"form": stale_words()} | lost, stale=True)


@post("/documents/{document_id:uuid}/remove", opt=MANAGE)
async def remove_document(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        await keeping.remove(db, document, by=me)
        return see_other(request, f"/documents/{document_id}")


@post("/documents/{document_id:uuid}/return", opt=MANAGE)
async def return_document(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        await keeping.take_back(db, document, by=me)
        return see_other(request, f"/documents/{document_id}", flash=_("The document is back."))


@post("/documents/{document_id:uuid}/files/{file_id:uuid}/remove", opt=MANAGE)
async def remove_file(
    request: AnyRequest, document_id: FromPath[UUID], file_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        document, _car = await finding.find_to_change(db, me, document_id)
        await attaching.detach(db, document, file_id, by=me)
        return see_other(request, f"/documents/{document_id}/edit", flash=_("The file is gone."))


@post("/documents/{document_id:uuid}/links", opt=MANAGE, status_code=200)
async def make_link(request: AnyRequest, document_id: FromPath[UUID]) -> Response[Any]:
    """Answers the page with the link on it, this once: it is stored nowhere that could show it again."""
    given = read(LinkForm, await request.form())
    async with begin(request) as (db, me):
        document, car = await finding.find_own(db, me, document_id)
        token = await links.make(db, document, life=given.life, by=me)
        made = f"{settings().base_url}/paper/{token}"
        return await _shown(request, db, me, document, car, made)


@post("/documents/{document_id:uuid}/links/{link_id:uuid}/revocation", opt=MANAGE)
async def revoke_link(
    request: AnyRequest, document_id: FromPath[UUID], link_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        document, _car = await finding.find_own(db, me, document_id)
        await links.revoke(db, document, link_id, by=me)
        return see_other(
            request, f"/documents/{document_id}", flash=_("Revoked: it no longer opens anything.")
        )


@get("/paper/{token:str}", opt=needs(PUBLIC) | limited(FOLLOWED))
async def follow_link(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """A document for whoever holds the link, as long as it works."""
    async with begin(request) as (db, me):
        found = await links.follow(db, token)
        if found is None:
            words = _("The link has expired or was taken back. Ask whoever sent it for a new one.")
            return answer(request, 403, _("This link does not work any more"), words)
        document, link = found
        files = (await attaching.files_of(db, [document.id])).get(document.id, [])
        return page(
            request, me, "documents/shared.html", layout="layouts/plain.html", headers=PRIVATE,
            document=document, until=link.expires_at, today=clock.today(me.zone),
            files=[(file, signed_url(file, BRIEFLY), signed_url(file, BRIEFLY, small=True)) for file in files],
        )  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        documents_page, of_car, new_own, new_of_car, add_own, add_to_car, document_page, edit_page, change_document,
        remove_document, return_document, remove_file, make_link, revoke_link, follow_link,
    ],
)  # fmt: skip
