"""The cards of the board as HTML, kept between requests.

Everybody's board shows the same cards and asks for all of them whenever one moves, so a card is written once
for each language and as long as nothing on it changes. What belongs to one answer or one session (nonce, form
token, one-time key) is put in afterwards.
"""

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import dates
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.core import clock
from app.core.render import csp_nonce, environment, template_global
from app.core.words import spoken
from app.domains.workshop.board import Card

MOST_KEPT = 4000
# Nobody can write these into a concern or a name: they are made anew with each process.
_GUARD, _NONCE = (f"<!--{secrets.token_hex(12)}-->", secrets.token_hex(12))
_SPACE = re.compile(r"\s+")
_kept: OrderedDict[tuple[object, ...], str] = OrderedDict()


@template_global
@pass_context
def tickets(context: Context, guard: Callable[[], Markup]) -> Callable[[Card], Markup]:
    """What turns a card into its job ticket in this answer; `guard` writes a form guard. Each card has its own: a
    card whose form is kept while it is filled in must not hold the one-time key another card has spent."""
    locale, zone, now = str(spoken()), context["center"].zone, clock.now()
    today = now.astimezone(ZoneInfo(zone)).date()
    places = tuple((str(bay.id), bay.name) for bay in context["bays"])
    same = (locale, places, context["technician"])
    nonce = csp_nonce(context)

    def ticket(card: Card) -> Markup:
        minutes = int((now - card.since).total_seconds()) // 60
        said = (
            _promise(card.promise_at, today, zone, locale),
            _age(minutes * 60, locale),
            _promise(card.estimated_end or card.not_before, today, zone, locale),
        )
        key = (card, said, same)
        html = _kept.get(key) or _keep(key, _write(context, card, said, places))
        return Markup(html.replace(_GUARD, guard()).replace(_NONCE, nonce))  # noqa: S704 - ours, escaped when written

    return ticket


def _keep(key: tuple[object, ...], html: str) -> str:
    _kept[key] = html
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return html


def _write(
    context: Context, card: Card, said: tuple[str, str, str], places: Sequence[tuple[str, str]]
) -> str:
    html = (
        environment()
        .get_template("workshop/_card.html")
        .render(
            card=card,
            promise=said[0],
            age=said[1],
            done_about=said[2],
            stages=context["stages"],
            places=places,
            technician=context["technician"],
            form_guard=lambda: Markup(_GUARD),  # noqa: S704 - a mark of ours
            nonce=_NONCE,
        )
    )
    return _SPACE.sub(" ", html)


@lru_cache(maxsize=4096)
def _age(seconds: int, locale: str) -> str:
    """How long ago, as short as it goes: 3h."""
    return dates.format_timedelta(
        seconds, threshold=1.2, format="narrow", granularity="minute", locale=locale
    )


@lru_cache(maxsize=4096)
def _promise(moment: datetime | None, today: date, zone: str, locale: str) -> str:
    """The time of day; with the weekday when it is another day, with the date when it is far away."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    time = dates.format_time(local, format="short", tzinfo=local.tzinfo, locale=locale)
    away = abs((local.date() - today).days)
    if not away:
        return time
    return f"{dates.format_skeleton('E' if away < 6 else 'MMMd', local, locale=locale)} {time}"
