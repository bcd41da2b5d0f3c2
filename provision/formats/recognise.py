"""Which format a text is in, from its bytes alone. Kept apart from the front ends, which load only when needed."""

from __future__ import annotations

import re


def is_gzip(data: bytes) -> bool:
    return data.startswith(b"\x1f\x8b")  # RFC 1952 2.3.1


def is_cloud_config(data: bytes) -> bool:
    return begins(data, b"#cloud-config") and not begins(data, b"#cloud-config-")


def is_script(data: bytes) -> bool:
    return begins(data, b"#!")


def is_boothook(data: bytes) -> bool:
    return begins(data, b"#cloud-boothook")


def is_include(data: bytes) -> bool:
    return begins(data, b"#include")


def is_archive(data: bytes) -> bool:
    return begins(data, b"#cloud-config-archive")


def is_jinja(data: bytes) -> bool:
    return begins(data, b"## template: jinja") or begins(data, b"##template:jinja")


def is_mime(data: bytes) -> bool:
    """Headers from the first line on, that say so."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_header = re.match(rb"(?:From )|[A-Za-z][A-Za-z-]*:[ \t]", start)
    return bool(is_header and re.search(rb"(?im)^(?:mime-version:|content-type:\s*multipart/)", start))


def is_base64(data: bytes) -> bool:
    """Nothing but base64, of something that says what it is."""
    start = data[:64].lstrip()
    if not re.match(rb"(?:I2|Iy|H4sI|Q29udGVudC|TUlNRS1W|eyJp|eyAi|ewog|RnJvbS)", start):
        return False
    return re.fullmatch(rb"[A-Za-z0-9+/\s]+={0,2}\s*", data) is not None


# Beginnings of lines: top-level keys that no other format has, those that only the native format has, and Terraform's.
# Looked for as they stand, since every native config is looked through for them.
FOREIGN = (
    *(b"\nbootcmd:", b"\nca-certs:", b"\nchpasswd:", b"\ncoreos:", b"\nmanage_etc_hosts:", b"\npackages:"),
    *(
        b"\npackage_update:",
        b"\npackage_upgrade:",
        b"\npower_state:",
        b"\nruncmd:",
        b"\nssh_authorized_keys:",
    ),
    *(b"\nssh_pwauth:", b"\nwrite_files:"),
)
NATIVE = (b"\ncommands:", b"\ncontainers:", b"\nfiles:", b"\ninclude:", b"\nunits:", b"\nvars:")
TERRAFORM = (b'\nmodule "', b'\nprovider "', b'\nresource "', b"\nterraform {", b'\nvariable "')
OLD_VERSION = re.compile(rb'"(?:ignitionVersion"\s*:|version"\s*:\s*"(?P<version>[12]\.[0-9.]+[^"]*)")')


def is_headerless(data: bytes) -> bool:
    """A cloud-config that lacks its first line."""
    lines = b"\n" + data
    return any(key in lines for key in FOREIGN) and not any(key in lines for key in NATIVE)


def is_terraform(data: bytes) -> bool:
    lines = b"\n" + data
    return any(mark in lines for mark in TERRAFORM)


def is_unread(data: bytes) -> bool:
    """What people give, and what is not read; without a word about it they would see riddles."""
    known = (b"#cloud-config-jsonp", b"#part-handler", b"#upstart-job", b"<?xml", b"<!doctype", b"<html")
    if any(begins(data, mark) for mark in known):
        return True
    if begins(data, b"{"):
        return _is_old_ignition(data)
    return is_headerless(data) or is_terraform(data)


def _is_old_ignition(data: bytes) -> bool:
    if not OLD_VERSION.search(data):
        return False
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    about = found.get("ignition")
    version = about.get("version") if isinstance(about, dict) else None
    return "ignitionVersion" in found or (isinstance(version, str) and version.startswith(("1.", "2.")))


def begins(data: bytes, mark: bytes) -> bool:
    """As cloud-init looks for it: small letters and capitals alike, and after blanks."""
    return data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()[: len(mark)].lower() == mark


def is_butane(data: bytes) -> bool:
    """YAML with `variant` and `version` at its top."""
    return all(re.search(rb"(?m)^[\"']?%s[\"']?[ \t]*:" % key, data) for key in (b"variant", b"version"))


def is_ignition(data: bytes) -> bool:
    """An object with the key `ignition`; of no JSON at all, what looks like one."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"{") or not re.search(rb'"ignition"\s*:', data):
        return False
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return True
    return isinstance(found, dict) and "ignition" in found
