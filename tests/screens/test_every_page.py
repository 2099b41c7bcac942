"""Every page without an id in its address, as each of the cast: never an error of ours."""

import pytest

from app.asgi import create_litestar


def _plain_pages() -> list[str]:
    return sorted(
        {
            route.path
            for route in create_litestar().routes
            for handler in getattr(route, "route_handlers", [])
            if "GET" in handler.http_methods
            and "{" not in route.path
            and not handler.fn.__module__.startswith("litestar.")
            and not route.path.startswith(("/live", "/static"))
        }
    )


@pytest.mark.parametrize(
    "who", ["visitor", "customer", "advisor", "technician", "owner", "network", "outsider"]
)
async def test_no_page_breaks_for_anybody(browser, cast, who):
    person = browser(None if who == "visitor" else getattr(cast, who))
    person.http._transport.raise_app_exceptions = False
    broken = []
    for url in _plain_pages():
        answer = await person.get(url)
        if answer.status_code >= 500:
            broken.append((url, answer.status_code))
    assert broken == []
