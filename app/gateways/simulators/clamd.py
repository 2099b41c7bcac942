"""ClamAV's daemon as far as the site speaks with it: VERSION, PING and INSTREAM over a real socket. It knows one virus, the
harmless EICAR test file, and finds it anywhere in what it is sent (the real one wants it at the beginning).

For the tests; the demo has none, because a scanner that knows one virus protects nobody.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from typing import Literal

# Put together here, so that this file is not found by the scanner of whoever checks it out.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"

Fault = Literal["", "silent", "dies", "babbles"]


class Simulator:
    """One scanner. `fault` is how it behaves from now on; `seen` is every file it was sent whole."""

    def __init__(self, *, longest: int = 100 * 1024 * 1024) -> None:
        self.longest = longest
        self.fault: Fault = ""
        self.seen: list[bytes] = []
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one command and its answer."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            answer = await self._answer(reader)
            if self.fault == "babbles":
                answer = b"HTTP/1.1 200 OK"
            writer.write(answer + b"\0")
            await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        command = await reader.readuntil(b"\0")
        if self.fault == "dies":
            raise ConnectionResetError
        if self.fault == "silent":
            await self.ended.wait()  # reads no further: the other side must have had enough by itself
            raise ConnectionResetError
        match command:
            case b"zINSTREAM\0":
                return await self._scan(reader)
            case b"zPING\0":
                return b"PONG"
            case b"zVERSION\0":
                return b"ClamAV 1.4.3/simulator"
        return b"UNKNOWN COMMAND"

    async def _scan(self, reader: asyncio.StreamReader) -> bytes:
        sent = bytearray()
        while size := struct.unpack("!L", await reader.readexactly(4))[0]:
            if len(sent) + size > self.longest:
                return b"INSTREAM size limit exceeded. ERROR"
            sent += await reader.readexactly(size)
        self.seen.append(bytes(sent))
        return b"stream: Eicar-Signature FOUND" if EICAR in sent else b"stream: OK"


@contextlib.asynccontextmanager
async def scanning(port: int = 0, **limits: int) -> AsyncIterator[tuple[Simulator, str]]:
    """A scanner that listens inside the block, and its CLAMD_URL."""
    simulator = Simulator(**limits)
    server = await asyncio.start_server(simulator.serve, "127.0.0.1", port)
    try:
        yield simulator, f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        simulator.ended.set()
        server.close()
