"""What configs of members have in common."""

from __future__ import annotations

URL = "http://10.77.0.1:8080/discovery/abc"
CLUSTER = {f"node{number}": [f"http://10.77.0.1{number}:2380"] for number in (1, 2, 3)}
SECURE = {f"node{number}": [f"https://10.77.0.1{number}:2380"] for number in (1, 2, 3)}
CLIENT = {"certificate": "/tls/client.crt", "key": "/tls/client.key"}
PEER = {"certificate": "/etc/tls/peer.crt", "key": "/etc/tls/peer.key", "authority": "/etc/tls/ca.crt"}
IMAGE = "quay.io/coreos/etcd@sha256:" + "0" * 64
