"""Videos: written anew in the worker, without what travelled in them; what is none is refused in words."""

import asyncio
import contextlib
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import av
import pytest
from sqlalchemy import select, update

from app.core import clips, clock, files, graveyard, relay
from app.core.db import act_as, transaction
from app.core.tables import DeadJob, Delivery, File
from app.domains import workshop
from app.domains.inspections.models import FindingPhoto
from app.domains.workshop.models import OrderPhoto, RepairOrder
from app.gateways.storage import FileMissing
from tests.cast import HARBOR
from tests.core import films, pictures
from tests.domains.inspections import sheets

TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "avi": "video/x-msvideo"}


@pytest.fixture
async def place(site):
    """An item of a sheet that is being filled in, and its address."""
    inspection, _order = await sheets.begun_on_site()
    return f"/inspections/{inspection.id}/findings/{await sheets.item_on_site(inspection, 'Horn')}"


async def send(tablet, place, data, name="IMG_0042.MOV"):
    return await tablet.post(f"{place}/clips", files={"clip": (name, data, "video/mp4")})


async def the_file():
    async with transaction(tenant=HARBOR) as db:
        return await db.scalar(select(File).where(File.kind == "video"))


async def hand_out():
    """What the relay hands to the worker of the videos that wait."""
    owed = (await relay.stamp())[1] + await relay.overdue()
    [mine] = [one for one in owed if one[1].startswith("ClipReceived")]
    return str(mine[0]), mine[1]


async def term_of(reaction, due_at=None):
    """When the delivery is handed out again; first moved to `due_at`."""
    mine = update(Delivery).where(Delivery.reaction == reaction)
    async with transaction(tenant=HARBOR) as db:
        moved = mine.values(due_at=due_at or Delivery.due_at).returning(Delivery.due_at)
        return (await db.scalars(moved)).one()


@pytest.mark.parametrize("kind", list(TYPES))
async def test_a_video_is_written_anew_as_one_that_every_browser_plays(tmp_path, kind):
    data = films.film(kind)
    assert films.PLACE.encode() in data or kind == "avi"
    source = tmp_path / "source"
    source.write_bytes(data)
    told = []

    async def tell(percent):
        told.append(percent)

    clip = await clips.renew(source, tmp_path, TYPES[kind], tell)
    made = clip.film.read_bytes()
    assert (clip.width, clip.height, clip.seconds) == (160, 120, 1)
    assert told == sorted(told)
    assert told[0] < 50 < told[-1]
    for travelled in (films.PLACE.encode(), b"Harbor Road"):
        assert travelled not in made + clip.still.read_bytes()
    assert made.index(b"moov") < made.index(b"mdat")  # plays before it has arrived whole
    with av.open(BytesIO(made)) as film:
        coded = [(one.type, one.codec_context.name) for one in film.streams]
        assert coded == [("video", "h264"), ("audio", "aac")]
        assert 9 <= sum(1 for _frame in film.decode(video=0)) <= 10
    assert clip.still.read_bytes()[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(5000), "unreadable"),
        (lambda: films.film(seconds=3)[:4000], "unreadable"),  # the index of an MP4 stands at its end
        (lambda: films.film("mov", size=(4200, 64), sound=False), "pixels"),
        (lambda: films.film(step=100), "too_long"),
        (lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "unreadable"),
    ],
    ids=["lie", "cut", "wide", "long", "playlist"],
)
async def test_what_is_no_video_of_ours_is_refused_with_its_reason(tmp_path, data, reason):
    source = tmp_path / "source"
    source.write_bytes(data())
    with pytest.raises(clips.ClipRefused) as refused:
        await clips.renew(source, tmp_path, "video/mp4", lambda _percent: asyncio.sleep(0))
    assert refused.value.reason == reason


async def test_a_child_that_the_kernel_ends_is_the_videos_fault_and_one_that_somebody_ends_is_not(
    tmp_path, monkeypatch
):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for ends_by, fault in (("SIGXCPU", clips.ClipRefused), ("SIGTERM", RuntimeError)):
        press = tmp_path / f"{ends_by}.py"
        press.write_text(f"import os, signal; os.kill(os.getpid(), signal.{ends_by})")
        monkeypatch.setattr(clips, "PRESS", press)
        with pytest.raises(fault):
            await clips.renew(source, tmp_path, "video/mp4", lambda _percent: asyncio.sleep(0))


