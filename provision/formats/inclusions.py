"""What a translated config asks for beside itself: other configs, and files that lie beside it."""

from __future__ import annotations

from msgspec import Struct, structs

from provision.compression import gunzip
from provision.fetch.digest import verify
from provision.findings import path_text
from provision.formats.draft import Inclusion
from provision.formats.locate import Source
from provision.formats.parts import Part, inside
from provision.formats.source import MAX_CONFIG_BYTES
from provision.resolve import CannotInclude, Listed, Resolver
from provision.sections.data_url import decode_data_url, is_data_url
from provision.sections.include import Include


class BesideFile(Struct, frozen=True):
    """What lies beside a file, for its front end."""

    resolver: Resolver
    file: str

    def content(self, path: str) -> bytes:
        found = self.resolver.read(Include(file=path), self.file)
        data = b"" if found is None else found.data
        if len(data) > MAX_CONFIG_BYTES:
            raise CannotInclude("include-too-large", f"{path!r} has more than {MAX_CONFIG_BYTES} bytes")
        return data

    def listing(self, path: str) -> tuple[Listed, ...]:
        return self.resolver.listing(path, self.file)


class Found(Struct, frozen=True):
    part: Part
    identity: str


def read_inclusion(including: Source, inclusion: Inclusion, resolver: Resolver | None) -> Found | None:
    """None when the caller does not want to look. Raises CannotInclude and SourceError."""
    remote, file = inclusion.config, including.file
    if is_data_url(remote.url):
        try:
            data = decode_data_url(remote.url)
        except ValueError as problem:
            raise CannotInclude("url", str(problem)) from problem
        container = Part(file, including.data, including.part)
        part, identity = inside(container, data, path_text(inclusion.place), None), remote.url
    else:
        included = resolver.read(Include(url=remote.url), file) if resolver else None
        if included is None:
            return None
        part, identity = Part(included.file, included.data), included.identity
    if remote.compression is not None:
        try:
            part = structs.replace(part, data=gunzip(part.data, limit_bytes=MAX_CONFIG_BYTES))
        except ValueError as problem:
            raise CannotInclude("gzip", str(problem)) from problem
    if remote.algorithm and remote.digest:
        verify(part.data, remote.algorithm, remote.digest)
    return Found(part, identity)
