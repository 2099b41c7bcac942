"""Nothing that people read stands in a template as it is: all of it goes through a catalogue."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[1] / "app" / "templates"
SHOWN = ("title", "alt", "placeholder", "aria-label", "aria-description", "label")
WORD = re.compile(r"[^\W\d_]{2,}")
CLASSES = re.compile(
    r"\{%-? (?:block \w*(?:class|shell|width)\w*|macro \w+_tone.*?) -?%\}.*?\{%-? end(?:block|macro) -?%\}",
    re.DOTALL,
)
NO_WORDS = re.compile(
    r"""Torqueline|plain-main|GeoNames|CC BY 4.0|SHA-256|RO-0|PAD-D1044|K7TM-3QXD|Maya Torres|[\w-]+="[^"]*"|PIN|VIN|kWh|kW|km|mi|psi|JSON|PDF|CSV|API|https?://\S+|\S+@\S+|width=device-width.*|light dark|QR|SMS"""
)
"""Names and signs that are the same in every language."""


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.mute = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.mute += tag in ("script", "style", "code", "pre")
        given = dict(attrs)
        self.read += [
            given[name] or "" for name in SHOWN if name in given and not (tag == "meta" and name != "content")
        ]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.read.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self.mute -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data: str) -> None:
        if not self.mute:
            self.read.append(data)


def plain_words(template: str) -> Iterator[str]:
    """What a template says by itself, without what it calls."""
    only = CLASSES.sub("", template)
    only = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", only, flags=re.DOTALL)
    only = re.sub(r"\{\{.*?\}\}", "0", only, flags=re.DOTALL)
    reader = Reader()
    reader.feed(only)
    for said in reader.read:
        if WORD.search(NO_WORDS.sub("", said)):
            yield " ".join(said.split())


def test_words_that_stand_in_a_template_are_found() -> None:
    assert list(plain_words('<p title="Hello">{{ _("Yes") }}</p>')) == ["Hello"]
    assert list(plain_words("<p>{% if a %}No words{% endif %} {{ b }}</p>")) == ["No words 0"]
    assert list(plain_words('<p class="card">{{ _("Yes") }} · <bdi>{{ vin }}</bdi></p>')) == []


@pytest.mark.parametrize("folder", sorted(one.name for one in TEMPLATES.iterdir() if one.is_dir()))
def test_every_word_of_a_page_goes_through_the_catalogue(folder: str) -> None:
    if folder == "dev":
        return  # for those who build the product
    found = {
        str(path.relative_to(TEMPLATES)): said
        for path in sorted((TEMPLATES / folder).rglob("*.html"))
        if (said := list(plain_words(path.read_text())))
    }
    assert found == {}
