"""Checklists, findings, sharing.

A **sheet** (template) is one version of a checklist: sections of items, some with a measure and thresholds.
An **inspection** is a sheet being filled in for one repair order. Each item gets a **finding**: a rating
(green, yellow, red, not applicable), perhaps a measure, a note and **photos**. A yellow or red finding becomes
a proposed job on the order in one tap, through the item's canned job. The customer sees the ratings and the
photos the shop chose to show.
"""

from app.domains.inspections.photos import hidden_proof, show_hidden_proof
from app.domains.inspections.reading import Seen, Summary, for_customer, of_order
from app.domains.inspections.sheets import install as install_sheets

__all__ = [
    "Seen",
    "Summary",
    "for_customer",
    "hidden_proof",
    "install_sheets",
    "of_order",
    "show_hidden_proof",
]
