"""One file on its way to one client, as a state machine: events in, block numbers to send out."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pxeserver.tftp.negotiate import DEFAULT_TIMER_S, Terms

BLOCK_NUMBERS = 1 << 16  # 16 bits on the wire; after 65535 comes 0, as every client of today expects
MAX_TIMER_S = 8.0
# A client that has said nothing for so long is gone: 1 + 2 + 4 + 8 + 8 + 8 seconds are six retransmissions.
GIVE_UP_AFTER_S = 31.0


class Phase(StrEnum):
    SENDING = "sending"
    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    """All sent, the last acknowledgement never came: some clients leave it out, so this is success."""
    LOST = "lost"
    """The client fell silent in the middle."""


SENDING = Phase.SENDING  # looked up for every packet, which an enumeration makes five times as long


# Tuples: one of each is made for every packet, and a frozen dataclass takes five times as long to make.
class Transfer(NamedTuple):
    """Block 0 stands for the OACK: a client acknowledges it as such (RFC 2347)."""

    terms: Terms
    acked: int
    """The last block acknowledged; -1 while the OACK is not."""
    sent: int
    """The last block sent."""
    phase: Phase = Phase.SENDING
    timer_s: float = DEFAULT_TIMER_S
    """How long to wait for the client after this step."""
    silent_s: float = 0.0
    """How long the client has been silent."""
    resent_after: int | None = None
    """The acknowledged block after which this window was already sent again."""


class Step(NamedTuple):
    """The state after an event, and the blocks to send now. The same state as before: the timer runs on."""

    transfer: Transfer
    send: range


NOTHING = range(0)


def begin(terms: Terms) -> Step:
    """The first step: the OACK, or where no option was granted, the first block."""
    first = 0 if terms.granted else 1
    return Step(
        Transfer(terms, acked=first - 1, sent=first, timer_s=terms.first_timer_s), range(first, first + 1)
    )


def acknowledge(transfer: Transfer, block: int) -> Step:
    """An ACK came, with its 16-bit block number."""
    terms, acked, sent = transfer.terms, transfer.acked, transfer.sent
    progress = (block - acked) % BLOCK_NUMBERS
    if progress > sent - acked or transfer.phase is not SENDING:
        return Step(transfer, NOTHING)  # late, of an earlier window or of another transfer
    if progress == 0:
        return _repeated_ack(transfer)
    acked += progress
    if acked == terms.last_block:
        return Step(transfer._replace(acked=acked, phase=Phase.DONE), NOTHING)
    # In the middle of a window, an ACK means that the block after it was lost (RFC 7440 sec. 4).
    return _send_window(terms, acked, acked if acked < sent else None)


def _repeated_ack(transfer: Transfer) -> Step:
    # Never resend on a duplicate ACK (RFC 1123 sec. 4.2.3.1, "Sorcerer's Apprentice"). With windows it is
    # also how a client says that the first block was lost. It may say so for each block that follows (EDK2
    # does), so the window is sent again once, and then the timer rules.
    if transfer.terms.windowsize == 1 or transfer.acked < 0 or transfer.resent_after == transfer.acked:
        return Step(transfer, NOTHING)
    return _send_window(transfer.terms, transfer.acked, transfer.acked)


def ask_again(transfer: Transfer) -> Step:
    """The request came once more: the first block was lost, unless the client has already answered it."""
    if transfer.acked > 0 or transfer.phase is not Phase.SENDING:
        return Step(transfer, NOTHING)
    return Step(transfer, range(transfer.acked + 1, transfer.sent + 1))


def time_out(transfer: Transfer) -> Step:
    """The timer ran out: send the window again, or give up."""
    if transfer.phase is not Phase.SENDING:
        return Step(transfer, NOTHING)
    silent_s = transfer.silent_s + transfer.timer_s
    if silent_s >= GIVE_UP_AFTER_S:
        is_all_sent = transfer.sent == transfer.terms.last_block
        phase = Phase.UNCONFIRMED if is_all_sent else Phase.LOST
        return Step(transfer._replace(silent_s=silent_s, phase=phase), NOTHING)
    # Slower even where the client named a time: atftp whose last ACK was lost takes no notice of a repeated
    # window, and acknowledges again only after five seconds without packets.
    timer_s = min(2 * transfer.timer_s, MAX_TIMER_S)
    slower = transfer._replace(silent_s=silent_s, timer_s=timer_s, resent_after=transfer.acked)
    return Step(slower, range(transfer.acked + 1, transfer.sent + 1))


def _send_window(terms: Terms, acked: int, resent_after: int | None) -> Step:
    sent = acked + terms.windowsize
    sent = min(sent, terms.last_block)
    transfer = Transfer(terms, acked, sent, SENDING, terms.first_timer_s, 0.0, resent_after)
    return Step(transfer, range(acked + 1, sent + 1))
