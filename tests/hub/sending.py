"""Writing an answer to a socket, well or as badly as the faults say."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import time
from dataclasses import dataclass, replace

from tests.hub.faults import (
    Bandwidth,
    Compress,
    Corrupt,
    Cut,
    DropHeaders,
    Fault,
    Hang,
    NoRange,
    Rule,
    Truncate,
    WrongLength,
)
from tests.hub.log import Exchange
from tests.hub.messages import Request, Response, apply_range

CHUNK_BYTES = 64 * 1024
# A slow body trickles: this many pieces a second.
TRICKLE_PER_SECOND = 20
# Before a reset, time for what was sent to arrive: a reset discards what is still on its way.
ARRIVAL_SECONDS = 0.1


class DroppedError(Exception):
    """The connection is over, by a fault or because the client left."""


@dataclass
class Connection:
    """One client's connection with its two directions."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes | memoryview) -> None:
        """Hand bytes to the network and wait until it took them."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError as error:
            raise DroppedError from error
        if self.writer.transport.is_closing():
            raise DroppedError

    async def drop(self, reset: bool) -> None:
        """End the connection now, with FIN or with RST."""
        if reset:
            await asyncio.sleep(ARRIVAL_SECONDS)
            raw = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        raise DroppedError

    async def hang(self, seconds: float | None) -> None:
        """Send nothing for some seconds (None: until the client leaves)."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(1):
                    pass
        except TimeoutError:
            return
        except ConnectionError as error:
            raise DroppedError from error
        raise DroppedError


@dataclass
class Delivery:
    """One answer on its way: what to send, what to announce, and where it goes wrong."""

    connection: Connection
    exchange: Exchange
    rules: list[Rule]

    def _faults(self, kind: type[Fault]) -> list[Fault]:
        return [rule.fault for rule in self.rules if isinstance(rule.fault, kind)]

    def shape(self, request: Request, response: Response) -> Response:
        """Return the answer with its range applied and its content and headers spoiled as the faults say."""
        body = response.body
        for fault in self._faults(Corrupt):
            assert isinstance(fault, Corrupt)
            body = _flipped(body, fault)
        response = replace(response, body=body)
        if self._compresses(request):
            response = replace(response, body=_one_chunk(gzip.compress(response.body)), compressed=True)
            response = response.with_headers(Content_Encoding="gzip")
        elif response.ranged and not self._faults(NoRange):
            response = apply_range(response.with_headers(Accept_Ranges="bytes"), request.headers)
        for fault in self._faults(Truncate):
            assert isinstance(fault, Truncate)
            response = replace(response, body=response.body[: fault.after])
        for fault in self._faults(DropHeaders):
            assert isinstance(fault, DropHeaders)
            dropped = {name.lower() for name in fault.names}
            kept = {name: value for name, value in response.headers.items() if name.lower() not in dropped}
            response = replace(response, headers=kept)
        return response

    def _compresses(self, request: Request) -> bool:
        return bool(self._faults(Compress)) and "gzip" in request.headers.get("accept-encoding", "")

    async def run(self, request: Request, response: Response) -> None:
        """Send the answer; raises `DroppedError` where the connection is not to be used again."""
        response = self.shape(request, response)
        body = b"" if request.method == "HEAD" else response.body
        self.exchange.body_bytes, self.exchange.status = len(body), response.status
        extra = sum(fault.by for fault in self._faults(WrongLength) if isinstance(fault, WrongLength))
        length = None if response.compressed else max(0, len(response.body) + extra)
        await self.connection.send(response.head(length))
        await self._send_body(memoryview(body))
        if extra:
            raise DroppedError

    async def _send_body(self, body: memoryview) -> None:
        stops = sorted(
            (fault for fault in [*self._faults(Cut), *self._faults(Hang)] if isinstance(fault, Cut | Hang)),
            key=lambda fault: fault.after or 0,
        )
        position = 0
        for stop in stops:
            end = min(len(body), stop.after or 0)
            await self._send_paced(body[position:end])
            position = end
            if isinstance(stop, Cut):
                await self.connection.drop(stop.reset)
            else:
                await self.connection.hang(stop.seconds)
        await self._send_paced(body[position:])

    async def _send_paced(self, body: memoryview) -> None:
        slow = [rule for rule in self.rules if isinstance(rule.fault, Bandwidth)]
        rate = min((rule.fault.bytes_per_second for rule in slow if isinstance(rule.fault, Bandwidth)), default=None)
        step = CHUNK_BYTES if rate is None else max(1, min(CHUNK_BYTES, int(rate / TRICKLE_PER_SECOND)))
        due = time.monotonic()
        for start in range(0, len(body), step):
            chunk = body[start : start + step]
            self.exchange.bytes_sent += len(chunk)
            try:
                await self.connection.send(chunk)
            except (DroppedError, asyncio.CancelledError):
                self.exchange.bytes_sent -= self.connection.writer.transport.get_write_buffer_size()
                raise
            if rate is not None:
                due += len(chunk) / rate
                waits = [rule.reserve(len(chunk)) for rule in slow if getattr(rule.fault, "shared", False)]
                await asyncio.sleep(max([0.0, due - time.monotonic(), *waits]))


def _one_chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def _flipped(body: bytes, fault: Corrupt) -> bytes:
    at = len(body) // 2 if fault.at is None else fault.at
    changed = bytes(byte ^ 0xFF for byte in body[at : at + fault.count])
    return body[:at] + changed + body[at + len(changed) :]


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection and wait until it is gone; what a client does not want to read is thrown away."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
