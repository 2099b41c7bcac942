"""Pages and fragments: one Jinja environment, the viewer's words, and answers that work without JavaScript."""

import json
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, units
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from app.core import clock, live, words
from app.core.money import to_major
from app.core.security import binding_of, csrf_token, new_token, person_mark, visitor_cookie
from app.core.viewer import Viewer
from app.settings import settings

APP = Path(__file__).resolve().parent.parent
DIST = APP / "static" / "dist"
KM_PER_MILE = Decimal("1.609344")

AnyRequest = Request[Any, Any, Any]

_globals: dict[str, Callable[..., Any]] = {}


def template_global(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of a module known to every template by its own name."""
    _globals[function.__name__] = function
    if environment.cache_info().currsize:  # a mail was rendered before the pages were imported
        environment().globals[function.__name__] = function
    return function


class _Shared(Environment):
    """Templates stand on the environment's globals themselves. Jinja lays a map of maps over them for each
    template, and reads it key by key at every include and import."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment; a name that is not given is an error, not an empty string."""
    env = _Shared(
        loader=FileSystemLoader(APP / "templates"),
        autoescape=lambda name: not (name or "").endswith((".txt", ".typ")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        auto_reload=settings().is_demo,
    )
    env.install_gettext_callables(words._, _plural, newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(
        money=money, day=day, clock_time=clock_time, when=when, duration=duration, distance=distance,
        from_km=from_km, number=number, percent=percent, since=since, pair=pair, said=said,
        language_option=language_option,
    )  # fmt: skip
    env.globals.update(
        static=static, dom_id=dom_id, csp_nonce=csp_nonce, csrf_token=_csrf, idempotency_key=_one_time_key, workplace_id=_workplace_id,
        live_stream=live_stream, text_direction=text_direction, now=clock.now, timedelta=timedelta, **_globals,
    )  # fmt: skip
    return env


MOST_KEPT = 4000
_kept: OrderedDict[tuple[object, ...], Markup] = OrderedDict()


@template_global
def kept(*key: object, caller: Callable[[], Markup]) -> Markup:
    """A piece of a page that is written once and kept as long as nothing of `key` changes: everything it shows must stand
    there but language and day. No nonce and no form in it: `{% call kept("offer", quote.id, quote.version) %}…`."""
    whole = (*key, str(words.spoken()), clock.now().date())
    found = _kept.get(whole)
    if found is None:
        found = _kept[whole] = caller()
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


def part(request: AnyRequest, me: Viewer, template: str, **context: Any) -> Markup:
    """A template as a part of what is drawn for a request."""
    module = environment().get_template(template).make_module({"request": request, "me": me, **context})
    return module.__html__()


def _plural(one: str, many: str, count: int) -> str:
    return words._catalogue(str(words.spoken())).ungettext(one, many, count)


def render(template: str, **context: Any) -> str:
    """A template as text, outside of a request: mails, PDFs."""
    return environment().get_template(template).render(**context)


def is_partial(request: AnyRequest) -> bool:
    """Whether htmx asks for a part of a page. Going back in history asks for the whole.

    htmx says "full" of a request that picks its part out of the answer (hx-select); the content without the
    shell is enough for that too, and a refusal must come as the small notice either way. We never boost.
    """
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


async def lost_files(request: AnyRequest, field: str) -> dict[str, str]:
    """What to say beside a file field of a form that comes back: a browser forgets the files that were chosen.
    Where htmx asked, it has left the field in place and nothing is lost."""
    form = await request.form()
    chosen = [one for one in form.getall(field, []) if getattr(one, "filename", "")]
    return {field: words._("Please choose the photos again.")} if chosen and not is_partial(request) else {}


def page(
    request: AnyRequest,
    me: Viewer,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """A whole page; for htmx the same content in a bare frame, from which it takes what it wants."""
    whole = context.pop("layout", "layouts/app.html")
    return _answer(
        request,
        me,
        template,
        status=status,
        headers=headers,
        layout="layouts/bare.html" if is_partial(request) else whole,
        **context,
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A fragment file and what it shows: by itself the answer to a request, or a part of a page of several domains."""

    template: str
    context: dict[str, Any]

    def answer(self, request: AnyRequest, me: Viewer) -> Response[str]:
        return fragment(request, me, self.template, **self.context)

    def drawn(self, request: AnyRequest, me: Viewer) -> Markup:
        """To stand in a page from the start: on a phone each request more costs as much as the piece itself."""
        return part(request, me, self.template, **self.context)


def fragment(
    request: AnyRequest, me: Viewer, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """One fragment file, as included in its page."""
    return _answer(request, me, template, status=status, headers=None, layout="layouts/bare.html", **context)


def _answer(
    request: AnyRequest,
    me: Viewer,
    template: str,
    *,
    status: int,
    headers: dict[str, str] | None,
    **context: Any,
) -> Response[str]:
    cookies: list[Cookie] = []
    if not binding_of(request) and not getattr(request.state, "visitor", ""):
        request.state.visitor = new_token()
        cookies.append(
            Cookie(
                key=visitor_cookie(),
                value=request.state.visitor,
                path="/",
                httponly=True,
                samesite="lax",
                secure=settings().secure,
            )
        )
    sent = {
        "Cache-Control": "no-store",
        "Vary": "HX-Request, HX-Request-Type, Cookie",
        "Torqueline-Person": _whose(me),
        **(headers or {}),
    }
    follows = is_partial(request) and request.headers.get("hx-source", "").startswith("form")
    if follows and (said := flash_message(request)):
        # The part of a page a form's answer led to has no place for it; other parts fetched just now say nothing.
        sent["HX-Trigger"] = json.dumps({"toast": {"text": said, "kind": "go"}})
    content = environment().get_template(template).render(request=request, me=me, **context)
    if getattr(request.state, "flash_shown", False):
        cookies.append(flash_cookie(""))
    if "data-error-summary" in content:
        content = name_faulty_fields(content)
    request.state.outcome = (status, None)
    return Response(content, status_code=status, media_type="text/html", headers=sent, cookies=cookies)


def _whose(me: Viewer) -> str:
    """For the service worker, which keeps a driver's own garage and nothing that was made at a workplace."""
    mark = person_mark(None if me.kiosk_id else me.user_id)
    return f"{mark};work" if me.tenant_id else mark


_FAULT = re.compile(r'<a href="#(?P<id>[^"]+)" data-fault-of>')
_LABEL = r'<label for="{0}">([^<]+)|<fieldset\b[^>]*\bid="{0}"[^>]*>\s*<legend>([^<]+)'


def name_faulty_fields(content: str) -> str:
    """Each line of an error summary begins with its field's label. The summary is drawn before the fields,
    so their labels are only known when the page is whole."""

    def named(line: re.Match[str]) -> str:
        label = re.search(_LABEL.format(re.escape(line["id"])), content)
        called = (label[1] or label[2]).strip() if label else ""
        return f"{line[0]}{called}: " if called else line[0]

    return _FAULT.sub(named, content)


def see_other(
    request: AnyRequest, url: str, *, cookies: list[Cookie] | None = None, flash: str = ""
) -> Response[None]:
    """The answer to a POST that changed something. htmx follows it as a browser does."""
    request.state.outcome = (303, url)
    sent = list(cookies or [])
    if flash:
        sent.append(flash_cookie(flash))
    return Response(
        None, status_code=303, headers={"Location": url, "Cache-Control": "no-store"}, cookies=sent
    )


def flash_cookie(words_for_user: str) -> Cookie:
    """A message for the next page, which takes it away with its answer. Without words, nothing is left."""
    value = json.dumps(words_for_user[:400], ensure_ascii=True).encode().hex() if words_for_user else ""
    return Cookie(
        key="flash",
        value=value,
        path="/",
        max_age=60 if value else 0,
        httponly=True,
        samesite="lax",
        secure=settings().secure,
    )


@template_global
def flash_message(request: AnyRequest) -> str:
    """The message the previous answer left, if any. Whoever shows it has it forgotten."""
    if "torqueline-keep" in request.headers:  # the service worker reads ahead; nobody has seen it
        return ""
    left = request.cookies.get("flash", "")
    request.state.flash_shown = bool(left)
    try:
        return str(json.loads(bytes.fromhex(left).decode()))
    except ValueError:
        return ""


# --- what templates call -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    path = DIST / "manifest.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def static(name: str) -> str:
    """The address of a built asset: its name carries a hash of its content."""
    return f"/static/{_manifest().get(name, name)}"


def dom_id(thing: Any, part: str) -> str:
    """A stable element id: dom_id(job, "card") is card-job-0193…"""
    return f"{part}-{type(thing).__name__.lower()}-{thing.id}"


@pass_context
def csp_nonce(context: Context) -> str:
    """The nonce of this answer's content security policy."""
    return str(context["request"].scope["state"]["nonce"])


@pass_context
def _csrf(context: Context) -> str:
    request = context["request"]
    return csrf_token(binding_of(request) or getattr(request.state, "visitor", ""))


@pass_context
def _workplace_id(context: Context) -> str:
    """The center a page is made at, which its forms name: they change nothing once one works elsewhere."""
    me = context.get("me")
    return str(me.center_id) if me and me.center_id and me.kind == "person" else ""


def _one_time_key() -> str:
    return uuid.uuid4().hex


@pass_context
def live_stream(context: Context, topics: list[str]) -> Markup:
    """The page's only stream: its own topics and what concerns the viewer anywhere.

    Regions listen with hx-trigger="board from:#live".
    """
    request, me = context["request"], context["me"]
    request.state.live_opened = True
    heard = [*topics, f"user:{me.user_id}"] if me.user_id else topics
    url = live.stream_url(
        heard,
        viewer=me.user_id,
        after=getattr(request.state, "cursor", 0),
        place=(me.tenant_id, me.center_id) if me.tenant_id else None,
    )
    # A refused first connection is an ordinary answer to htmx: it must not be swapped in.
    return Markup('<div id="live" hx-nonce="{}" hx-sse:connect="{}" hx-swap="none" hidden></div>').format(
        csp_nonce(context), url
    )


def money(minor: int | None, currency: str) -> str:
    """Minor units as the viewer writes money."""
    if minor is None:
        return "–"
    return _money(minor, currency, str(words.spoken()))


@lru_cache(maxsize=8192)
def _money(minor: int, currency: str, locale: str) -> str:
    return numbers.format_currency(to_major(minor, currency), currency, locale=locale)


def number(value: Decimal | float | None, digits: int = 2) -> str:
    """A number without needless zeros."""
    if value is None:
        return "–"
    pattern = "#,##0." + "#" * digits if digits else "#,##0"
    return numbers.format_decimal(value, format=pattern, locale=words.spoken())


def said(text: str) -> str:
    """Words kept in the database in the viewer's language, if we have them. Unlike `_()` in a template it
    leaves a percent sign in them alone."""
    return words._(text)


def percent(share: Decimal | float | None, digits: int = 1) -> str:
    """0.0725 as 7.25 %."""
    if share is None:
        return "–"
    return numbers.format_percent(share, format=f"#,##0.{'#' * digits}%", locale=words.spoken())


def day(moment: datetime | date | None, zone: str = "UTC", style: str = "medium") -> str:
    """The date of a moment in a time zone."""
    if moment is None:
        return "–"
    if isinstance(moment, datetime):
        moment = moment.astimezone(ZoneInfo(zone)).date()
    if style in ("short", "medium", "long", "full"):
        return dates.format_date(moment, format=style, locale=words.spoken())
    return dates.format_skeleton(style, datetime.combine(moment, time()), locale=words.spoken())


def clock_time(moment: datetime | None, zone: str = "UTC") -> str:
    """The time of day of a moment in a time zone."""
    if moment is None:
        return "–"
    return dates.format_time(moment, format="short", tzinfo=ZoneInfo(zone), locale=words.spoken())


def when(moment: datetime | None, zone: str = "UTC") -> str:
    """Weekday, date and time; the year only when it is another one."""
    if moment is None:
        return "–"
    local = moment.astimezone(ZoneInfo(zone))
    same_year = local.year == clock.now().astimezone(ZoneInfo(zone)).year
    written = dates.format_skeleton("MMMEd" if same_year else "yMMMEd", local, locale=words.spoken())
    return f"{written}, {clock_time(moment, zone)}"


def since(moment: datetime | None) -> str:
    """How long ago, in the largest fitting unit: 3 hours."""
    if moment is None:
        return "–"
    return dates.format_timedelta(clock.now() - moment, threshold=1.2, locale=words.spoken())


def duration(minutes: int | Decimal | None) -> str:
    """Minutes as 1 h 30 min."""
    if minutes is None:
        return "–"
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return words._("%(minutes)s min", minutes=rest)
    if not rest:
        return words._("%(hours)s h", hours=hours)
    return words._("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def distance(km: int | None, unit: str = "km") -> str:
    """Kilometres in the viewer's unit ("km" or "mi")."""
    if km is None:
        return "–"
    return _distance(km if unit == "km" else round(Decimal(km) / KM_PER_MILE), unit, str(words.spoken()))


@lru_cache(maxsize=8192)
def _distance(value: int, unit: str, locale: str) -> str:
    name = "length-mile" if unit == "mi" else "length-kilometer"
    return units.format_unit(value, name, length="short", locale=locale)


def to_km(value: int, unit: str) -> int:
    """A distance as typed in the viewer's unit, in whole kilometres."""
    return value if unit == "km" else round(value * KM_PER_MILE)


def from_km(km: int, unit: str) -> int:
    """A distance as its owner would type it in their unit; `to_km` of it is the same distance again."""
    return km if unit == "km" else round(km / KM_PER_MILE)


def pair(text: str) -> tuple[str, str]:
    """A value that is its own label, for select_field."""
    return text, text


def language_option(code: str) -> tuple[str, str]:
    """A language in its own words, for select_field."""
    return code, Locale.parse(code).get_display_name(code) or code


def text_direction(code: str) -> str:
    """ "rtl" for Arabic and its like."""
    return str(words.locale_of(code).text_direction)
