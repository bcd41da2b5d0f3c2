"""Puts blocks of a file on the wire, with as few system calls as the kernel allows."""

from __future__ import annotations

import errno
import socket

from pxeserver.tftp.files import Source
from pxeserver.tftp.negotiate import Terms
from pxeserver.tftp.packet import OptionAck, data_head, encode
from pxeserver.tftp.transfer import BLOCK_NUMBERS

# linux/udp.h; Python's socket module has no name for it. A buffer is cut into datagrams of this size below the
# routing: one system call and one way through the stack for many blocks.
UDP_SEGMENT = 103
MAX_SEGMENTS = 64  # UDP_MAX_SEGMENTS of Linux before 6.9
MAX_BUFFER_BYTES = 65_507  # what is cut is itself one IPv4 packet
# The path (an interface that computes no checksums, a tunnel) or the kernel cannot cut: block by block then.
CANNOT_SEGMENT = frozenset((errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.ENOPROTOOPT, errno.EOPNOTSUPP))
# A read costs as much as a packet, so each serves many blocks; a thousand transfers hold 32 MB.
READ_AHEAD_BYTES = 32 * 1024

NOTHING = memoryview(b"")


class Sender:
    """Sends one file's blocks to one client."""

    def __init__(self, own: socket.socket, source: Source, terms: Terms) -> None:
        """`own` is connected to the client."""
        self._socket = own
        self._source = source
        self._terms = terms
        self._ahead = NOTHING
        self._ahead_offset = 0
        self._blocks_at_once = self._set_segmentation() if terms.windowsize > 1 else 1

    def send(self, blocks: range) -> None:
        """Block 0 is the OACK. `OSError` if the file cannot be read."""
        first, end = blocks.start, blocks.stop
        if first == 0:
            self.transmit(encode(OptionAck(self._terms.granted)))
            first = 1
        while end - first > 1 and self._blocks_at_once > 1:
            stop = min(first + self._blocks_at_once, end)
            if self._is_sent_at_once(first, stop):
                first = stop
        size_bytes = self._terms.blksize_bytes
        for block in range(first, end):
            content = self._content((block - 1) * size_bytes, size_bytes)
            self.transmit(data_head(block % BLOCK_NUMBERS) + content)

    def transmit(self, datagram: bytes) -> None:
        """Send, or lose the packet as the network might: the timer of either side mends it."""
        try:
            self._socket.send(datagram)
        except OSError:  # full buffer, no route: as good as lost on the way
            return

    def _is_sent_at_once(self, first: int, stop: int) -> bool:
        buffers = self._buffers(first, stop)
        try:
            self._socket.sendmsg(buffers)
        except OSError as error:
            if error.errno not in CANNOT_SEGMENT:
                return True  # full buffer, no route: lost, as in `transmit`
            self._socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
            self._blocks_at_once = 1
            return False
        return True

    def _buffers(self, first: int, stop: int) -> list[bytes | memoryview]:
        """The DATA packets of these blocks, one after the other, without a copy of what they carry."""
        size_bytes = self._terms.blksize_bytes
        content = self._content((first - 1) * size_bytes, (stop - first) * size_bytes)
        buffers: list[bytes | memoryview] = []
        offset = 0
        for block in range(first, stop):
            buffers.append(data_head(block % BLOCK_NUMBERS))
            buffers.append(content[offset : offset + size_bytes])
            offset += size_bytes
        return buffers

    def _content(self, offset: int, length: int) -> memoryview:
        """The bytes from `offset` on: `length` of them, fewer at the end of the file."""
        begin = offset - self._ahead_offset
        content = self._ahead[begin : begin + length] if begin >= 0 else NOTHING
        if len(content) == length:
            return content
        self._ahead = memoryview(
            self._source.read(offset, min(max(READ_AHEAD_BYTES, length), self._terms.size_bytes - offset))
        )
        self._ahead_offset = offset
        length = min(length, self._terms.size_bytes - offset)
        if len(self._ahead) < length:
            # A short block means the end of the file to the client, which would take the half for the whole.
            raise OSError("the file became shorter while it was sent")
        return self._ahead[:length]

    def _set_segmentation(self) -> int:
        """How many blocks one call sends."""
        datagram_bytes = self._terms.blksize_bytes + 4
        try:
            self._socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, datagram_bytes)
        except OSError:  # Linux before 4.18
            return 1
        return min(MAX_SEGMENTS, MAX_BUFFER_BYTES // datagram_bytes)