async def test_a_technicians_video_is_the_shops_until_it_is_shown(browser, cast, place, run_reactions):
    tablet = browser(cast.technician)
    assert "Up to 60 seconds and 200 MB." in (await tablet.get(place)).text
    assert (await send(tablet, place, films.film())).status_code == 303
    sent = await the_file()
    assert (sent.state, files.signed_url(sent)) == ("preparing", "")
    sheet = (await tablet.json("GET", f"/api/v1/staff{place.partition('/findings')[0]}")).json()
    [said] = [photo for one in sheet["findings"] for photo in one["photos"]]
    assert (said["kind"], said["state"], said["url"]) == ("video", "preparing", "")
    waiting = (await tablet.get(place)).text
    assert "Video is being prepared" in waiting
    assert "<video" not in waiting
    await run_reactions()
    file = await the_file()
    assert (file.state, file.content_type, file.seconds, file.user_id) == (
        "ready",
        "video/mp4",
        1,
        sent.user_id,
    )
    with pytest.raises(FileMissing):  # the place it was taken at goes with it
        await files.storage().get(sent.key)
    shown = (await tablet.get(place)).text
    assert 'preload="none"' in shown
    assert "Show the customer" in shown
    part = await browser().get(files.file_url(file), headers={"range": "bytes=0-1"})
    assert (part.status_code, part.headers["content-range"]) == (206, f"bytes 0-1/{file.size}")
    assert part.headers["content-disposition"].startswith("inline;")
    assert part.headers["content-type"] == "video/mp4"
    async with transaction(tenant=HARBOR) as db:
        [photo] = await db.scalars(select(FindingPhoto))
    assert photo.is_shared is False
    assert (await tablet.post(f"{place}/photos/{photo.id}/removal")).status_code == 303
    await run_reactions()
    for key in (file.key, file.thumbnail_key):
        with pytest.raises(FileMissing):
            await files.storage().get(key)


async def test_what_cannot_be_taken_is_said_beside_the_field_and_kept_nowhere(browser, cast, place):
    tablet = browser(cast.technician)
    for data, name, words in (
        (b"MZ\x90\0", "brakes.mp4", "“brakes.mp4” is not a video we can read."),
        (b"", "brakes.mp4", "“brakes.mp4” is empty."),
    ):
        answer = await send(tablet, place, data, name)
        assert (answer.status_code, words in answer.text) == (422, True)
    nothing = await tablet.post(f"{place}/clips", {"clip": "brakes.mp4"})
    assert (nothing.status_code, "Choose or record a video first." in nothing.text) == (422, True)
    assert (await send(browser(cast.outsider), place, films.film())).status_code == 404
    assert await the_file() is None


async def test_a_program_sends_a_video_by_the_same_rules(browser, cast, place):
    here, tablet = f"/api/v1/staff{place}/clips", browser(cast.technician)

    async def answer(by, data, key):
        return await by.post(here, files={"clip": ("brakes.mp4", data, "video/mp4")}, key=key)

    unread = await answer(tablet, b"MZ\x90\0", "unread")
    assert (unread.status_code, "not a video we can read" in unread.json()["errors"]["clip"]) == (422, True)
    assert (await answer(browser(cast.outsider), films.film(), "outside")).status_code == 404
    assert await the_file() is None
    taken = await answer(tablet, films.film(), "taken")
    assert taken.status_code == 201
    [shown] = taken.json()["photos"]
    assert (shown["kind"], shown["state"], shown["url"], shown["is_shared"]) == (
        "video",
        "preparing",
        "",
        False,
    )


