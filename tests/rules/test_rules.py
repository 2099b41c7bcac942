"""Each rule of our own finds what it is there for, and each has an example here."""

import json
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import yaml

RULES = Path(__file__).parent
ROOT = RULES.parent.parent

FOUND = {
    "sql-made-of-text": 'text(f"SELECT * FROM {table}")',
    "sql-put-together": 'text("SELECT * FROM " + table)',
    "unescaped-markup": 'Markup(f"<b>{name}</b>")',
    "object-deserialised": "import pickle",
    "xml-with-entities": "from xml.etree import ElementTree",
    "call-that-follows": "httpx.AsyncClient(follow_redirects=True)",
    "call-without-a-client": "httpx.get(address)",
    "tls-not-verified": "httpx.AsyncClient(verify=False)",
    "shell": "subprocess.run(typed, shell=True)",
    "text-that-runs": "eval(typed)",
    "weak-hash": "hashlib.md5(password)",
    "guessable": "import random",
    "secret-compared-by-time": "if token == wanted: pass",
    "logged-text": 'log.info(f"hello {name}", extra={})',
    "environment-read-elsewhere": 'os.environ["SECRET_KEY"]',
    "clock-read-elsewhere": "datetime.now(UTC)",
    "whole-network-seen": "set_config('app.network', 'on')",
    "text-that-runs-in-a-page": "eval(typed);",
    "text-that-becomes-markup": "card.innerHTML = typed;",
    "kept-in-the-browser": "localStorage.setItem('name', name);",
}
LET = """
text("SELECT * FROM cars WHERE id = :id")
Markup("<b>{}</b>").format(name)
httpx.AsyncClient(follow_redirects=False, verify=context)
subprocess.run(["ls", typed], shell=False)
if hmac.compare_digest(token, wanted): pass
log.info("hello", extra={"name": name})
clock.now()
"""


def test_every_rule_finds_its_example_and_nothing_else(tmp_path: Path) -> None:
    written = [rule for path in RULES.glob("*.yml") for rule in yaml.safe_load_all(path.read_text())]
    assert {rule["id"] for rule in written} == set(FOUND)
    shutil.copytree(RULES, tmp_path / "tests" / "rules")
    shutil.copy(ROOT / "sgconfig.yml", tmp_path)
    python, script = tmp_path / "app/domains/x.py", tmp_path / "app/static/js/x.js"
    languages = {rule["id"]: rule["language"] for rule in written}
    for path, language, right in ((python, "python", LET), (script, "javascript", "")):
        path.parent.mkdir(parents=True)
        lines = [line for rule, line in FOUND.items() if languages[rule] == language]
        path.write_text("\n".join(lines) + right)
    command = [Path(sys.executable).with_name("ast-grep"), "scan", "--json=compact", "app"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    hits = defaultdict(set)
    for hit in json.loads(said.stdout):
        line = (tmp_path / hit["file"]).read_text().splitlines()[hit["range"]["start"]["line"]]
        hits[hit["ruleId"]].add(line)
    assert hits == {rule: {line} for rule, line in FOUND.items()}
