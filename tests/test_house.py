"""Promises of the house that a machine can keep an eye on."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from jinja2.ext import babel_extract

from app.asgi import create_litestar
from app.core.permissions import KNOWN, SIGNED_IN
from app.core.render import environment
from app.subscriptions import SUBSCRIPTIONS

APP = Path(__file__).resolve().parent.parent / "app"
TEMPLATES = sorted((APP / "templates").rglob("*.html"))
UNESCAPED = r"\bon(click|change|submit|load|input)=\"|\|\s*safe\b|javascript:|\bhx-(vals|headers)="
IN_MAILS = re.compile(UNESCAPED, re.I)
"""Mails carry their styles."""
IN_PAGES = re.compile(rf"\bstyle=\"|{UNESCAPED}", re.I)


def name(path: Path) -> str:
    return str(path.relative_to(APP / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_hold_no_inline_style_handler_or_unescaped_text(path):
    assert not (IN_MAILS if "/mail/" in str(path) else IN_PAGES).findall(path.read_text())


@pytest.mark.parametrize("path", [one for one in TEMPLATES if one.name.startswith("_")], ids=name)
def test_a_fragment_says_in_its_first_line_what_it_needs(path):
    assert re.match(r"\{# needs: .+#\}", path.read_text())


def _forms(path: Path) -> list[str]:
    return re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(), re.S | re.I)


def _macros(path: Path) -> dict[str, str]:
    found = re.findall(r"\{%-? macro (\w+)\(.*?\{%-? endmacro", path.read_text(), re.S)
    bodies = re.findall(r"\{%-? macro \w+\((.*?)\{%-? endmacro", path.read_text(), re.S)
    return dict(zip(found, bodies, strict=True))


@pytest.mark.parametrize("path", [one for one in TEMPLATES if _forms(one)], ids=name)
def test_every_post_form_holds_its_guard_and_an_address(path):
    guarded = [name for name, body in _macros(path).items() if "form_guard()" in body]
    for form in _forms(path):
        assert any(f"{name}(" in form for name in ("form_guard", "csrf_token", *guarded)), form[:120]
        assert re.search(r"\baction=\"", form), form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_template_parses_and_its_words_can_be_extracted(path):
    with path.open("rb") as file:
        list(
            babel_extract(
                file, ("_", "ngettext"), [], {"extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
            )
        )
    tree = environment().parse(path.read_text())
    for taken in tree.find_all(nodes.FromImport):
        assert isinstance(taken.template, nodes.Const)
        there = environment().parse((APP / "templates" / taken.template.value).read_text())
        macros = {one.name for one in there.find_all(nodes.Macro)}
        macros |= {one.name for one in there.find_all(nodes.Name) if one.ctx == "store"}
        assert {one if isinstance(one, str) else one[0] for one in taken.names} <= macros, (
            taken.template.value
        )
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "_":
            assert isinstance(call.args[0], nodes.Const), (
                f"line {call.lineno}: words must stand in the template"
            )


LOADS_BY_ITSELF = re.compile(
    r"<(\w+)\b[^>]*\bhx-trigger=\"[^\"]*\b(?:load|revealed|intersect)\b[^\"]*\"[^>]*>(.*?)</\1>", re.S
)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_what_a_script_would_fetch_has_a_link_for_who_has_none(path):
    """A region that loads by itself holds a link to what it fetches, or stands in one."""
    text = path.read_text()
    for box in LOADS_BY_ITSELF.finditer(text):
        before = text[: box.start()]
        in_a_link = before.count("<a ") > before.count("</a>")
        assert in_a_link or re.search(r"<a |\bbutton_link\(|\{% include", box[2]), box[0][:160]


def test_the_environment_escapes_pages_and_mails():
    env: Environment = environment()
    assert env.autoescape("x/page.html") is True
    assert env.autoescape("x/mail.txt") is False


def test_every_route_that_changes_something_needs_somebody_or_says_why():
    """A POST open to everybody is either a door (sign-in …) or proves its caller otherwise."""
    open_to_all = {
        f"{method} {route.path}"
        for route in create_litestar().routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method in ("POST", "PUT", "PATCH", "DELETE") and handler.opt.get("needs") == "public"
    }
    doors = re.compile(
        r"/(sign-(up|in|out)|forgot-password|reset-password|confirm-email|join|shared/|handover/|csp-reports|auth/|approve/|pay/|passport/check$|webhooks/|kiosk/|dev/tablet|share$)"
    )
    assert [one for one in sorted(open_to_all) if not doors.search(one)] == []


def test_every_door_counts_who_knocks_or_says_why():
    """A POST open to everybody has a limit, but for those that count by themselves or are none of a guesser's."""
    counts_itself = {"/sign-in", "/api/v1/auth/login", "/kiosk/people/{staff_id:uuid}"}
    proves_itself = {
        "/webhooks/stripe",
        *(f"/sign-in/with/{{name:str}}/{step}" for step in ("callback", "continuation")),
    }
    only_ends = {"/sign-out", "/api/v1/auth/logout", "/kiosk/away"}
    opens_nothing = {"/share", "/kiosk/awake", "/dev/tablet", "/dev/tablet/removal"}
    unguarded = {
        route.path
        for route in create_litestar().routes
        for handler in getattr(route, "route_handlers", [])
        if "POST" in handler.http_methods
        if handler.opt.get("needs") == "public" and not handler.opt.get("limits")
    }
    assert unguarded == counts_itself | proves_itself | only_ends | opens_nothing


