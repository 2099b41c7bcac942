from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from app.gateways.storage import FileMissing, new_key, open_storage
from app.gateways.storage.s3 import S3Storage

BUCKET = "shop-files"


@pytest.fixture(scope="module")
def bucket_url():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as env:
        env.setenv("AWS_ACCESS_KEY_ID", "test")
        env.setenv("AWS_SECRET_ACCESS_KEY", "test")
        boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1").create_bucket(
            Bucket=BUCKET
        )
        yield f"s3://{BUCKET}/torqueline?endpoint=http://{host}:{port}&region=us-east-1"
    server.stop()


@pytest.fixture
def storage(bucket_url):
    storage = open_storage(bucket_url, secret="unused")
    assert isinstance(storage, S3Storage)
    return storage


def key():
    return new_key(UUID(int=7), "jpg", at=datetime.now(UTC))


async def test_what_was_put_comes_back_whole_or_in_part(storage):
    name = key()
    await storage.put(name, b"0123456789", media_type="image/jpeg")
    assert await storage.get(name) == b"0123456789"
    assert b"".join([piece async for piece in storage.stream(name, start=3, length=4)]) == b"3456"
    await storage.put(name, BytesIO(b"again"), media_type="image/jpeg")
    assert await storage.get(name) == b"again"
    await storage.put(name, b"", media_type="image/jpeg")
    assert await storage.get(name) == b""
    await storage.delete(name)
    await storage.delete(name)
    with pytest.raises(FileMissing):
        await storage.get(name)


async def test_a_presigned_address_serves_the_file_the_way_it_was_signed(storage):
    name = key()
    await storage.put(name, b"photo", media_type="image/jpeg")
    how = {"media_type": "application/pdf", "name": "Prüfbericht.pdf", "inline": False}
    url = storage.signed_url(name, until=datetime.now(UTC) + timedelta(minutes=10), **how)
    async with httpx.AsyncClient() as web:
        answer = await web.get(url)
    assert answer.content == b"photo"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    asked = parse_qs(urlsplit(url).query)
    assert 590 <= int(asked["X-Amz-Expires"][0]) <= 600
    assert urlsplit(url).path == f"/{BUCKET}/torqueline/{name}"


async def test_an_address_signed_again_for_the_same_moment_is_equal(storage):
    until = datetime.now(UTC) + timedelta(minutes=10)
    how = {"until": until, "media_type": "image/jpeg", "name": "x.jpg", "inline": True}
    assert storage.signed_url("a/b.jpg", **how) == storage.signed_url("a/b.jpg", **how)


async def test_no_key_is_accepted_that_the_server_did_not_make(storage):
    for bad in ["../x", "a//b", "A/b", ""]:
        with pytest.raises(ValueError, match="storage key"):
            await storage.put(bad, b"x", media_type="image/jpeg")


async def test_probe_tells_whether_the_bucket_answers(storage, bucket_url):
    await storage.probe()
    with pytest.raises(Exception, match="404"):
        await open_storage(bucket_url.replace(BUCKET, "another-bucket"), secret="x").probe()


async def test_a_folder_says_what_lies_in_it(storage):
    assert await storage.keys("list") == []
    for key in ("list/b.json", "list/a.json", "list/deeper/c.json", "listed/d.json"):
        await storage.put(key, b"{}", media_type="application/json")
    assert await storage.keys("list") == ["list/a.json", "list/b.json"]


async def test_a_store_that_is_asked_to_encrypts_what_it_keeps(bucket_url):
    """A photo sent whole and a copy streamed in parts alike; what is misspelt is refused, not kept in the clear."""
    storage = open_storage(f"{bucket_url}&encryption=AES256", secret="x")
    small, large = key(), key()
    await storage.put(small, b"photo", media_type="image/jpeg")
    await storage.put(large, BytesIO(b"x" * 9 * 1024 * 1024), media_type="application/zip")
    plain = key()
    await open_storage(bucket_url, secret="x").put(plain, b"photo", media_type="image/jpeg")
    at = {
        one: storage._client.head_object(Bucket=BUCKET, Key=f"torqueline/{one}").get("ServerSideEncryption")
        for one in (small, large, plain)
    }
    assert at == {small: "AES256", large: "AES256", plain: None}
    assert await storage.get(small) == b"photo"
    with pytest.raises(ValueError, match="encryption"):
        open_storage(f"{bucket_url}&encryption=aes-256", secret="x")
