"""The secret of a client that has a key instead (Apple): a token signed with it, made anew before it ends."""

from joserfc import jwt
from joserfc.jwk import ECKey

from . import Provider

LIFE = 3600
"""Seconds. Apple allows six months; nothing is gained by more than an hour."""
SPARE = 300

_made: dict[tuple[str, str], tuple[float, str]] = {}


def made_secret(provider: Provider, now: float) -> str:
    """A client secret that is good for another five minutes at least. `now` in seconds since 1970."""
    assert provider.key is not None
    name = (provider.client_id, provider.key.key_id)
    ends, secret = _made.get(name, (0.0, ""))
    if ends - SPARE > now:
        return secret
    claims = {
        "iss": provider.key.team_id,
        "sub": provider.client_id,
        "aud": provider.issuer,
        "iat": int(now),
        "exp": int(now) + LIFE,
    }
    header = {"alg": "ES256", "kid": provider.key.key_id}
    secret = jwt.encode(header, claims, ECKey.import_key(provider.key.pem))
    _made[name] = (now + LIFE, secret)
    return secret
