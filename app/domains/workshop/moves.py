"""What may follow what: the legal moves of a job, a step and a repair order's document."""

from typing import Final

from app.core.errors import Refused
from app.core.render import template_global
from app.core.words import _
from app.domains.workshop.models import Job, JobStep, RepairOrder

JOB: Final[dict[str, frozenset[str]]] = {
    # An order that ends without an answer puts its open proposals aside as deferred.
    "proposed": frozenset({"presented", "deferred"}),
    "presented": frozenset({"authorized", "declined", "deferred"}),
    # A change of price or scope takes the customer's word back: presented again.
    "authorized": frozenset({"pending", "presented"}),
    "pending": frozenset({"in_progress", "presented"}),
    "in_progress": frozenset({"blocked", "qc"}),
    "blocked": frozenset({"in_progress"}),
    "qc": frozenset({"completed", "in_progress"}),
    "completed": frozenset(),
    "declined": frozenset({"revived"}),
    "deferred": frozenset({"revived"}),
    "revived": frozenset(),
}

STEP: Final[dict[str, frozenset[str]]] = {
    "pending": frozenset({"in_progress"}),
    "in_progress": frozenset({"completed", "pending"}),
    # Only a failed quality check reopens a finished step.
    "completed": frozenset({"in_progress"}),
}

DOCUMENT: Final[dict[str, frozenset[str]]] = {
    "estimate": frozenset({"repair_order", "archived", "void"}),
    "repair_order": frozenset({"invoiced", "void"}),
    # An invoice that is cancelled or credited opens the order again.
    "invoiced": frozenset({"closed", "repair_order"}),
    # Money given back is owed again.
    "closed": frozenset({"repair_order", "invoiced"}),
    "archived": frozenset(),
    "void": frozenset(),
}


def stage_words() -> dict[str, str]:
    """The stages in the order of the board, in the viewer's language."""
    return {
        "received": _("Received"),
        "diagnosing": _("Diagnosing"),
        "awaiting_approval": _("Waiting for approval"),
        "awaiting_parts": _("Waiting for parts"),
        "in_progress": _("In progress"),
        "sublet": _("At another shop"),
        "qc": _("Quality check"),
        "ready": _("Ready"),
        "delivered": _("Handed over"),
    }


@template_global
def document_word(status: str) -> str:
    """The state of an order's paper, in the viewer's language."""
    return {
        "estimate": _("Estimate"),
        "repair_order": _("Repair order"),
        "invoiced": _("Invoiced"),
        "closed": _("Closed"),
        "archived": _("Archived"),
        "void": _("Void"),
    }[status]


def deferred_word(status: str) -> str:
    """What became of work that was put off, in the viewer's language."""
    return {
        "open": _("Deferred"),
        "suggested": _("Deferred"),
        "revived": _("Taken up again"),
        "refused": _("Declined"),
        "obsolete": _("No longer needed"),
    }[status]


def job_word(status: str) -> str:
    """A job's state in the viewer's language."""
    return {
        "proposed": _("Proposed"),
        "presented": _("Waiting for approval"),
        "authorized": _("Approved"),
        "declined": _("Declined"),
        "deferred": _("Deferred"),
        "revived": _("Taken up again"),
        "pending": _("Ready to start"),
        "in_progress": _("In progress"),
        "blocked": _("Blocked"),
        "qc": _("Quality check"),
        "completed": _("Completed"),
    }[status]


def blocked_word(reason: str) -> str:
    """Why a job stands still, in the viewer's language."""
    return {
        "parts": _("waiting for parts"),
        "approval": _("waiting for approval"),
        "sublet": _("at another shop"),
        "bay": _("no bay free"),
        "other": _("other"),
    }[reason]


def illegal(job: Job, to: str) -> Refused:
    """The refusal of a move, to be kept in the audit trail."""
    return Refused(
        _(
            "“%(job)s” is in the state “%(now)s” and cannot become “%(to)s”.",
            job=job.title,
            now=job_word(job.status),
            to=job_word(to),
        ),
        audit="job.illegal_move",
        data={"status": job.status, "to": to},
    )


def move_job(job: Job, to: str, *, only_from: tuple[str, ...] = ()) -> str:
    """Put a job into its next state and return the one it had. Raises Refused for an illegal move.

    `only_from` narrows it for an operation that is not meant for every state the move is legal in.
    """
    if to not in JOB[job.status] or (only_from and job.status not in only_from):
        raise illegal(job, to)
    was, job.status = job.status, to
    job.version += 1
    return was


def move_step(step: JobStep, to: str) -> str:
    """Put a step into its next state and return the one it had. Raises Refused for an illegal move."""
    if to not in STEP[step.status]:
        raise Refused(
            _(
                "The step “%(step)s” cannot go from %(now)s to %(to)s.",
                step=step.name,
                now=step.status,
                to=to,
            ),
            audit="step.illegal_move",
            data={"status": step.status, "to": to},
        )
    was, step.status = step.status, to
    return was


def move_document(order: RepairOrder, to: str) -> str:
    """Put the order's document into its next state. Raises Refused for an illegal move."""
    if to not in DOCUMENT[order.status]:
        raise Refused(
            _(
                "%(order)s is in the state “%(now)s” and cannot become “%(to)s”.",
                order=order.label,
                now=document_word(order.status),
                to=document_word(to),
            ),
            audit="order.illegal_move",
            data={"status": order.status, "to": to},
        )
    was, order.status = order.status, to
    order.version += 1
    return was
