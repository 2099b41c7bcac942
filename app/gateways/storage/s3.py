"""Files in a bucket that speaks S3. boto3 blocks, so every call runs in a thread."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

from app.gateways.storage import FileMissing, checked, disposition

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_PIECE = 256 * 1024
_MISSING = {"NoSuchKey", "404", "NotFound"}


class S3Storage:
    """One bucket, path addressing (works with self-hosted stores), signature version 4."""

    def __init__(
        self, client: "S3Client", bucket: str, prefix: str = "", encrypted: dict[str, str] | None = None
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._encrypted = encrypted or {}
        self.origin = client.meta.endpoint_url.rstrip("/")
        self._presign = lru_cache(maxsize=4096)(self._presigned)

    @classmethod
    def at(cls, url: str) -> "S3Storage":
        """Open `s3://bucket/prefix?endpoint=…&region=…&encryption=…`; credentials come from the usual AWS variables.
        `encryption` is AES256 or aws:kms (with `key=…` for another key than the bucket's own); ValueError if it is
        neither."""
        parts = urlsplit(url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        client = boto3.client(
            "s3",
            endpoint_url=options.get("endpoint"),
            region_name=options.get("region", "us-east-1"),
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
            ),
        )
        prefix = parts.path.strip("/")
        return cls(client, parts.netloc, f"{prefix}/" if prefix else "", _encryption(options))

    def _name(self, key: str) -> str:
        return self._prefix + checked(key)

    async def put(self, key: str, source: bytes | BinaryIO, *, media_type: str) -> None:
        """Store `source` whole or not at all; an existing key is replaced."""
        body = BytesIO(source) if isinstance(source, bytes) else source
        how = {"ContentType": media_type, **self._encrypted}
        await asyncio.to_thread(
            self._client.upload_fileobj, body, self._bucket, self._name(key), ExtraArgs=how
        )

    async def get(self, key: str) -> bytes:
        """All bytes under `key`. Raises FileMissing."""
        return b"".join([piece async for piece in self.stream(key)])

    async def stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, in pieces of 256 KiB. Raises FileMissing."""
        name = self._name(key)
        span = f"bytes={start}-{'' if length is None else start + length - 1}"
        whole = not start and length is None  # asked without a range, which an empty object does not have
        try:
            answer = await asyncio.to_thread(
                lambda: (
                    self._client.get_object(Bucket=self._bucket, Key=name)
                    if whole
                    else self._client.get_object(Bucket=self._bucket, Key=name, Range=span)
                )
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise FileMissing(key) from error
            raise
        body = answer["Body"]
        try:
            while piece := await asyncio.to_thread(body.read, _PIECE):
                yield piece
        finally:
            body.close()

    async def delete(self, key: str) -> None:
        """Forget a key; a missing one is no error."""
        await asyncio.to_thread(self._client.delete_object, Bucket=self._bucket, Key=self._name(key))

    async def keys(self, folder: str) -> list[str]:
        """What lies directly in a folder of few and small files, sorted."""

        def found() -> list[str]:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._name(folder)}/", Delimiter="/"
            )
            return [one["Key"] for page in pages for one in page.get("Contents", [])]

        names = await asyncio.to_thread(found)
        return sorted(checked(name.removeprefix(self._prefix)) for name in names)

    async def probe(self) -> None:
        """Raise when the bucket cannot be reached."""
        await asyncio.to_thread(self._client.head_bucket, Bucket=self._bucket)

    def signed_url(self, key: str, *, until: datetime, media_type: str, name: str, inline: bool) -> str:
        """A presigned GET. It is remembered: equal arguments give an equal address, which browsers cache."""
        return self._presign(self._name(key), until, media_type, disposition(name, inline=inline))

    def _presigned(self, name: str, until: datetime, media_type: str, how: str) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": name,
                "ResponseContentType": media_type,
                "ResponseContentDisposition": how,
                "ResponseCacheControl": "private, max-age=3600",
            },
            ExpiresIn=max(1, int((until - datetime.now(UTC)).total_seconds())),
        )


def _encryption(options: dict[str, str]) -> dict[str, str]:
    """What every file is sent with, so that the store encrypts it at rest."""
    kind = options.get("encryption")
    if kind not in (None, "AES256", "aws:kms"):
        raise ValueError(f"encryption is AES256 or aws:kms, not {kind!r}")
    key = {"SSEKMSKeyId": options["key"]} if "key" in options else {}
    return {"ServerSideEncryption": kind, **key} if kind else {}