async def test_a_photo_that_is_refused_after_it_arrived_lies_nowhere(browser, cast):
    inspection, order = await sheets.begun_on_site()
    on_sheet = f"/inspections/{inspection.id}/findings/{await sheets.item_on_site(inspection, 'Horn')}/photos"
    on_order, tablet = f"/orders/{order.number}/photos", browser(cast.technician)

    async def answers(url, form=None, key=""):
        sent = {"photos": ("brakes.jpg", pictures.jpeg(), "image/jpeg")}
        return (await tablet.post(url, form, files=sent, key=key)).status_code

    def lying():
        return sum(one.is_file() for one in files.storage()._folder.rglob("*"))

    before = lying()
    assert await answers(on_order, {"job": str(uuid4())}) == 404
    assert lying() == before
    for url in (on_sheet, on_order):
        assert [await answers(url, key=f"twice {url}") for _time in range(2)] == [303, 303]
    assert await answers(f"/api/v1/staff{on_sheet}") == 201
    assert lying() == before + 3 * 2  # each with its small one
    drive = browser(cast.customer)
    new = {"photo": ("car.jpg", pictures.jpeg(), "image/jpeg")}
    wrong = await drive.post("/garage", {"vin": "no VIN at all"}, files=new)
    assert (wrong.status_code, lying()) == (422, before + 3 * 2)


async def test_a_video_that_is_refused_after_it_arrived_lies_nowhere(browser, cast, run_reactions):
    inspection, order = await sheets.begun_on_site()
    on_sheet = f"/inspections/{inspection.id}/findings/{await sheets.item_on_site(inspection, 'Horn')}/clips"
    on_order, tablet = f"/orders/{order.number}/clips", browser(cast.technician)

    async def answers(url, form=None, key=""):
        sent = {"clip": ("brakes.mp4", films.film(), "video/mp4")}
        return (await tablet.post(url, form, files=sent, key=key)).status_code

    def lying():
        return [one for one in files.storage()._folder.rglob("*") if one.is_file()]

    before = len(lying())
    assert await answers(on_order, {"job": str(uuid4())}) == 404
    for url in (on_sheet, on_order):
        assert [await answers(url, key=f"twice {url}") for _time in range(2)] == [303, 303]
    assert len(lying()) == before + 2
    async with transaction() as db:
        await act_as(db, user=cast.advisor.user_id, tenant=HARBOR)
        await workshop.void(
            db, await db.get_one(RepairOrder, order.id), by=cast.advisor.viewer, reason="Left"
        )
    assert await answers(on_order) == 409
    assert len(lying()) == before + 2


async def test_a_video_that_cannot_be_read_says_so_and_can_be_taken_off(browser, cast, place, run_reactions):
    tablet = browser(cast.technician)
    await send(tablet, place, b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(5000))
    await run_reactions()
    file = await the_file()
    assert (file.state, file.refusal) == ("refused", "unreadable")
    shown = (await tablet.get(place)).text
    assert "This is not a video we can read. Record it again." in shown
    assert "Only the shop" not in shown
    with pytest.raises(FileMissing):
        await files.storage().get(file.key)


async def test_an_orders_video_that_cannot_be_read_is_removed_and_no_other(
    browser, cast, place, run_reactions
):
    async with transaction(tenant=HARBOR) as db:
        number = await db.scalar(select(RepairOrder.number))
    here, tablet = f"/orders/{number}", browser(cast.technician)
    for data in (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(5000), films.film()):
        await tablet.post(f"{here}/clips", files={"clip": ("brakes.mp4", data, "video/mp4")})
    await run_reactions()
    async with transaction(tenant=HARBOR) as db:
        bad, good = await db.scalars(select(OrderPhoto.id).order_by(OrderPhoto.id))
    page = (await tablet.get(here)).text
    assert (f"{bad}/removal" in page, f"{good}/removal" in page) == (True, False)
    assert (await browser(cast.outsider).post(f"{here}/photos/{bad}/removal")).status_code == 404
    assert (await tablet.post(f"{here}/photos/{bad}/removal")).status_code == 303
    assert (await tablet.post(f"{here}/photos/{good}/removal")).status_code == 409
    async with transaction(tenant=HARBOR) as db:
        assert list(await db.scalars(select(OrderPhoto.id))) == [good]
        assert list(await db.scalars(select(File.state).where(File.kind == "video"))) == ["ready"]


