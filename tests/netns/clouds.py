"""Metadata as each cloud's service has it, in the shapes that their documentation and machines show."""

from __future__ import annotations

import base64
import json

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHn3o8vT7pP3Yk1m9kq2s0b5h6n7f8d9e0a1b2c3d4e5 ops"
USER_DATA = "hostname: from-config\n"
MAC = "52:54:00:12:34:56"
EC2 = "/2021-03-23/meta-data"
NIC = f"{EC2}/network/interfaces/macs/{MAC}"
GCE = "/computeMetadata/v1"

EC2_PAGES = {
    "/2021-03-23/user-data": USER_DATA,
    f"{EC2}/instance-id": "i-0123456789abcdef0",
    f"{EC2}/hostname": "ip-10-0-0-4.eu-central-1.compute.internal other.example",
    f"{EC2}/local-ipv4": "10.0.0.4",
    f"{EC2}/public-ipv4": "52.1.2.3",
    f"{EC2}/placement/availability-zone": "eu-central-1a",
    f"{EC2}/placement/region": "eu-central-1",
    f"{EC2}/public-keys/": "0=ops",
    f"{EC2}/public-keys/0/openssh-key": KEY,
    f"{EC2}/network/interfaces/macs/": f"{MAC}/",
    f"{NIC}/": "device-number\nlocal-ipv4s\nmac\nsubnet-ipv4-cidr-block",
    f"{NIC}/device-number": "0",
    f"{NIC}/local-ipv4s": "10.0.0.4",
    f"{NIC}/subnet-ipv4-cidr-block": "10.0.0.0/24",
}
OPENSTACK_PAGES = {
    "/openstack/latest/user_data": USER_DATA,
    "/openstack/latest/meta_data.json": json.dumps(
        {
            "uuid": "d8e02d56-2648-49a3-bf97-6be8f1204f38",
            "hostname": "test.novalocal",
            "name": "test",
            "launch_index": 0,
            "availability_zone": "nova",
            "public_keys": {"mykey": KEY},
            "keys": [{"name": "mykey", "type": "ssh", "data": KEY}],
            "random_seed": "c2VlZA==",
            "project_id": "f7ac731cc11f40efbc03a9f9e1d1d21f",
            "devices": [],
        }
    ),
    "/openstack/latest/network_data.json": json.dumps(
        {
            "links": [{"id": "tap1", "vif_id": "v", "type": "ovs", "mtu": 1450, "ethernet_mac_address": MAC}],
            "networks": [{"id": "network0", "type": "ipv4_dhcp", "link": "tap1", "network_id": "n"}],
            "services": [],
        }
    ),
}
GCE_PAGES = {
    f"{GCE}/instance/attributes/user-data": base64.b64encode(USER_DATA.encode()).decode(),
    f"{GCE}/instance/attributes/user-data-encoding": "base64",
    f"{GCE}/instance/id": "4578390427895432",
    f"{GCE}/instance/hostname": "web-1.c.project.internal",
    f"{GCE}/instance/zone": "projects/123456789/zones/europe-west3-a",
    f"{GCE}/instance/network-interfaces/0/ip": "10.156.0.2",
    f"{GCE}/instance/network-interfaces/0/access-configs/0/external-ip": "35.1.2.3",
    f"{GCE}/project/attributes/ssh-keys": f"ops:{KEY}\nold:{KEY}2 google-ssh "
    '{"userName":"old@example.com","expireOn":"2016-01-01T00:00:00+0000"}\n',
}
AZURE_PAGES = {
    "/metadata/instance?api-version=2021-02-01": json.dumps(
        {
            "compute": {
                "vmId": "02AAB8A4-74EF-476E-8182-F6D2BA4166A6",
                "name": "vm1",
                "location": "westeurope",
                "zone": "1",
                "publicKeys": [{"keyData": f"{KEY}\r\n", "path": "/home/ops/.ssh/authorized_keys"}],
                "osProfile": {"adminUsername": "ops", "computerName": "vm1-host"},
            },
            "network": {
                "interface": [
                    {
                        "ipv4": {
                            "ipAddress": [{"privateIpAddress": "10.0.0.4", "publicIpAddress": "20.1.2.3"}],
                            "subnet": [{"address": "10.0.0.0", "prefix": "24"}],
                        },
                        "ipv6": {"ipAddress": []},
                        "macAddress": "525400123456",
                    }
                ]
            },
        }
    ),
    "/metadata/instance/compute/userData?api-version=2021-01-01&format=text": base64.b64encode(
        USER_DATA.encode()
    ).decode(),
}
DIGITALOCEAN_PAGES = {
    "/metadata/v1/user-data": USER_DATA,
    "/metadata/v1.json": json.dumps(
        {
            "droplet_id": 2756294,
            "hostname": "sample-droplet",
            "vendor_data": "#cloud-config\n",
            "public_keys": [KEY],
            "region": "nyc3",
            "interfaces": {
                "public": [
                    {
                        "ipv4": {
                            "ip_address": "104.131.20.105",
                            "netmask": "255.255.192.0",
                            "gateway": "104.131.0.1",
                        },
                        "mac": MAC,
                        "type": "public",
                    }
                ]
            },
            "dns": {"nameservers": ["67.207.67.2"]},
            "floating_ip": {"ipv4": {"active": False}},
        }
    ),
}
HETZNER_PAGES = {
    "/hetzner/v1/userdata": USER_DATA,
    "/hetzner/v1/metadata": f"""\
availability-zone: fsn1-dc8
hostname: web
instance-id: 42
network-config:
  config:
  - mac_address: {MAC}
    name: eth0
    subnets:
    - dns_nameservers: [185.12.64.1]
      ipv4: true
      type: dhcp
    - address: 2a01:4f8:0:0::1/64
      gateway: fe80::1
      ipv6: true
      type: static
    type: physical
  version: 1
public-ipv4: 78.1.2.3
public-keys:
- {KEY}
region: eu-central
vendor_data: ''
""",
}
VULTR_PAGES = {
    "/user-data/user-data": USER_DATA,
    "/v1.json": json.dumps(
        {
            "bgp": {"ipv4": {"my-address": ""}},
            "hostname": "guest",
            "instanceid": "42506325",
            "instance-v2-id": "cb676a46-66fd-4dfb-b839-443f2e6c0b60",
            "interfaces": [
                {
                    "ipv4": {"additional": [], "address": "108.61.89.242", "netmask": "255.255.255.0"},
                    "mac": MAC,
                    "network-type": "public",
                }
            ],
            "public-keys": [KEY],
            "region": {"regioncode": "EWR"},
        }
    ),
}
