"""The same documents as JSON."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import transaction
from app.core.security import csrf_token
from app.core.tables import File
from app.domains.documents.models import Document, DocumentFile
from app.domains.garage.models import Ownership
from tests.cast import CAR, OTHER_CAR
from tests.core import pictures
from tests.domains.documents.test_documents import DANA, PDF, PHOTO, POLICY
from tests.domains.garage.test_family import shared

URL = "/api/v1/customers/documents"
OF_CAR = POLICY | {"vehicle_id": str(CAR)}


async def send(person, url, form, files):
    """Multipart, as a program sends it: a form without a file is multipart as well."""
    parts = [(name, (None, value)) for name, value in form.items()] + list(files)
    headers = {"sec-fetch-site": "same-origin", "x-csrf-token": csrf_token(person.binding)}
    return await person.http.post(url, files=parts, headers=headers)


async def add(person, form=OF_CAR, files=()):
    answer = await send(person, URL, form, files)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(person, query=""):
    answer = await person.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["documents"]]


async def test_a_document_is_added_changed_and_removed_with_its_files(browser):
    dana = browser(DANA)
    made = await add(dana, files=[PHOTO, PDF])
    at = f"{URL}/{made['id']}"
    assert (made["vehicle_id"], made["kind"], made["issuer"], made["version"]) == (
        str(CAR), "insurance", "Länd & Söhne", 1,
    )  # fmt: skip
    photo, pdf = made["files"]
    assert [photo["content_type"], pdf["content_type"]] == ["image/jpeg", "application/pdf"]
    assert (await dana.get(pdf["url"])).content == PDF[1][1]
    assert (await dana.get(photo["thumbnail_url"])).headers["content-type"] == "image/webp"
    body = {name: POLICY[name] for name in ("kind", "expires_on")} | {"title": "Corrected", "version": 1}
    changed = await dana.json("PUT", at, body)
    assert (changed.status_code, changed.json()["title"], changed.json()["issuer"]) == (200, "Corrected", "")
    assert (await dana.json("PUT", at, body)).status_code == 409
    assert (await dana.json("DELETE", f"{at}/files/{photo['id']}")).status_code == 204
    assert (await dana.json("DELETE", f"{at}/files/{photo['id']}")).status_code == 404
    more = await send(dana, f"{at}/files", {}, [PHOTO, PHOTO])
    assert (more.status_code, len(more.json()["files"])) == (201, 3)
    assert (await dana.json("DELETE", at)).status_code == 204
    assert (await dana.json("DELETE", at)).status_code == 204
    assert await listed(dana) == []
    assert (await dana.get(at)).json()["removed_at"] is not None


async def test_the_list_is_narrowed_by_car_kind_words_and_last_day(browser):
    dana = browser(DANA)
    await add(dana)
    await add(dana, {"kind": "licence", "title": "B-196"})
    await add(dana, OF_CAR | {"title": "Later", "kind": "warranty", "expires_on": "2029-01-01"})
    assert await listed(dana) == ["Owner’s policy", "Later", "B-196"]
    assert await listed(dana, f"?vehicle={CAR}") == ["Owner’s policy", "Later"]
    assert await listed(dana, "?kind=licence") == ["B-196"]
    assert await listed(dana, "?q=söhne policy") == ["Owner’s policy"]
    assert await listed(dana, "?expires_by=2026-12-31") == ["Owner’s policy"]
    assert await listed(dana, "?expires_by=2026-12-30") == []
    assert (await dana.get(f"{URL}?vehicle={OTHER_CAR}")).status_code == 404
    assert (await dana.get(f"{URL}?vehicle=mine")).status_code in (400, 404)


async def test_a_newer_one_takes_an_older_ones_place_once(browser):
    dana = browser(DANA)
    older = await add(dana)
    newer = OF_CAR | {"title": "Next year", "expires_on": "2027-12-31", "replaces": older["id"]}
    made = await add(dana, newer)
    assert await listed(dana) == ["Next year"]
    assert (await dana.get(f"{URL}/{older['id']}")).json()["replaced_by_id"] == made["id"]
    assert (await send(dana, URL, newer, [])).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "spell"}, "kind"),
        ({"expires_on": "2025-01-01"}, "expires_on"),
        ({"expires_on": "tomorrow"}, "expires_on"),
        ({"title": "x" * 161}, "title"),
        ({"vehicle_id": "mine"}, "vehicle_id"),
        ({"user_id": "me"}, "user_id"),
        ({"version": "7", "told": "2"}, "told"),
    ],
)
async def test_mistakes_are_named_by_field_and_keep_nothing(browser, wrong, field):
    refused = await send(browser(DANA), URL, OF_CAR | wrong, [PHOTO])
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"]
    async with transaction(user=DANA.user_id) as db:
        assert (await db.scalars(select(Document))).all() == []
        assert (await db.scalars(select(File).where(File.user_id == DANA.user_id))).all() == []


async def test_what_is_no_form_or_no_paper_is_refused(browser):
    dana = browser(DANA)
    assert (await dana.json("POST", URL, OF_CAR)).status_code == 415
    cheap = ("files", ("cheap.exe", b"MZ" + b"0" * 200, "application/pdf"))
    refused = await send(dana, URL, OF_CAR, [cheap])
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"files"})
    many = [("files", (f"{number}.jpg", pictures.jpeg(), "image/jpeg")) for number in range(11)]
    assert (await send(dana, URL, OF_CAR, many)).status_code == 422
    assert await listed(dana) == []


async def test_a_document_is_nobody_elses(browser, cast):
    made = await add(browser(DANA), files=[PHOTO])
    at = f"{URL}/{made['id']}"
    for other in (cast.outsider, cast.stranger, cast.seller, cast.advisor, cast.network):
        person = browser(other)
        assert (await person.get(at)).status_code in (403, 404)
        assert (await person.json("PUT", at, {"title": "Mine", "version": 1})).status_code in (403, 404)
        assert (await person.json("DELETE", at)).status_code in (403, 404)
        assert (await send(person, f"{at}/files", {}, [PHOTO])).status_code in (403, 404)
        assert (await person.json("DELETE", f"{at}/files/{made['files'][0]['id']}")).status_code in (403, 404)
        assert (await send(person, URL, OF_CAR, [])).status_code in (403, 404)
        assert (await person.get(URL)).json().get("documents", []) == []
    assert (await browser().get(at)).status_code == 401
    async with transaction(user=DANA.user_id) as db:
        one = (await db.scalars(select(Document))).one()
        assert (one.title, one.version, one.removed_at) == ("Owner’s policy", 1, None)


@pytest.mark.parametrize("role", ["driver", "reader"])
async def test_who_shares_a_car_opens_the_files_of_its_papers_and_changes_none(
    browser, cast, run_reactions, role
):
    dana = browser(DANA)
    made = await add(dana, files=[PHOTO, PDF])
    own = await add(dana, {"kind": "licence", "title": "B-196"}, files=[PHOTO])
    at = f"{URL}/{made['id']}"
    sam = await shared(browser, cast, run_reactions, role=role)
    assert await listed(sam) == ["Owner’s policy"]
    seen = (await sam.get(at)).json()["files"]
    assert [one["id"] for one in seen] == [one["id"] for one in made["files"]]
    for one in seen:
        assert (await sam.get(one["url"])).status_code == 200
    page = (await sam.get(f"/documents/{made['id']}")).text
    assert page.count('href="/files/') >= 2
    for way in (f"{made['id']}/edit", f"?replaces={made['id']}", f"{made['id']}/links"):
        assert way not in page  # what leads to a refusal is not drawn
        assert way in (await dana.get(f"/documents/{made['id']}")).text
    assert (await sam.get(f"{URL}/{own['id']}")).status_code == 404
    async with transaction(user=cast.stranger.user_id) as db:
        there = set(await db.scalars(select(DocumentFile.file_id)))
        assert {str(one) for one in await db.scalars(select(File.id))} == {str(one) for one in there}
        assert str(own["files"][0]["id"]) not in {str(one) for one in there}
    for answer in (
        await sam.json("DELETE", at),
        await sam.json("PUT", at, {"title": "Mine", "version": 1}),
        await send(sam, f"{at}/files", {}, [PHOTO]),
    ):
        assert answer.status_code in (403, 409)
    adds = f"/garage/{CAR}/documents/new" in (await sam.get(f"/garage/{CAR}/documents")).text
    assert adds == (role == "driver")
    assert (await send(sam, URL, OF_CAR, [])).status_code == (201 if role == "driver" else 403)


async def test_who_shares_the_car_no_more_opens_nothing(browser, cast, run_reactions):
    made = await add(browser(DANA), files=[PHOTO])
    sam = await shared(browser, cast, run_reactions, role="reader")
    assert len(await listed(sam)) == 1
    async with transaction(user=cast.stranger.user_id) as db:
        await db.execute(
            update(Ownership)
            .where(Ownership.vehicle_id == CAR, Ownership.user_id == cast.stranger.user_id)
            .values(until=clock.now())
        )
    assert (await sam.get(f"{URL}/{made['id']}")).status_code == 404
    async with transaction(user=cast.stranger.user_id) as db:
        assert (await db.scalars(select(File))).all() == []


async def test_an_owner_s_link_shows_the_files_somebody_of_the_family_put_in(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions)
    made = await add(sam, files=[PHOTO])
    page = await browser(DANA).post(f"/documents/{made['id']}/links", {"life": "hour"})
    url = page.text.split("/paper/")[1].split("<")[0]
    shown = await browser().get(f"/paper/{url}")
    assert shown.status_code == 200
    assert 'src="/files/' in shown.text


async def test_the_interface_says_what_is_sent_as_a_form(browser):
    said = (await browser().get("/api/v1/openapi.json")).json()["paths"]
    form = said[URL]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(form) >= {"vehicle_id", "kind", "expires_on", "replaces", "files"}
    files = said[f"{URL}/{{document_id}}/files"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert set(files["schema"]["properties"]) == {"files"}
    assert said[URL]["post"]["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "DocumentOut"
    )


async def test_the_day_on_it_is_read_on_the_readers_calendar(browser):
    today = clock.today("America/New_York")
    for days, urgency in ((-1, "expired"), (0, "soon"), (30, "soon"), (31, "valid")):
        day = today + timedelta(days=days)
        form = {"kind": "other", "expires_on": str(day), "vehicle_id": str(CAR)}
        assert (await add(browser(DANA), form))["urgency"] == urgency
