"""A virus scanner looks at what people send when CLAMD_URL is set: ClamAV's daemon, over TCP or a Unix socket.

Its protocol is in `man clamd`: a command that begins with z ends with a zero byte, and so does the answer. INSTREAM is
followed by the file in pieces, each after its length (four bytes, network order), and by a piece of length 0. A
connection is for one command. docs/decisions/virus-scanner.md says why this is not a library.
"""

import asyncio
import contextlib
import struct
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import SplitResult, urlsplit

PIECE = 256 * 1024
SCAN_SECONDS = 30.0
"""From the first byte to the verdict; a photo takes less than one."""
PING_SECONDS = 2.0


class Infected(Exception):
    """The scanner knows this. `virus` is its name."""

    def __init__(self, virus: str) -> None:
        super().__init__(virus)
        self.virus = virus


class TooLargeToScan(Exception):
    """More than the scanner is set to look at (StreamMaxLength of clamd.conf)."""


class ScannerAway(Exception):
    """No verdict: not reached, too slow, gone half-way, or an answer that is none."""


class Clamd:
    """The scanner at `tcp://host:port` or `unix:///path`. Raises ValueError for any other address."""

    def __init__(self, url: str, *, scan_seconds: float = SCAN_SECONDS) -> None:
        parts = urlsplit(url)
        is_tcp = parts.scheme == "tcp" and parts.hostname and _port(parts) and not parts.path
        is_unix = parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/")
        if not is_tcp and not is_unix:
            raise ValueError("CLAMD_URL must look like tcp://host:3310 or unix:///run/clamav/clamd.ctl")
        self._host, self._port, self._path = parts.hostname or "", _port(parts), parts.path
        self._scan_seconds = scan_seconds

    async def scan(self, file: BinaryIO) -> None:
        """Return when the scanner finds nothing in `file`, read from where it stands. Raises Infected, TooLargeToScan,
        or ScannerAway, after which nothing is known of the file."""
        answer = await self._ask(b"INSTREAM", file, within=self._scan_seconds)
        if answer == "stream: OK":
            return
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            raise Infected(answer.removeprefix("stream: ").removesuffix(" FOUND"))
        if answer == "INSTREAM size limit exceeded. ERROR":
            raise TooLargeToScan
        raise ScannerAway(answer[:200])

    async def version(self) -> str:
        """Which scanner answers, and how old what it knows is. Raises ScannerAway."""
        return await self._ask(b"VERSION", None, within=PING_SECONDS)

    async def _ask(self, command: bytes, file: BinaryIO | None, *, within: float) -> str:
        try:
            async with asyncio.timeout(within):
                reader, writer = await self._connect()
                answer = asyncio.create_task(reader.readuntil(b"\0"))
                try:
                    # It hangs up on a file that is too large while we still send; what it said first is the answer.
                    with contextlib.suppress(ConnectionError):
                        for part in _parts(command, file):
                            if answer.done():
                                break
                            writer.write(part)
                            await writer.drain()
                    return (await answer)[:-1].decode()
                finally:
                    answer.cancel()
                    writer.transport.abort()  # a close would wait for a scanner that does not read
        except (
            OSError,
            EOFError,
            ValueError,
            asyncio.LimitOverrunError,
        ) as error:  # a time-out is an OSError
            raise ScannerAway(str(error) or type(error).__name__) from error

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._path:
            return await asyncio.open_unix_connection(self._path)
        return await asyncio.open_connection(self._host, self._port)


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or 0
    except ValueError:  # no number, or none of a port
        return 0


def _parts(command: bytes, file: BinaryIO | None) -> Iterator[bytes]:
    yield b"z" + command + b"\0"
    if file is None:
        return
    while piece := file.read(PIECE):
        yield struct.pack("!L", len(piece)) + piece
    yield struct.pack("!L", 0)


def open_scanner(clamd_url: str | None) -> Clamd | None:
    """The scanner of the settings; None when none is set."""
    return Clamd(clamd_url) if clamd_url else None
