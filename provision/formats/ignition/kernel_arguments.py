"""`kernelArguments`: what the kernel is told."""

from __future__ import annotations

from msgspec import Struct

from provision.findings import Place
from provision.formats.draft import Draft


class KernelArguments(Struct, frozen=True, kw_only=True):
    should_exist: tuple[str, ...] = ()
    should_not_exist: tuple[str, ...] = ()


def translate_kernel_arguments(arguments: KernelArguments, draft: Draft) -> None:
    """One text may hold several arguments."""
    for field, native in (("should_exist", "present"), ("should_not_exist", "absent")):
        for index, text in enumerate(getattr(arguments, field)):
            place: Place = ("kernel_arguments", field, index)
            made = draft.root.entry("kernel", place[:1]).entry("arguments", place[:1])
            for word in text.split():
                made.append(native, word, place)
