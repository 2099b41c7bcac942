"""Stored files: rows, addresses, and what the page that serves them says."""

from datetime import timedelta

import pytest
from litestar.datastructures import UploadFile
from sqlalchemy import select

from app.core import clock, files
from app.core.db import act_as, transaction
from app.core.errors import Invalid, Refused
from app.core.middleware import Envelope
from app.core.tables import File
from app.gateways.storage import FileMissing
from app.settings import settings
from tests.cast import HARBOR, VOLT
from tests.core import pictures

PDF = b"%PDF-1.7\n" + b"0123456789" * 20 + b"\n%%EOF\n"


def sent(data, name="IMG_0001.JPG", kind="image/jpeg"):
    return UploadFile(kind, name, file_data=data)


async def kept(cast, data=None):
    [image] = await files.receive_images(
        [sent(data or pictures.jpeg(900, 600))], by=cast.advisor.viewer, tenant=HARBOR
    )
    async with transaction(tenant=HARBOR) as db:
        return await files.keep(db, image, by=cast.advisor.viewer, owner=cast.customer.user_id)


async def test_a_kept_image_is_shown_at_its_address_in_a_sandbox(browser, cast):
    file = await kept(cast)
    for small, kind in ((False, "image/jpeg"), (True, "image/webp")):
        answer = await browser().get(files.signed_url(file, small=small))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"].startswith("inline;")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"].startswith("private")
        assert int(answer.headers["content-length"]) == len(answer.content) > 100


async def test_an_expired_or_forged_address_is_refused(browser, cast):
    file = await kept(cast)
    url = files.signed_url(file, 600)
    visitor = browser()
    with clock.moved_by(timedelta(minutes=10)):
        assert (await visitor.get(url)).status_code == 200
    with clock.moved_by(timedelta(minutes=21)):
        expired = await visitor.get(url)
    assert expired.status_code == 403
    assert "expired" in expired.text
    for bad in (url[:-3], url.replace(".", "x."), "/files/..%2f..%2fetc%2fpasswd", "/files/a.b"):
        assert (await visitor.get(bad)).status_code in (403, 404)


async def test_a_document_is_handed_over_as_an_attachment_and_in_ranges(browser, cast):
    received = await files.receive_document(
        sent(PDF, "Überprüfung\r\nX: 1.pdf", "application/pdf"), by=cast.advisor.viewer, tenant=HARBOR
    )
    async with transaction(tenant=HARBOR) as db:
        file = await files.keep(db, received, by=cast.advisor.viewer)
    visitor = browser()
    whole = await visitor.get(files.signed_url(file))
    assert whole.content == PDF
    assert whole.headers["content-disposition"].startswith("attachment;")
    part = await visitor.get(files.signed_url(file), headers={"range": "bytes=9-18"})
    assert (part.status_code, part.content) == (206, b"0123456789")
    assert part.headers["content-range"] == f"bytes 9-18/{len(PDF)}"
    open_end = await visitor.get(files.signed_url(file), headers={"range": "bytes=9-"})
    assert (open_end.status_code, open_end.content) == (206, PDF[9:])
    for every in ("bytes=0-", f"bytes=0-{len(PDF) - 1}", "bytes=-9999"):  # 200 would stop Safari
        all_of_it = await visitor.get(files.signed_url(file), headers={"range": every})
        assert (all_of_it.status_code, all_of_it.content) == (206, PDF)
    last = await visitor.get(files.signed_url(file), headers={"range": "bytes=-6"})
    assert (last.status_code, last.content) == (206, PDF[-6:])
    backwards = await visitor.get(files.signed_url(file), headers={"range": "bytes=20-10"})
    assert (backwards.status_code, backwards.content) == (200, PDF)
    beyond = await visitor.get(files.signed_url(file), headers={"range": "bytes=9999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(PDF)}")


async def test_what_is_no_photo_is_refused_in_words_and_leaves_no_row(site, cast):
    with pytest.raises(Invalid) as refused:
        await files.receive_images(
            [sent(pictures.jpeg()), sent(b"<svg onload=alert(1)>", "cat.jpg")],
            by=cast.advisor.viewer,
            tenant=HARBOR,
        )
    assert refused.value.errors == {"photos": "“cat.jpg” is not a JPEG, PNG or WebP photo."}
    with pytest.raises(Invalid):
        await files.receive_document(
            sent(b"MZ\x90\x00", "invoice.pdf"), by=cast.advisor.viewer, tenant=HARBOR
        )
    async with transaction(tenant=HARBOR) as db:
        assert (await db.scalars(select(File))).all() == []


async def test_the_shop_and_its_customer_may_read_the_row_and_nobody_else(site, cast):
    file = await kept(cast)
    for user, tenant, may in (
        (None, HARBOR, True),
        (cast.customer.user_id, None, True),
        (cast.outsider.user_id, VOLT, False),
        (cast.stranger.user_id, None, False),
    ):
        async with transaction() as db:
            await act_as(db, user=user, tenant=tenant)
            assert (await db.get(File, file.id) is not None) is may


async def test_the_bytes_of_a_forgotten_file_go_after_the_commit(site, cast, run_reactions):
    file = await kept(cast)
    async with transaction(tenant=HARBOR) as db:
        await files.forget(db, await db.get_one(File, file.id), by=cast.advisor.viewer)
    assert await files.storage().get(file.key)
    await run_reactions()
    for key in (file.key, file.thumbnail_key):
        with pytest.raises(FileMissing):
            await files.storage().get(key)


async def test_a_refusal_stands_when_the_bytes_cannot_be_taken_away(site, cast, monkeypatch, unused_tcp_port):
    by = cast.advisor.viewer
    received = await files.receive_images([sent(pictures.jpeg(90, 60))], by=by, tenant=HARBOR)
    monkeypatch.setenv("STORAGE_URL", f"s3://photos/shop?endpoint=http://127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings.cache_clear()
    try:
        with pytest.raises(Refused, match="gone meanwhile"):
            async with files.kept_or_gone(received, by=by, tenant=HARBOR):
                raise Refused("gone meanwhile")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


async def test_with_a_bucket_pages_may_show_its_images_and_addresses_point_there(
    site, cast, monkeypatch, unused_tcp_port
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    origin = f"http://127.0.0.1:{unused_tcp_port}"
    monkeypatch.setenv("STORAGE_URL", f"s3://photos/shop?endpoint={origin}&region=eu-central-1")
    settings.cache_clear()
    try:
        policy = Envelope(lambda *_: None)._policy("nonce", with_map=False)
        assert f"img-src 'self' data: blob: {origin}; media-src 'self' {origin};" in policy
        file = File(kind="image", key="a/b.jpg", thumbnail_key=None, content_type="image/jpeg", label="x.jpg")
        assert files.signed_url(file).startswith(f"{origin}/photos/shop/a/b.jpg?")
        assert files.signed_url(file) == files.signed_url(file)
    finally:
        monkeypatch.undo()
        settings.cache_clear()