async def test_a_worker_that_dies_in_the_middle_loses_nothing(browser, cast, place, monkeypatch):
    await send(browser(cast.technician), place, films.film())
    event, reaction = await hand_out()
    half_way, stored = asyncio.Event(), files.storage().put

    async def put(*args, **kwargs):
        await stored(*args, **kwargs)
        half_way.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as dying:
        dying.setattr(files.storage(), "put", put)
        dying.setattr(relay, "BEAT", timedelta(seconds=0.1))
        run = asyncio.create_task(relay.react_slowly(event, reaction))
        await half_way.wait()
        await relay.react_slowly(
            event, reaction
        )  # handed out twice: put off, until the first shows life again
        async with asyncio.timeout(5):
            while await term_of(reaction) < clock.now() + 2 * relay.LATER:
                pass
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run
    assert (await the_file()).state == "preparing"
    with clock.moved_by(relay.PATIENCE + timedelta(seconds=1)):
        await relay.react_slowly(*await hand_out())
    file = await the_file()
    assert file.state == "ready"
    assert (await files.storage().get(file.key))[4:8] == b"ftyp"


async def test_a_video_that_two_workers_prepare_stays(browser, cast, place, monkeypatch):
    await send(browser(cast.technician), place, films.film())
    event, reaction = await hand_out()
    monkeypatch.setattr(clips, "AT_ONCE", 2)  # what is counted a process, as if these were two
    await term_of(reaction, clock.now() - timedelta(seconds=1))  # it waited in the queue for a minute
    stored, both, late = files.storage().put, asyncio.Barrier(2), []

    async def put(key, *args, **kwargs):
        if key.endswith("-clip.mp4"):
            await both.wait()
            late.extend(await relay.overdue())
        await stored(key, *args, **kwargs)

    monkeypatch.setattr(files.storage(), "put", put)
    async with asyncio.timeout(30):
        await asyncio.gather(relay.react_slowly(event, reaction), relay.react_slowly(event, reaction))
    assert late == []  # each shows life as soon as it begins
    file = await the_file()
    assert file.state == "ready"
    assert (await files.storage().get(file.key))[4:8] == b"ftyp"
    assert (await files.storage().get(file.thumbnail_key))[8:12] == b"WEBP"


async def test_a_video_that_never_succeeds_is_found_among_the_dead_jobs(browser, cast, place, monkeypatch):
    await send(browser(cast.technician), place, films.film())
    event, reaction = await hand_out()
    async with transaction(tenant=HARBOR) as db:
        await db.execute(
            update(Delivery).where(Delivery.reaction == reaction).values(attempts=relay.TRIES - 1)
        )
    with monkeypatch.context() as broken:
        broken.setattr(clips, "PRESS", "/nowhere/press.py")
        await relay.react_slowly(event, reaction)
    async with transaction() as db:
        dead = await db.scalar(select(DeadJob).where(DeadJob.kwargs["event_id"].astext == event))
        await graveyard.replay(db, dead.id)
    shown = (await browser(cast.technician).get(place)).text
    assert "Video could not be prepared" in shown
    assert "Video is being prepared" not in shown
    assert "Show the customer" not in shown
    await relay.react_slowly(event, reaction)  # the administrator had it tried again
    assert ((await the_file()).state, (await the_file()).refusal) == ("ready", "")


async def test_a_second_video_waits_for_the_first_and_that_is_no_try(browser, cast, place, monkeypatch):
    await send(browser(cast.technician), place, films.film())
    event, reaction = await hand_out()
    monkeypatch.setattr(clips, "AT_ONCE", 0)
    await relay.react_slowly(event, reaction)
    async with transaction(tenant=HARBOR) as db:
        mine = select(Delivery).where(Delivery.reaction == reaction)
        delivery = await db.scalar(mine)
    assert (delivery.attempts, delivery.done_at, delivery.dead_at) == (0, None, None)
    assert delivery.due_at < clock.now() + relay.PATIENCE / 2
