"""What of sent files is in their sender's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.histories.models import HistoryFile


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "history_files", _("Files with the history of a car that you sent."), ("history_files",),
            {
                "car_id": (HistoryFile.vehicle_id, _("which car")),
                "name": (HistoryFile.name, _("what the file is called")),
                "program": (HistoryFile.program, _("which program wrote it")),
                "sent_at": (HistoryFile.created_at, _("when you sent it")),
                "taken_at": (HistoryFile.taken_at, _("when it went into the logbook")),
                "entries": (HistoryFile.entries, _("how many entries came of it")),
                "readings": (HistoryFile.readings, _("how many readings of the mileage came of it")),
                "undone_at": (HistoryFile.undone_at, _("when it was taken out again")),
            },
            lambda rows: rows.select_from(HistoryFile)
            .where(HistoryFile.user_id == person)
            .order_by(HistoryFile.created_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """The files go; what came of them is the logbook's."""
    await db.execute(delete(HistoryFile).where(HistoryFile.user_id == person))


DECLARED = Declared(records, erase=erase)
