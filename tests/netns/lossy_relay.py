"""A UDP relay in front of a TFTP server that loses, doubles and swaps packets as its seed says."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from typing import cast

SWAP_DELAY_S = 0.01
Address = tuple[str, int]


class Fate:
    """What happens to each packet: it is sent never, once, twice or late."""

    def __init__(self, seed: int, share: float) -> None:
        """Each mishap befalls this share of the packets."""
        self._random = random.Random(seed)  # noqa: S311 - a seed is what makes a failure repeatable
        self._share = share

    def send(self, transport: asyncio.DatagramTransport, data: bytes, target: Address) -> None:
        draw = self._random.random() / self._share
        if draw < 1:
            return
        if draw < 2:
            transport.sendto(data, target)
        if draw < 3:
            asyncio.get_running_loop().call_later(SWAP_DELAY_S, transport.sendto, data, target)
            return
        transport.sendto(data, target)


class TransferSide(asyncio.DatagramProtocol):
    """A client's stand-in towards the server; what the server sends goes to the client."""

    def __init__(self, fate: Fate, client: Address, server: Address, request: bytes) -> None:
        self._fate = fate
        self._client = client
        self._server = server
        self._request = request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own class does not inherit from DatagramTransport before Python 3.12.
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._fate.send(self._transport, self._request, self._server)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """From the client or from the server's transfer port: pass it to the other."""
        if addr == self._client:
            self._fate.send(self._transport, data, self._server)
            return
        self._server = addr
        self._fate.send(self._transport, data, self._client)


class ServerPort(asyncio.DatagramProtocol):
    """Port 69 as clients see it."""

    def __init__(self, fate: Fate, server: str) -> None:
        self._fate = fate
        self._server = server
        self._tasks: set[asyncio.Task[object]] = set()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        loop = asyncio.get_running_loop()
        side = TransferSide(self._fate, addr, (self._server, 69), data)
        task = loop.create_task(loop.create_datagram_endpoint(lambda: side, local_addr=("0.0.0.0", 0)))
        self._tasks.add(task)


async def relay(server: str, seed: int, share: float) -> None:
    loop = asyncio.get_running_loop()
    fate = Fate(seed, share)
    await loop.create_datagram_endpoint(lambda: ServerPort(fate, server), local_addr=("127.0.0.1", 69))
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(relay(**json.loads(sys.argv[1])))
