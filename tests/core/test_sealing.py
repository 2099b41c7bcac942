"""Sealed files and texts."""

import asyncio
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import sealing

PIECE = sealing._PIECE


@given(
    size=st.sampled_from([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE]),
    cut=st.sampled_from([7_000, PIECE, PIECE + 16, 4 * PIECE]),
    damage=st.sampled_from(["none", "changed", "cut short", "a piece missing", "two swapped", "another key"]),
)
def test_a_sealed_file_comes_back_whole_or_not_at_all(size, cut, damage):
    key, plain, sealed = (
        sealing.new_key(),
        bytes(range(256)) * (size // 256) + b"x" * (size % 256),
        io.BytesIO(),
    )
    sealing.seal_file(key, io.BytesIO(plain), sealed)
    raw, whole = sealed.getvalue(), PIECE + 16
    head, pieces = raw[:32], [raw[at : at + whole] for at in range(32, len(raw), whole)]
    match damage:
        case "changed":
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        case "cut short":
            raw = raw[:-1]
        case "a piece missing":
            raw = head + b"".join(pieces[:-1])
        case "two swapped":
            raw = head + b"".join(reversed(pieces))
        case "another key":
            key = sealing.new_key()

    async def read():
        async def cut_up():
            for at in range(0, len(raw), cut):
                yield raw[at : at + cut]

        return b"".join([piece async for piece in sealing.unseal_file(key, cut_up())])

    if damage == "none" or (damage == "two swapped" and len(pieces) == 1):
        assert asyncio.run(read()) == plain
    else:
        with pytest.raises(ValueError, match="sealed"):
            asyncio.run(read())
