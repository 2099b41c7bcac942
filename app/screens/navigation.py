"""What the masthead offers, by what the viewer may do."""

from typing import Any

from litestar import Request

from app.core.render import template_global
from app.core.viewer import Viewer
from app.core.words import _


@template_global
def nav_items(request: Request[Any, Any, Any], me: Viewer) -> list[dict[str, Any]]:
    """Links of the main navigation in order; the present one is marked."""
    path, links = request.url.path, _links(me)
    here = [url for url, _label, _icon in links if _stands_under(path, url)]
    current = SHOP if _stands_under(path, *OF_SHOP) else max(here, key=len, default="")
    if me.can("sell:parts") and _stands_under(path, "/parts"):
        current = FITMENT
    return [
        {"url": url, "label": label, "icon": icon, "current": url == current} for url, label, icon in links
    ]


SHOP = "/settings/centers"
OF_SHOP = (
    "/settings/business", "/settings/services", "/settings/canned-jobs", "/settings/packages", "/settings/mails",
    "/settings/payments", "/settings/addresses", "/settings/audit", "/market/profile",
)  # fmt: skip
"""The other pages of the shop's set-up; the rest under /settings is the person's own."""


FITMENT = "/parts/fitment"
"""A parts shop's lists, and the other pages about them under /parts."""


def _stands_under(path: str, *urls: str) -> bool:
    return any(path == url or path.startswith(url + "/") for url in urls)


def _links(me: Viewer) -> list[tuple[str, str, str]]:
    if not me.is_signed_in:
        return []
    if me.can("manage:network") and not me.is_staff:
        return [("/network", _("Network"), "network"), ("/garage", _("Garage"), "car")]
    if not me.is_staff:
        return [
            ("/garage", _("Garage"), "car"),
            ("/book", _("Book"), "calendar"),
            ("/parts", _("Parts"), "part"),
            ("/appointments", _("Visits"), "clock"),
            ("/invoices", _("Invoices"), "receipt"),
        ]
    if me.can("sell:parts"):
        shop = [(SHOP, _("Shop"), "settings")] if me.can("manage:center") else []
        return [
            ("/market", _("Requests"), "bell"),
            ("/market/sales", _("Sales"), "receipt"),
            (FITMENT, _("Fitment"), "part"),
            *shop,
        ]
    links = []
    if me.can("read:all_appointments"):
        links += [
            ("/board", _("Board"), "board"),
            ("/appointments", _("Appointments"), "calendar"),
            ("/customers", _("Customers"), "users"),
            ("/invoices", _("Invoices"), "receipt"),
        ]
    if me.can("read:parts"):
        links.append(("/bench", _("Bench"), "wrench"))
    if me.can("update:service_progress") and not me.can("read:all_appointments"):
        links.append(("/board", _("Board"), "board"))
    if me.can("request:parts") and me.has("parts_market"):
        links.append(("/parts", _("Parts"), "part"))
    if me.can("manage:center"):
        links.append((SHOP, _("Shop"), "settings"))
    return links


def home_of(me: Viewer) -> str:
    """Where a person's day begins."""
    if not me.is_signed_in:
        return "/"
    if me.can("manage:network") and not me.is_staff:
        return "/network"
    if me.can("sell:parts"):
        return "/market"
    if me.can("read:all_appointments"):
        return "/board"
    if me.can("update:service_progress"):
        return "/bench"
    return "/garage"
