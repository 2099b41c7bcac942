"""The browsers a person is signed in with: what they are called, and how to end one."""

import re
from ipaddress import ip_address, ip_network
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound
from app.core.events import record
from app.core.identity import AT_TABLET
from app.core.places import country_name
from app.core.render import template_global
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts.events import SessionEnded
from app.domains.accounts.models import Session
from app.gateways.countries import country_at

BROWSERS = (
    # Each also names those it wants to be taken for, so the order counts.
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrom", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
NEARBY = [
    ip_network(one)
    for one in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1",
        "fc00::/7",
        "fe80::/10",
    )
]


@template_global
def device_words(user_agent: str) -> str:
    """A browser by the words its owner knows it by: "Firefox on Windows"; a workshop's tablet by its name."""
    if user_agent.startswith(AT_TABLET):
        return user_agent.split(" · ")[0]
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or re.split(r"[/ ]", user_agent)[0][:40] or _("An unknown device")


@template_global
def place_words(ip: str) -> str:
    """Where an address is, as far as a table on this machine knows: a country, or the network the site itself is in."""
    try:
        if any(ip_address(ip) in network for network in NEARBY):
            return _("This network")
    except ValueError:
        return ""
    return country_name(country_at(ip))


async def open_sessions(db: AsyncSession, me: Viewer) -> list[Session]:
    """One's own sessions, this one first, then by when they were last seen."""
    mine = select(Session).where(Session.user_id == me.user_id, Session.expires_at > clock.now())
    found = (await db.scalars(mine.order_by(Session.last_seen_at.desc()))).all()
    return sorted(found, key=lambda one: one.id != me.session_id)


async def end(db: AsyncSession, session_id: UUID, *, by: Viewer) -> None:
    """Sign one's other device out. Raises NotFound."""
    gone = await db.execute(delete(Session).where(Session.id == session_id, Session.user_id == by.user_id))
    if not gone.rowcount or by.user_id is None:  # type: ignore[attr-defined]
        raise NotFound
    await record(db, SessionEnded(user_id=by.user_id), by=by, person=by.user_id, subject=by.user_id)
