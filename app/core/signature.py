"""A signature drawn on a screen: what a browser's pad sends is rebuilt from its numbers, nothing else of it is
kept. Shown only as an image, where nothing can run."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from app.core.errors import Invalid
from app.core.render import template_global
from app.core.words import _

LONGEST = 300_000
MOST_STROKES = 6_000
INK = "#14201f"

_NUMBER = r"-?\d{1,5}(?:\.\d{1,20})?"
_VIEW = re.compile(rf'viewBox="0 0 ({_NUMBER}) ({_NUMBER})"')
_TAG = re.compile(r"<(path|circle)\b([^<>]*)>")
_CURVE = re.compile(rf"M ?{_NUMBER},{_NUMBER} C ?(?:{_NUMBER},{_NUMBER} ?){{3}}")
_ATTRIBUTE = re.compile(r'\b([a-z-]+)="([^"<>]*)"')


def read_drawing(text: str | None, *, field: str = "signature") -> dict[str, Any] | None:
    """The signature in an SVG as signature_pad writes it, as {"svg": clean text}; None when nothing is drawn.

    Raises Invalid for anything else.
    """
    if not text or not text.strip():
        return None
    view = _VIEW.search(text[:1000])
    if len(text) > LONGEST or view is None:
        raise Invalid({field: _("The drawn signature could not be read. Clear it and draw again.")})
    strokes = [stroke for tag, attributes in _TAG.findall(text) if (stroke := _stroke(tag, attributes))]
    if not strokes:
        return None
    if len(strokes) > MOST_STROKES:
        raise Invalid({field: _("The drawn signature is too long. Clear it and draw again.")})
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {view[1]} {view[2]}">'
    return {"svg": f"{head}{''.join(strokes)}</svg>"}


def _stroke(tag: str, written: str) -> str:
    said = dict(_ATTRIBUTE.findall(written))
    if tag == "path" and _CURVE.fullmatch(said.get("d", "").strip()) and _is_number(said.get("stroke-width")):
        return (
            f'<path d="{said["d"].strip()}" stroke-width="{said["stroke-width"]}" stroke="{INK}" '
            'fill="none" stroke-linecap="round"/>'
        )
    if tag == "circle" and all(_is_number(said.get(name)) for name in ("cx", "cy", "r")):
        return f'<circle cx="{said["cx"]}" cy="{said["cy"]}" r="{said["r"]}" fill="{INK}"/>'
    return ""


def _is_number(text: str | None) -> bool:
    return text is not None and re.fullmatch(_NUMBER, text) is not None


@template_global
def drawn_before(text: str) -> str:
    """The address of a drawing that came with a form which is shown again, for an <img>; empty when there is none or
    when it could not be read."""
    try:
        return drawing_uri(read_drawing(text))
    except Invalid:
        return ""


def drawing_uri(signature: Mapping[str, Any] | None) -> str:
    """The address of a drawn signature for an <img>; empty when the name was only typed."""
    svg = (signature or {}).get("svg", "")
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" if svg else ""
