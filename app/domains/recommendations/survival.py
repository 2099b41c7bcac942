"""How long parts last, when many of them still last: survival curves, their error, and when they are not to be used.

Lengths are whole numbers of one unit (months, or thousands of kilometres) and come as counts, so that nothing here knows a
car. Nothing here is drawn by chance: the same counts give the same curve, in whatever order they come.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Spell = tuple[int, bool, int]
"""A length, whether a replacement ended it (else it was still running: censored), and how many there are."""
Curve = list[tuple[int, float]]
"""(length, share that lasts longer), at each length at which something ended; falling, between 1 and 0."""
Lasts = Callable[[int], float]
"""The share that lasts longer than a length."""

ENOUGH_EVENTS, ENOUGH_HELD = 20, 8
"""Replacements to learn from, and to be tested on, below which a curve says nothing."""
LEAST_SEEN = 0.1
"""Beyond the length that less than a tenth was watched for, an error is made of too few."""


def kaplan_meier(spells: Iterable[Spell]) -> Curve:
    """The product-limit estimate of how many last longer than each length, with right-censored ones (Kaplan & Meier,
    "Nonparametric estimation from incomplete observations", 1958). One that is censored at a length counts as lasting
    when something ends at the same length. Lengths are of one unit; empty where nothing ended."""
    ended, running = _counted(spells)
    return _product(ended, running, late_first=False)


def _counted(spells: Iterable[Spell]) -> tuple[Counter[int], Counter[int]]:
    ended: Counter[int] = Counter()
    running: Counter[int] = Counter()
    for length, is_event, count in spells:
        (ended if is_event else running)[length] += count
    return ended, running


def _product(ended: Counter[int], running: Counter[int], *, late_first: bool) -> Curve:
    """`late_first`: what `running` has at a length leaves before what `ended` has there."""
    at_risk = sum(ended.values()) + sum(running.values())
    share, curve = 1.0, []
    for length in sorted({*ended, *running}):
        if late_first:
            at_risk -= running[length]
        if ended[length]:
            share *= (at_risk - ended[length]) / at_risk
            curve.append((length, share))
        at_risk -= ended[length] if late_first else ended[length] + running[length]
    return curve


def lasts(curve: Sequence[tuple[int, float]], length: float) -> float:
    """The share that lasts longer than a length."""
    at = bisect_right(curve, length, key=lambda point: point[0])
    return curve[at - 1][1] if at else 1.0


def when(curve: Sequence[tuple[int, float]], share: float, *, after: float = 0) -> int | None:
    """The length by which a share (0 to 1) of those that have lasted `after` has ended; None where the curve does not
    come so far down, or nothing has lasted so long."""
    left = lasts(curve, after)
    if left <= 0:
        return None
    wanted = (1 - share) * left
    return next((length for length, value in curve if length > after and value <= wanted + 1e-12), None)


def integrated_brier(held: Sequence[Spell], says: Lasts) -> float | None:
    """The mean over all lengths of the squared error of a forecast, on spells it has not seen: 0 is right always, 0.25 no
    better than a coin. Censored ones are made up for by weighting with how many were watched so long (Graf, Schmoor,
    Sauerbrei & Schumacher, "Assessment and comparison of prognostic classification schemes for survival data", 1999).
    Up to the longest replacement that enough were watched for; None where there is none."""
    ended, running = _counted(held)
    watched = _product(running, ended, late_first=True)
    lengths = [length for length in ended if lasts(watched, length) >= LEAST_SEEN]
    count = sum(ended.values()) + sum(running.values())
    if not lengths:
        return None
    scores = []
    for at in range(1, max(lengths) + 1):
        share, seen = says(at), lasts(watched, at)
        over = sum(number / lasts(watched, length - 1) for length, number in ended.items() if length <= at)
        still = sum(number for length, number in (*ended.items(), *running.items()) if length > at)
        scores.append((share**2 * over + ((1 - share) ** 2 * still / seen if still else 0.0)) / count)
    return sum(scores) / len(scores)


def mean_miss(held: Iterable[Spell], middle: float) -> float | None:
    """By how much one length for all is off on average, over the replacements that were seen; None without any."""
    ends = [(length, count) for length, is_event, count in held if is_event]
    total = sum(count for _length, count in ends)
    return sum(abs(length - middle) * count for length, count in ends) / total if total else None


@dataclass(frozen=True, slots=True)
class Fit:
    """A curve, what it was learned from and tested on, and whether it may be used."""

    curve: Curve
    spells: int
    events: int
    held_spells: int
    held_events: int
    error: float | None
    rule_error: float | None
    miss: float | None
    rule_miss: float | None
    why_off: str
    """few: too little to learn from or to be tested on; worse: not better than the rule; empty: on."""


def fit(seen: Sequence[Spell], held: Sequence[Spell], rule: int) -> Fit:
    """Learn from some cars, and be tested on the others against the rule that a part lasts `rule` and no longer.

    On only where it is better in both: its integrated Brier score below the rule's, and its median off by no more than
    the rule's one length. The first alone would favour any curve over any step; the second compares like with like.
    """
    curve = kaplan_meier(seen)
    events, held_events = _events(seen), _events(held)
    error = integrated_brier(held, lambda at: lasts(curve, at))
    rule_error = integrated_brier(held, lambda at: 1.0 if at < rule else 0.0)
    middle = when(curve, 0.5)
    miss = None if middle is None else mean_miss(held, middle)
    rule_miss = mean_miss(held, rule)
    few = events < ENOUGH_EVENTS or held_events < ENOUGH_HELD
    if few or error is None or rule_error is None or miss is None or rule_miss is None:
        why_off = "few"
    else:
        why_off = "" if error < rule_error and miss <= rule_miss else "worse"
    return Fit(
        curve, _all(seen), events, _all(held), held_events, error, rule_error, miss, rule_miss, why_off
    )


def _events(spells: Iterable[Spell]) -> int:
    return sum(count for _length, is_event, count in spells if is_event)


def _all(spells: Iterable[Spell]) -> int:
    return sum(count for _length, _is_event, count in spells)