def test_permissions_are_known_words():
    assert SIGNED_IN in KNOWN
    assert all(re.fullmatch(r"[a-z]+:[a-z_]+|public|signed_in", one) for one in KNOWN)


def test_every_event_is_named_once_and_frozen():
    names = [kind.__name__ for kind in SUBSCRIPTIONS]
    assert len(names) == len(set(names))
    assert all(kind.__struct_config__.frozen for kind in SUBSCRIPTIONS)


def _signals(path: Path) -> set[str]:
    """The names that a module rings pages with; of a name with an id in it, what stands before that."""
    tree = ast.parse(path.read_text())
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Ring"):
            continue
        said = [*call.args[1:], *(one.value for one in call.keywords if one.arg == "signal")][0]
        if isinstance(said, ast.Name) and said.id in assigned:
            said = assigned[said.id]
        ends = [said.body, said.orelse] if isinstance(said, ast.IfExp) else [said]
        for end in ends:
            first = end.values[0] if isinstance(end, ast.JoinedStr) else end
            if isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found


def test_every_signal_that_is_rung_is_heard_by_some_page():
    rung = set().union(*map(_signals, APP.rglob("*.py")))
    assert {"service:progress_updated", "bench", "finding-", "notification:read"} <= rung
    heard = "".join(path.read_text() for path in TEMPLATES)
    deaf = [one for one in rung if not re.search(rf"[\"', ]{one}(\{{\{{[^}}]+\}}\}})? from:#live", heard)]
    assert deaf == []


def test_nothing_names_the_machine_it_was_made_on():
    root = APP.parent
    for pattern in ("app/**/*.py", "app/**/*.html", "*.md", "docs/**/*.md", "bin/*"):
        for path in root.glob(pattern):
            if path.is_file():
                assert f"{root}/" not in path.read_text(errors="ignore"), path


def test_the_tests_that_the_security_page_names_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", Path("docs/security.md").read_text())
    assert len(named) > 50
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in Path(path).read_text()]
    assert not missing, "\n".join(missing)


def test_each_of_the_49_has_a_test_or_a_rule_that_exists():
    rules = set(
        re.findall(
            r"^id: (\S+)", "\n".join(one.read_text() for one in Path("tests/rules").glob("*.yml")), re.M
        )
    )
    proved: dict[int, int] = {}
    for numbers, proofs in re.findall(
        r"^\| (\d+(?:, \d+)*) \|[^|]*\|(.*)\|$", Path("docs/security.md").read_text(), re.M
    ):
        named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", proofs))
        assert named <= rules, named - rules
        for number in numbers.split(", "):
            proved[int(number)] = proved.get(int(number), 0) + len(named) + proofs.count("::")
    assert sorted(proved) == list(range(1, 50))
    assert all(proved.values()), proved
