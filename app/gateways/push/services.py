"""Whose push services are called. The address comes from whoever subscribes, so it is never simply believed."""

from urllib.parse import SplitResult, urlsplit

from app.gateways.push import NotASubscription

LONGEST_ENDPOINT = 2000

KNOWN = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Samsung Internet, Opera, Brave
    "push.services.mozilla.com",  # Firefox
    "push.apple.com",  # Safari
    "notify.windows.com",  # Edge
)
"""The services of the browsers there are: these hosts and what is below them."""


def origin_of(endpoint: str, more: tuple[str, ...] = ()) -> str:
    """The origin of an endpoint at a known service, or at one of `more` (hosts, or whole origins such as
    http://127.0.0.1:8090). Raises NotASubscription for any other address."""
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError as wrong:
        raise NotASubscription("not an address") from wrong
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if len(endpoint) > LONGEST_ENDPOINT or not plain or "@" in url.netloc or not url.hostname:
        raise NotASubscription("not an address")
    origin = f"{url.scheme}://{url.netloc.lower()}"
    if origin in more:
        return origin
    if url.scheme != "https" or port not in (None, 443) or not _is_below(url, (*KNOWN, *more)):
        raise NotASubscription("no push service we know")
    return f"https://{url.hostname}"


def _is_below(url: SplitResult, hosts: tuple[str, ...]) -> bool:
    return any(url.hostname == host or (url.hostname or "").endswith(f".{host}") for host in hosts)


def checked(services: str) -> tuple[str, ...]:
    """The services of a setting, parted by spaces or commas. Raises ValueError for what is neither a host nor an
    origin."""
    found = tuple(services.lower().replace(",", " ").split())
    for one in found:
        url = urlsplit(one if "://" in one else f"https://{one}")
        if (
            url.scheme not in ("http", "https")
            or not url.hostname
            or url.path
            or url.query
            or "@" in url.netloc
        ):
            raise ValueError(f"{one!r} is no host like push.example.com")
    return found
