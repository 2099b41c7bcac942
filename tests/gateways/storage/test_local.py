from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest

from app.gateways.storage import FileMissing, disposition, new_key, open_storage, same_for_a_while
from app.gateways.storage.local import BadToken, LocalStorage

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "files", secret="s" * 40)


def sign(storage, key, **changes):
    how = {"until": NOON, "media_type": "image/jpeg", "name": "left brake.jpg", "inline": True} | changes
    return storage.signed_url(key, **how).removeprefix("/files/")


async def test_what_was_put_comes_back_whole_or_in_part(storage):
    key = new_key(UUID(int=7), "jpg", at=NOON)
    await storage.put(key, BytesIO(b"0123456789"), media_type="image/jpeg")
    assert await storage.get(key) == b"0123456789"
    assert b"".join([piece async for piece in storage.stream(key, start=3, length=4)]) == b"3456"
    await storage.put(key, b"", media_type="image/jpeg")
    assert await storage.get(key) == b""
    await storage.delete(key)
    await storage.delete(key)
    with pytest.raises(FileMissing):
        await storage.get(key)
    with pytest.raises(FileMissing):
        [piece async for piece in storage.stream(key)]


async def test_a_failed_write_leaves_neither_file_nor_draft(storage, tmp_path):
    class Broken(BytesIO):
        def read(self, size=-1):
            raise OSError("the tablet went out of range")

    key = new_key(None, "jpg", at=NOON)
    with pytest.raises(OSError, match="tablet"):
        await storage.put(key, Broken(), media_type="image/jpeg")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


STRANGE_KEYS = [
    *["", ".", "..", "../secret", "a/../../b", "/etc/passwd", "a//b", "a/.hidden", "a\\b", "a\x00b", "A/b"],
    *["a/b.c.d", "a/\u202egpj.exe", "x" * 300, "a/b.jpg\n", "~root/x", "c:/x"],
]


@pytest.mark.parametrize("key", STRANGE_KEYS)
async def test_no_key_leads_out_of_the_folder(storage, key):
    with pytest.raises(ValueError, match="storage key"):
        await storage.put(key, b"x", media_type="image/jpeg")
    with pytest.raises(ValueError, match="storage key"):
        await storage.get(key)
    with pytest.raises(ValueError, match="storage key"):
        sign(storage, key)


async def test_a_signed_address_opens_until_its_time_has_passed(storage):
    key = new_key(UUID(int=7), "jpg", at=NOON)
    token = sign(storage, key)
    ticket = storage.open_token(token, at=NOON - timedelta(seconds=1))
    assert (ticket.key, ticket.name, ticket.inline) == (key, "left brake.jpg", True)
    with pytest.raises(BadToken):
        storage.open_token(token, at=NOON)


async def test_no_token_is_believed_that_was_not_signed_here(storage, tmp_path):
    token = sign(storage, new_key(UUID(int=7), "jpg", at=NOON))
    stranger = LocalStorage(tmp_path / "files", secret="t" * 40)
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    for bad in [
        "",
        ".",
        "a.b",
        "é.é",
        token[:-2],
        token.split(".")[0],
        changed,
        token + "%",
        sign(stranger, "a/b.jpg"),
    ]:
        with pytest.raises(BadToken):
            storage.open_token(bad, at=NOON - timedelta(hours=1))


def test_a_file_name_never_breaks_out_of_its_header():
    for name in [
        'a"; x="b',
        "a\r\nSet-Cookie: x=1",
        "../../etc/passwd",
        "invoice\u202efdp.exe",
        "é" * 300 + ".jpg",
        "",
        ".",
    ]:
        header = disposition(name, inline=False)
        assert header.startswith('attachment; filename="')
        assert header.count('"') == 2
        assert header.isascii()
        assert not any(sign in header for sign in ("\r", "\n", "/", "\\", "%E2%80%AE"))
    assert disposition("Bremse vorn links – 4 mm.jpg", inline=True).startswith("inline;")


def test_addresses_signed_in_one_window_are_equal():
    window = timedelta(minutes=10)
    ends = {same_for_a_while(NOON + timedelta(seconds=s), window) for s in range(600)}
    assert ends == {NOON + window}


def test_the_settings_address_picks_the_driver(tmp_path):
    assert isinstance(open_storage((tmp_path / "with space").as_uri(), secret="s" * 40), LocalStorage)
    for bad in ["", "ftp://x/y", "file://", "/plain/path"]:
        with pytest.raises(ValueError, match="store files"):
            open_storage(bad, secret="s" * 40)


async def test_a_folder_says_what_lies_in_it(storage):
    assert await storage.keys("list") == []
    for key in ("list/b.json", "list/a.json", "list/deeper/c.json", "listed/d.json"):
        await storage.put(key, b"{}", media_type="application/json")
    assert await storage.keys("list") == ["list/a.json", "list/b.json"]
    with pytest.raises(ValueError, match="not a storage key"):
        await storage.keys("..")
