"""The shell of the site: hashed assets, the manifest of the installable app, its worker, the offline page."""

import hashlib
import json
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.response import File

from app.core.errors import NotFound
from app.core.permissions import PUBLIC
from app.core.render import DIST, page, static
from app.core.visit import begin, needs
from app.core.words import _
from app.screens.share import targets
from app.settings import settings

AnyRequest = Request[Any, Any, Any]

FOREVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
KEPT_OFFLINE = (
    "css/app.css", "css/visit.css", "js/htmx.js", "js/app.js", "js/chunk.js", "img/icons.svg", "img/mark.svg", "fonts/barlow-latin-400.woff2", "fonts/barlow-semi-condensed-latin-600.woff2",
)  # fmt: skip


@get("/static/{name:path}", opt=needs(PUBLIC))
async def asset(request: AnyRequest, name: str) -> Response[Any]:
    """A built asset. Its name carries its hash, so it may be kept for ever; the small form was made at build."""
    path = (DIST / name.lstrip("/")).resolve()
    try:
        is_there = path.is_relative_to(DIST) and path.is_file() and not path.name.startswith(".")
    except OSError:  # a name longer than a file can have
        is_there = False
    if not is_there:
        raise NotFound
    kind = "font/woff2" if path.suffix == ".woff2" else guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        "Cache-Control": FOREVER if name != "/manifest.json" else "no-cache",
        "Vary": "Accept-Encoding",
    }
    accepted = request.headers.get("accept-encoding", "")
    for encoding, suffix in ENCODINGS:
        small = path.with_name(path.name + suffix)
        if encoding in accepted and small.is_file():
            return Response(
                small.read_bytes(), media_type=kind, headers={**headers, "Content-Encoding": encoding}
            )
    return File(path, media_type=kind, headers=headers, content_disposition_type="inline")


@get("/favicon.ico", opt=needs(PUBLIC))
async def favicon() -> Response[bytes]:
    """For programs that ask for it unasked; pages name the drawn one."""
    return Response(
        (DIST / static("img/icon-180.png").removeprefix("/static/")).read_bytes(),
        media_type="image/png",
        headers={"Cache-Control": "public, max-age=86400"},
    )


def _taken() -> list[str]:
    """The kinds of files for which there is a place."""
    return sorted({kind for target in targets() for kind in target.accepts})


@get("/manifest.webmanifest", opt=needs(PUBLIC))
async def manifest(request: AnyRequest) -> Response[bytes]:
    """What makes the site installable."""

    def drawn(size: int, purpose: str, name: str) -> dict[str, str]:
        return {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}

    def way_in(name: str, url: str) -> dict[str, Any]:
        return {"name": name, "url": url, "icons": [drawn(192, "any", "img/icon-192.png")]}

    async with begin(request):
        said = {
            "id": "/",
            "name": "Torqueline",
            "short_name": "Torqueline",
            "description": _("Book, follow and approve the work on your car."),
            "start_url": "/?from=app",
            "scope": "/",
            "display": "standalone",
            "display_override": ["standalone", "minimal-ui"],
            "background_color": "#f7f5ef",
            "theme_color": "#14201f",
            "icons": [
                drawn(192, "any", "img/icon-192.png"),
                drawn(512, "any", "img/icon-512.png"),
                drawn(512, "maskable", "img/icon-maskable-512.png"),
                drawn(512, "monochrome", "img/icon-monochrome-512.png"),
            ],
            "shortcuts": [
                way_in(_("My cars"), "/garage"),
                way_in(_("Book a visit"), "/book"),
                way_in(_("Ask for a part"), "/parts"),
                way_in(_("The bench"), "/bench"),
                way_in(_("The board"), "/board"),
            ],
            "share_target": {
                "action": "/share",
                "method": "POST",
                "enctype": "multipart/form-data",
                "params": {
                    "title": "title",
                    "text": "text",
                    "url": "url",
                    "files": [{"name": "files", "accept": _taken()}],
                },
            },
        }
    return Response(
        json.dumps(said).encode(),
        media_type="application/manifest+json",
        headers={"Cache-Control": "no-cache"},
    )


@lru_cache(maxsize=1)
def _worker() -> bytes:
    kept = ["/offline", *(static(name) for name in KEPT_OFFLINE)]
    version = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]
    text = (Path(__file__).parent.parent / "static" / "js" / "sw.js").read_text()
    filled = {
        "__VERSION__": version,
        "__SHELL__": json.dumps(kept),
        "__ICON__": static("img/icon-192.png"),
        "__BADGE__": static("img/icon-monochrome-512.png"),
    }
    for name, value in filled.items():
        text = text.replace(name, value)
    return text.encode()


@get("/sw.js", opt=needs(PUBLIC))
async def service_worker() -> Response[bytes]:
    """The service worker; looked at afresh each time, because it decides what is kept."""
    if settings().is_demo:
        _worker.cache_clear()
    return Response(
        _worker(),
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"},
    )


@get("/offline", opt=needs(PUBLIC))
async def offline(request: AnyRequest) -> Response[Any]:
    """Shown by the service worker when there is no network; the same for everybody."""
    async with begin(request) as (_db, me):
        return page(request, me, "screens/offline.html", layout="layouts/plain.html")


router = Router("/", route_handlers=[asset, favicon, manifest, service_worker, offline])
