"""pxeserver's TFTP and HTTP servers alone, on one address, with the files of a folder."""

from __future__ import annotations

import asyncio
import sys
from ipaddress import IPv4Address
from pathlib import Path

from benchmarks.transfers import IMAGE, IMAGE_DIGEST
from pxeserver.inventory.images import Asset
from pxeserver.tftp.files import TftpFiles
from pxeserver.tftp.transport import TftpServer
from pxeserver.web.bytes import BytesServer, Sent


async def serve(address: str, folder: Path) -> None:
    image = folder / IMAGE
    asset = Asset(image, IMAGE, "root", IMAGE_DIGEST, image.stat().st_size)
    tftp = TftpServer(IPv4Address(address), TftpFiles(root=folder), lambda _: None)
    http = BytesServer({IMAGE_DIGEST: asset}.get, _ignore, downloads_at_once=1000)
    await tftp.start()
    await http.start(address, 80)
    await asyncio.Event().wait()


async def _ignore(sent: Sent) -> None:
    pass


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
