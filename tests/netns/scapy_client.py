"""A PXE client made of scapy: sends one question, prints the answers as JSON, once as many as wanted are there."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from typing import Any

scapy: Any = importlib.import_module("scapy.all")  # its names are made when it is imported
LISTEN_S = 6.0  # dnsmasq and dhcpd ping an address for some seconds before they offer it
LINGER_S = 0.2  # for the answer too many


def main(interface: str, question: dict[str, Any]) -> None:
    mac = bytes.fromhex(str(question.get("mac") or scapy.get_if_hwaddr(interface)).replace(":", ""))
    scapy.bind_layers(scapy.UDP, scapy.BOOTP, dport=4011)  # it knows 67 and 68
    replies: list[Any] = []
    ready = threading.Event()
    sniffer = scapy.AsyncSniffer(
        iface=interface,
        # Not the ICMP errors of our own kernel, which quote the beginning of an answer.
        lfilter=lambda packet: packet.haslayer(scapy.DHCP) and packet[scapy.BOOTP].op == 2,
        prn=replies.append,
        started_callback=ready.set,
    )
    sniffer.start()
    ready.wait()
    for message in question.get("messages", ["discover"]):
        scapy.sendp(_frame(mac, message, question), iface=interface, verbose=False)
    sent_at = time.time()
    while len(replies) < question.get("answers", 1) and time.time() < sent_at + LISTEN_S:
        time.sleep(0.02)
    time.sleep(LINGER_S)
    sniffer.stop()
    print(json.dumps([_answer(packet, sent_at) for packet in replies]))  # noqa: T201 - this is the program's output


def _frame(mac: bytes, message: str, question: dict[str, Any]) -> Any:
    options: list[Any] = [("message-type", message)]
    if "arch" in question:
        options.append((93, question["arch"].to_bytes(2, "big")))
        options.append(
            ("vendor_class_id", question.get("vendor_class", "PXEClient:Arch:00000:UNDI:002001").encode())
        )
        options.append((97, bytes(17)))
    if question.get("ipxe"):
        options += [(77, b"iPXE"), (175, b"\x13\x01\x01\x18\x01\x01\x24\x01\x01")]
    if "requested" in question:
        options.append(("requested_addr", question["requested"]))
    to = question.get("to", "255.255.255.255")
    return (
        scapy.Ether(src=mac, dst=question.get("to_mac", "ff:ff:ff:ff:ff:ff"))
        / scapy.IP(src=question.get("from", "0.0.0.0"), dst=to)
        / scapy.UDP(sport=question.get("sport", 68), dport=question.get("port", 67))
        / scapy.BOOTP(
            chaddr=mac.ljust(16, b"\0"), xid=0x1234, flags=0x8000, ciaddr=question.get("from", "0.0.0.0")
        )
        / scapy.DHCP(options=[*options, "end"])
    )


def _answer(packet: Any, sent_at: float) -> dict[str, Any]:
    options = {entry[0]: entry[1] for entry in packet[scapy.DHCP].options if isinstance(entry, tuple)}
    kinds = {2: "offer", 5: "ack", 6: "nak"}
    return {
        "kind": kinds.get(int(options.get("message-type", 0)), "?"),
        "from": packet[scapy.IP].src,
        "from_port": packet[scapy.UDP].sport,
        "after_s": float(packet.time) - sent_at,
        "yiaddr": packet[scapy.BOOTP].yiaddr,
        "siaddr": packet[scapy.BOOTP].siaddr,
        "server": options.get("server_id"),
        "router": options.get("router"),
        "lease_s": options.get("lease_time"),
        "file": packet[scapy.BOOTP].file.rstrip(b"\0").decode(),
        "vendor_class": _text(options.get("vendor_class_id")),
    }


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
