"""What a passkey's answer must be: ours, fresh, from this browser, by its owner's finger, and no copy's."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select
from webauthn.helpers import bytes_to_base64url, encode_cbor

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.domains.accounts import passkeys
from app.domains.accounts.models import PasskeyChallenge, User
from tests.conftest import viewing

UP, UV, AT = 0x01, 0x04, 0x40


@dataclass
class Device:
    """An authenticator in a few lines: one ES256 key, no attestation. Its lies can be chosen."""

    origin: str = "http://testserver"
    site: str = "testserver"
    flags: int = UP | UV
    count: int = 0
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _client(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _data(self, flags):
        self.count += 1
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, **response):
        written = {name: bytes_to_base64url(said) for name, said in response.items()}
        name = bytes_to_base64url(b"one key")
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": written,
                "clientExtensionResults": {},
            }
        )

    def create(self, options):
        options = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        data = self._data(self.flags | AT) + bytes(16) + (7).to_bytes(2) + b"one key" + encode_cbor(public)
        attested = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options), attestationObject=attested
        )

    def sign(self, options):
        client = self._client("webauthn.get", json.loads(options))
        data = self._data(self.flags)
        proof = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=client, authenticatorData=data, signature=proof, userHandle=self.user
        )


@pytest.fixture
async def dana(db, cast):
    await viewing(db, cast.customer)
    return await db.get_one(User, cast.customer.user_id)


@pytest.fixture
async def device(db, dana):
    one = Device(user=dana.id.bytes)
    asked = await passkeys.ask_to_register(db, dana, browser="hers")
    await passkeys.register(db, dana, one.create(asked), name="Phone", browser="hers")
    return one


async def signed(db, device, browser="hers", purpose="sign-in"):
    asked = await passkeys.ask_to_sign(db, "sign-in", browser="hers")
    return await passkeys.owner(db, device.sign(asked), purpose=purpose, browser=browser)


async def test_a_passkey_tells_whose_it_is(db, dana, device):
    assert (await signed(db, device)).id == dana.id
    (kept,) = await passkeys.of_person(db, dana)
    assert (kept.name, kept.sign_count, kept.last_used_at is not None) == ("Phone", 2, True)


async def test_a_challenge_is_answered_once_in_its_browser_for_its_purpose_within_five_minutes(
    db, dana, device
):
    asked = await passkeys.ask_to_sign(db, "sign-in", browser="hers")
    assert await passkeys.owner(db, device.sign(asked), purpose="sign-in", browser="hers")
    assert await passkeys.owner(db, device.sign(asked), purpose="sign-in", browser="hers") is None
    assert await signed(db, device, browser="his") is None
    assert await signed(db, device, purpose="step-up") is None
    late = await passkeys.ask_to_sign(db, "sign-in", browser="hers")
    with clock.moved_by(timedelta(minutes=5, seconds=1)):
        assert await passkeys.owner(db, device.sign(late), purpose="sign-in", browser="hers") is None
        await passkeys.ask_to_sign(db, "sign-in", browser="hers")
        assert await db.scalar(select(func.count()).select_from(PasskeyChallenge)) == 1, "old ones are gone"


@pytest.mark.parametrize("lie", [
    {"origin": "https://evil.example"}, {"site": "evil.example"}, {"flags": UP}, {"flags": UV},
    {"user": b"somebody else"}, {"key": ec.generate_private_key(ec.SECP256R1())}, {"count": -1},
])  # fmt: skip
async def test_what_another_site_another_hand_or_a_copy_has_signed_proves_nothing(db, dana, device, lie):
    assert await signed(db, device)
    assert await signed(db, device)
    for name, said in lie.items():
        setattr(device, name, said)
    assert await signed(db, device) is None


@pytest.mark.parametrize("lie", [{"origin": "https://evil.example"}, {"site": "evil.example"}, {"flags": UP}])
async def test_a_passkey_made_elsewhere_or_without_its_owner_is_not_kept(db, dana, lie):
    asked = await passkeys.ask_to_register(db, dana, browser="hers")
    with pytest.raises(Invalid):
        await passkeys.register(db, dana, Device(**lie).create(asked), name="x", browser="hers")


@pytest.mark.parametrize("nonsense", ["", "{}", "[]", "null", '{"id": 1}', "x" * 20_000, '{"response": {}}'])
async def test_nonsense_is_refused_with_words(db, dana, nonsense):
    assert await passkeys.owner(db, nonsense, purpose="sign-in", browser="hers") is None
    with pytest.raises(Invalid):
        await passkeys.register(db, dana, nonsense, name="x", browser="hers")


async def test_a_deactivated_account_is_not_opened_by_its_passkey(db, dana, device):
    dana.is_active = False
    await db.flush()
    assert await signed(db, device) is None


async def test_another_persons_passkey_cannot_be_seen_or_removed(db, cast, dana, device):
    (kept,) = await passkeys.of_person(db, dana)
    await viewing(db, cast.stranger)
    sam = await db.get_one(User, cast.stranger.user_id)
    assert await passkeys.of_person(db, sam) == []
    for who in (sam, dana):
        with pytest.raises(NotFound):
            await passkeys.remove(db, who, kept.id)
    await viewing(db, cast.customer)
    await passkeys.remove(db, dana, kept.id)
    assert await signed(db, device) is None
