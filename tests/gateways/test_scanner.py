"""The virus scanner's protocol, against a scanner on a real socket."""

import asyncio
import io

import pytest

from app.gateways.scanner import PIECE, Clamd, Infected, ScannerAway, TooLargeToScan, open_scanner
from app.gateways.simulators.clamd import EICAR, Simulator, scanning


async def test_a_file_arrives_whole_in_pieces_and_gets_its_verdict():
    async with scanning() as (simulator, url):
        scanner = Clamd(url)
        for data in (b"", b"a", bytes(PIECE), bytes(range(256)) * 3000 + b"end"):
            await scanner.scan(io.BytesIO(data))
            assert simulator.seen[-1] == data
        with pytest.raises(Infected) as found:
            await scanner.scan(io.BytesIO(b"x" * (PIECE - 10) + EICAR))  # across two pieces
        assert found.value.virus == "Eicar-Signature"
        assert await scanner.version() == "ClamAV 1.4.3/simulator"


async def test_it_is_reached_over_a_unix_socket_too(tmp_path):
    simulator = Simulator()
    server = await asyncio.start_unix_server(simulator.serve, tmp_path / "clamd.ctl")
    scanner = Clamd(f"unix://{tmp_path}/clamd.ctl")
    await scanner.scan(io.BytesIO(b"fine"))
    with pytest.raises(Infected):
        await scanner.scan(io.BytesIO(EICAR))
    server.close()
    with pytest.raises(ScannerAway):
        await scanner.scan(io.BytesIO(b"fine"))


async def test_more_than_it_looks_at_is_no_clean_file():
    async with scanning(longest=PIECE) as (_simulator, url):
        with pytest.raises(TooLargeToScan):
            await Clamd(url).scan(io.BytesIO(bytes(PIECE + 1)))
        with pytest.raises((TooLargeToScan, ScannerAway)):  # it hangs up while 30 MB are on their way
            await Clamd(url).scan(io.BytesIO(bytes(30 * 1024 * 1024)))


@pytest.mark.parametrize("fault", ["silent", "dies", "babbles"])
async def test_without_a_verdict_nothing_is_clean(fault):
    async with scanning() as (simulator, url):
        simulator.fault = fault
        for data in (
            b"fine",
            bytes(30 * 1024 * 1024),
        ):  # more than the sockets hold: it must not wait for ever
            with pytest.raises(ScannerAway):
                await asyncio.wait_for(Clamd(url, scan_seconds=0.3).scan(io.BytesIO(data)), 5)
    with pytest.raises(ScannerAway):
        await Clamd(url).scan(io.BytesIO(b"fine"))  # nobody listens any more


def test_without_an_address_there_is_no_scanner():
    assert open_scanner(None) is None
