"""`#cloud-config`, as cloud-init reads it, and with a section `coreos` as the first CoreOS did: one noun a file.

https://cloudinit.readthedocs.io/en/latest/reference/modules.html,
https://github.com/coreos/coreos-cloudinit/blob/master/Documentation/cloud-config.md
"""

from __future__ import annotations

from provision.formats.cloud_config.config import CloudConfig, translate
from provision.formats.cloud_config.spelling import parse
from provision.formats.front_end import FrontEnd

FRONT_END = FrontEnd(
    parse=parse,
    types=CloudConfig,
    translate=translate,
    hints={
        "command-no-condition": None,
        "digest-without-source": None,
        "file-content-twice": None,
        "file-no-content": None,
        "host-key-pair": "leave the public key out: it is taken from the private one",
        "mode": 'write three or four octal digits in quotes: "0644"',
        "secret-in-clear": "write it to a file with permissions '0600'",
        "source-unverified": "fetch it with https",
        "unit-mask-content": "remove one of the two",
        "unknown-group": "add it to groups, unless the image or a package has it",
        "unknown-user": "add it to users, unless the image or a package has it",
    },
)
