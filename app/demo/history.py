"""Two made-up recalls that name the cars of the demo's driver, one of them seen to, and a passport for a buyer."""

from sqlalchemy.ext.asyncio import create_async_engine

from app.demo.stage import Stage
from app.domains import garage
from app.domains.passports import making
from app.domains.recalls import loading, standing

LINES = (
    "CAMPNO\tMAKETXT\tMODELTXT\tYEARTXT\tCOMPNAME\tDESC_DEFECT\tCONEQUENCE_DEFECT\tCORRECTIVE_ACTION",
    "DEMO-001\tSUBARU\tOUTBACK\t9999\tFUEL PUMP\tThe low-pressure fuel pump may stop turning.\t"
    "The engine may stop while driving.\tDealers put a new pump in, free of charge.",
    "DEMO-002\tSUBARU\tOUTBACK\t9999\tWIPERS\tThe wiper motor may let water in.\tThe wipers may stop in the rain.\t"
    "Dealers seal the motor, free of charge.",
    "DEMO-003\tTESLA\tMODEL 3\t9999\tREAR CAMERA\tThe cable of the rear camera may chafe when the trunk is opened.\t"
    "The picture may be missing while reversing.\tWorkshops of the maker lay a new cable, free of charge.",
)  # fmt: skip


async def remember(stage: Stage, owner_url: str) -> None:
    engine = create_async_engine(owner_url, hide_parameters=True)
    try:
        await loading.take_in(engine, (line.encode() for line in LINES))
    finally:
        await engine.dispose()
    async with stage.acting(stage.owners["outback"]) as (db, me):
        car = await garage.find_own(db, me, stage.cars["outback"].id)
        await standing.answer(db, car, "DEMO-002", "done", by=me)
        await making.make(db, car, days=90, by=me)
