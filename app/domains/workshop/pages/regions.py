"""A page with one live region: the whole for a browser, the region alone for htmx."""

from typing import Any

from litestar import Request, Response

from app.core.render import fragment, is_partial, page
from app.core.viewer import Viewer


def show(
    request: Request[Any, Any, Any], me: Viewer, template: str, region: str, **context: Any
) -> Response[str]:
    """Answer with `template`, or with the fragment `region` it includes when htmx asks to look again."""
    if is_partial(request):
        context.pop("layout", None)
        return fragment(request, me, region, **context)
    return page(request, me, template, **context)
