"""Estimates: priced proposals in immutable versions, the links that show them, and what was decided.

An *estimate* is one version for a repair order; its jobs and lines are frozen copies. A *sheet* is a version as
it is read. An *authorization* is who decided what about a job, when, how and from where; there is no limit to
how many an order has. A *link* lets its holder see one version and decide it once, without an account.

Domains above call what is named here. The mail that carries a link calls `issue_link` while it is written, so
that the token stands nowhere else.
"""

from app.domains.estimates.finding import estimates_of, find, visible_to
from app.domains.estimates.links import issue_link
from app.domains.estimates.sending import send
from app.domains.estimates.sheet import Sheet, SheetJob, read_sheet
from app.domains.estimates.writing import draft

__all__ = [
    "Sheet",
    "SheetJob",
    "draft",
    "estimates_of",
    "find",
    "issue_link",
    "read_sheet",
    "send",
    "visible_to",
]
