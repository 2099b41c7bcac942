"""What is still open when a card is to go to Ready or Delivered: asked about first, never taken silently."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Refused
from app.core.words import _
from app.domains.workshop import jobs
from app.domains.workshop.models import OPEN_WORK, RepairOrder
from app.domains.workshop.moves import job_word, stage_words


class OpenEnd(msgspec.Struct, frozen=True):
    """One thing that is not done: a job, or what is owed (`invoice`: none was written; `payment`)."""

    kind: str
    title: str = ""
    status: str = ""
    job_id: UUID | None = None

    @property
    def key(self) -> str:
        """Says which one it is, whatever it is called or how far it has come."""
        return str(self.job_id or self.kind)

    @property
    def words(self) -> str:
        """In the viewer's language."""
        if self.kind == "job":
            return _("“%(job)s”: %(state)s", job=self.title, state=job_word(self.status))
        return {"invoice": _("No invoice has been written"), "payment": _("The invoice is not paid")}[
            self.kind
        ]


class StillOpen(Refused):
    """A question, not a breach of the rules: with a reason the card may go there all the same."""

    def __init__(self, order: RepairOrder, to: str, ends: Sequence[OpenEnd]) -> None:
        said = "; ".join(end.words for end in ends)
        super().__init__(
            _(
                "%(order)s is not done with, and “%(stage)s” says it is. Still open: %(ends)s.",
                order=order.label,
                stage=stage_words()[to],
                ends=said,
            ),
            data={"open": [_bare(end) for end in ends], "version": order.version, "stage": order.stage},
        )


def _bare(end: OpenEnd) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(end).items() if value and name != "job_id"}


async def open_ends(db: AsyncSession, order: RepairOrder, to: str) -> list[OpenEnd]:
    """What the move of a card would pass over: unfinished jobs on the way to Ready, what is owed as well on the
    way out of the house."""
    if to == order.stage or to not in ("ready", "delivered"):
        return []
    every = await jobs.jobs_of(db, order)
    ends = [
        OpenEnd("job", job.title, job.status, job.id)
        for job in every
        if job.status in ("presented", *OPEN_WORK, "qc")
    ]
    if to == "delivered" and order.status == "invoiced":
        ends.append(OpenEnd("payment"))
    elif to == "delivered" and order.status == "repair_order" and any(job.is_authorized for job in every):
        ends.append(OpenEnd("invoice"))
    return ends
