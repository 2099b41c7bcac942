"""What is said of recalls in the copy of whoever's car it is."""

from collections.abc import Sequence
from uuid import UUID

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.garage.models import Ownership
from app.domains.recalls.models import RecallAnswer


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "recall_answers", _("What was said of your cars' recalls."), ("recall_answers",),
            {
                "car_id": (RecallAnswer.vehicle_id, _("which car")),
                "campaign": (RecallAnswer.campaign, _("the campaign's number")),
                "answer": (RecallAnswer.answer, _("done, or not about this car")),
                "said_at": (RecallAnswer.created_at, _("when it was said")),
            },
            lambda rows: rows.select_from(RecallAnswer)
            .join(Ownership, Ownership.vehicle_id == RecallAnswer.vehicle_id)
            .where(Ownership.user_id == person, Ownership.until.is_(None))
            .order_by(RecallAnswer.created_at),
        ),
    ]  # fmt: skip


DECLARED = Declared(records)
