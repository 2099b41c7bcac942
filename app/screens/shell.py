"""The shell of the site: built assets, later the manifest and the service worker."""

from litestar import Router
from litestar.static_files import create_static_files_router

from app.core.render import DIST

router = Router(
    "/",
    route_handlers=[
        create_static_files_router(
            path="/static",
            directories=[DIST],
            include_in_schema=False,
            cache_control=None,
            opt={"needs": "public"},
        )
    ],
)
