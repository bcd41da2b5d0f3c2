"""What an apply is going to change, in the words of the plan for what runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from provision.actions import EnableUnit, EnsureDirectory, MaskUnit, RemovePath, Step
from provision.execute.journal import Thing
from provision.execute.ownership import paths_of
from provision.execute.target import Target
from provision.plan.activation import Became, Touch, unit_of

# Where packages put the units that a file of ours may have replaced.
SHIPPED_DIRECTORIES = ("/usr/lib/systemd/system", "/lib/systemd/system")


def touches_of(target: Target, steps: Iterable[Step], going: Iterable[Thing]) -> tuple[Touch, ...]:
    """`steps` are those that differ, `going` is what nobody asks for any more."""
    return (*_of_things(target, going), *(touch for step in steps for touch in _of_step(target, step)))


def file_touch(target: Target, path: str, *, is_there: bool, because: str | None = None) -> Touch:
    """A unit whose file goes is still there when a package brings one of the same name."""
    unit = unit_of(path)
    if not is_there and unit and any(target.stat(f"{place}/{unit}") for place in SHIPPED_DIRECTORIES):
        is_there = True
    return Touch(Became.PRESENT if is_there else Became.ABSENT, path, because)


def _of_step(target: Target, step: Step) -> Iterator[Touch]:
    match step.action:
        case EnableUnit(name=name, enabled=enabled, user=False):
            yield Touch(Became.ENABLED if enabled else Became.DISABLED, name, step.because)
        case MaskUnit(name=name, masked=masked, user=False):
            yield Touch(Became.MASKED if masked else Became.UNMASKED, name, step.because)
        case RemovePath(path=path, directory=True):
            for name in target.list_directory(path):
                yield file_touch(target, f"{path.rstrip('/')}/{name}", is_there=False, because=step.because)
        case EnsureDirectory():
            return
        case action:
            is_there = not isinstance(action, RemovePath)
            for path in [action.path] if isinstance(action, RemovePath) else paths_of(target, [step]):
                yield file_touch(target, path, is_there=is_there, because=step.because)


def _of_things(target: Target, going: Iterable[Thing]) -> Iterator[Touch]:
    for thing in going:
        match thing.kind:
            case "enabled":
                yield Touch(Became.DISABLED, thing.name)
            case "masked":
                yield Touch(Became.UNMASKED, thing.name)
            case "file":
                yield file_touch(target, thing.name, is_there=False)
            case "block":
                yield file_touch(target, thing.name.partition("#")[2], is_there=True)
            case _:  # directories that hold nothing, keys, units of users
                continue


def paths_to_change(target: Target, steps: Sequence[Step], going: Iterable[Thing]) -> tuple[str, ...]:
    """All files whose previous version is to be kept."""
    removed = [step.action.path for step in steps if isinstance(step.action, RemovePath)]
    named = [path for thing in going if (path := _path_of(thing))]
    return tuple(dict.fromkeys([*named, *removed, *paths_of(target, steps)]))


def _path_of(thing: Thing) -> str | None:
    if thing.kind == "block":
        return thing.name.partition("#")[2]
    return thing.name if thing.kind in ("directory", "file") else None
