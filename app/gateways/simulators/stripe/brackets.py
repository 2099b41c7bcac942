"""Stripe's form encoding: `line_items[0][price_data][currency]=usd` is a tree."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from .refusals import StripeRefusal

Params = dict[str, Any]

_PARTS = re.compile(r"\[([^\]]*)\]")


def decode(encoded: str) -> Params:
    """Read a form or query string as nested dicts; the keys 0, 1, 2… make a list, `a[]` appends."""
    tree: Params = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head, _, _rest = name.partition("[")
        path = [head, *_PARTS.findall(name[len(head) :])]
        _put(tree, path, value)
    result = _listed(tree)
    return result if isinstance(result, dict) else {}


def _put(tree: Params, path: list[str], value: str) -> None:
    node = tree
    for part, following in pairwise(path):
        key = part or str(len(node))
        child = node.setdefault(key, {})
        if not isinstance(child, dict):
            raise StripeRefusal(
                f"Invalid parameter near '{following}'", code="parameter_invalid_string_blank"
            )
        node = child
    node[path[-1] or str(len(node))] = value


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    done = {key: _listed(value) for key, value in node.items()}
    if done and all(key.isdigit() for key in done):
        return [done[key] for key in sorted(done, key=int)]
    return done


def only(params: Params, *allowed: str) -> None:
    """Refuse what Stripe does not know, as Stripe does."""
    for name in params:
        if name not in allowed and name != "expand":
            raise StripeRefusal(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def whole(value: Any, param: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise StripeRefusal(
            f"Invalid integer: {value}", code="parameter_invalid_integer", param=param
        ) from None
