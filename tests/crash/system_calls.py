"""Runs a function with all its children, stopping at every system call that changes the file system.

The kernel does the stopping: a seccomp filter picks the calls, ptrace hands them over (x86-64 only, as are the guests
of the other tests). Whoever runs it decides at each call whether it is made, fails, or is where the power goes.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

# Numbers: arch/x86/entry/syscalls/syscall_64.tbl
WRITES = {1: "write", 18: "pwrite64", 20: "writev", 296: "pwritev", 328: "pwritev2"}
WITH_FD = WRITES | {
    40: "sendfile",
    77: "ftruncate",
    91: "fchmod",
    93: "fchown",
    190: "fsetxattr",
    199: "fremovexattr",
    285: "fallocate",
}
WITH_PATH = {
    76: "truncate",
    82: "rename",
    83: "mkdir",
    84: "rmdir",
    85: "creat",
    86: "link",
    87: "unlink",
    88: "symlink",
    90: "chmod",
    92: "chown",
    94: "lchown",
    132: "utime",
    133: "mknod",
    188: "setxattr",
    189: "lsetxattr",
    197: "removexattr",
    198: "lremovexattr",
    235: "utimes",
    258: "mkdirat",
    259: "mknodat",
    260: "fchownat",
    261: "futimesat",
    263: "unlinkat",
    264: "renameat",
    265: "linkat",
    266: "symlinkat",
    268: "fchmodat",
    280: "utimensat",
    316: "renameat2",
    326: "copy_file_range",
    437: "openat2",  # its flags lie in memory, where no filter looks
    452: "fchmodat2",
}
OPENS = {2: ("open", 1), 257: ("openat", 2)}  # with the position of the flags
OPEN_CHANGES = os.O_CREAT | os.O_TRUNC
# They change nothing, but can fail: only a run that meets failures looks at them.
SYNCS = {74: "fsync", 75: "fdatasync", 306: "syncfs"}
NAMES = WITH_FD | WITH_PATH | SYNCS | {number: name for number, (name, _) in OPENS.items()}

# linux/ptrace.h, linux/seccomp.h, linux/prctl.h
PTRACE_TRACEME, PTRACE_PEEKUSER, PTRACE_POKEUSER, PTRACE_CONT, PTRACE_SYSCALL = 0, 3, 6, 7, 24
PTRACE_SETOPTIONS = 0x4200
EVENT_EXEC, EVENT_SECCOMP = 4, 7
# fork, vfork, clone, exec, seccomp; EXITKILL: nothing outlives the test
OPTIONS = 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
SECCOMP_RET_ALLOW, SECCOMP_RET_TRACE = 0x7FFF0000, 0x7FF00000
WALL = 0x40000000  # also children made by clone(2)
# Where user_regs_struct has them (sys/user.h), in bytes.
RAX, RDX, RDI, ORIG_RAX = 80, 96, 112, 120


class Verdict(Enum):
    """TORN: the power goes when half of a write is done."""

    GO = auto()
    CUT = auto()
    TORN = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """`number` counts the calls of all processes from 0."""

    number: int
    name: str
    program: str

    @property
    def is_sync(self) -> bool:
        return self.name in SYNCS.values()

    @property
    def is_write(self) -> bool:
        return self.name in WRITES.values()


@dataclass(slots=True)
class Run:
    """`exit_code` is None when the power was cut."""

    exit_code: int | None = None
    calls: list[Call] = field(default_factory=list)


# The errno with which a call fails instead of being made, or what else happens to it.
Decide = Callable[[Call], Verdict | int]


def always(_call: Call) -> Verdict:
    return Verdict.GO


def at(number: int, event: Verdict | int) -> Decide:
    """What happens to one call; all others are made."""
    return lambda call: event if call.number == number else Verdict.GO


def run_traced(function: Callable[[], int], decide: Decide, output: Path) -> Run:
    """Runs `function` in a process of its own; what it and its children print goes to `output`."""
    output.touch()
    first = os.fork()
    if first == 0:
        _be_traced(function, output)
    os.waitpid(first, WALL)
    _ptrace(PTRACE_SETOPTIONS, first, 0, OPTIONS)
    _ptrace(PTRACE_CONT, first, 0, 0)
    return _Tracer(first, decide, output).trace()


class _Tracer:
    def __init__(self, first: int, decide: Decide, output: Path) -> None:
        self._first = first  # also the process group of all
        self._output = output.stat().st_ino
        self._decide = decide
        self._torn: set[int] = set()
        self._run = Run()

    def trace(self) -> Run:
        while True:
            try:
                pid, status = os.waitpid(-self._first, WALL)
            except ChildProcessError:
                return self._run
            if os.WIFSTOPPED(status):
                self._stopped(pid, status)
            elif pid == self._first and self._run.exit_code is None and os.WIFEXITED(status):
                self._run.exit_code = os.WEXITSTATUS(status)

    def _stopped(self, pid: int, status: int) -> None:
        event = status >> 16
        signal_number = 0
        if pid in self._torn:  # half of the write is done
            os.killpg(self._first, signal.SIGKILL)
            return
        if event == EVENT_SECCOMP:
            if not self._goes_on(pid):
                return
        elif event == 0 and os.WSTOPSIG(status) not in (signal.SIGTRAP, signal.SIGSTOP):
            signal_number = os.WSTOPSIG(status)  # its own business, e.g. SIGCHLD
        _ptrace(PTRACE_CONT, pid, 0, signal_number, may_be_gone=True)

    def _goes_on(self, pid: int) -> bool:
        call = self._call(pid)
        if call is None:
            return True
        self._run.calls.append(call)
        verdict = self._decide(call)
        if verdict is Verdict.CUT:
            os.killpg(self._first, signal.SIGKILL)
            return False
        if verdict is Verdict.TORN:
            self._torn.add(pid)
            half = _ptrace(PTRACE_PEEKUSER, pid, RDX, 0) // 2
            _ptrace(PTRACE_POKEUSER, pid, RDX, half)
            _ptrace(PTRACE_SYSCALL, pid, 0, 0)
            return False
        if isinstance(verdict, int):
            _ptrace(PTRACE_POKEUSER, pid, ORIG_RAX, -1)  # no such call: it is left out
            _ptrace(PTRACE_POKEUSER, pid, RAX, -verdict)
        return True

    def _call(self, pid: int) -> Call | None:
        """None for what changes no file: writing to a pipe or a terminal."""
        number = _ptrace(PTRACE_PEEKUSER, pid, ORIG_RAX, 0)
        if number in WITH_FD and not self._is_on_disk(pid, _ptrace(PTRACE_PEEKUSER, pid, RDI, 0)):
            return None
        program = Path(f"/proc/{pid}/comm").read_text().strip()
        return Call(len(self._run.calls), NAMES[number], program)

    def _is_on_disk(self, pid: int, fd: int) -> bool:
        try:
            entry = Path(f"/proc/{pid}/fd/{fd}").stat()
        except FileNotFoundError:  # not open: the call fails by itself
            return False
        return (stat.S_ISREG(entry.st_mode) or stat.S_ISDIR(entry.st_mode)) and entry.st_ino != self._output


def _be_traced(function: Callable[[], int], output: Path) -> None:
    """Never returns: this process is a copy of the test's, which must not go on in it."""
    try:
        os.setpgid(0, 0)
        fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _ptrace(PTRACE_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        sys.dont_write_bytecode = True
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        _install_filter()
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        code = function()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  (whatever it is, it is shown and ends this copy)
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(code)


def _install_filter() -> None:
    """seccomp(2): hand the calls in the tables to the tracer, allow all others."""
    load, equal, any_bit, back = 0x20, 0x15, 0x45, 0x06  # BPF_LD|W|ABS, JMP|JEQ|K, JMP|JSET|K, RET|K
    code = [(load, 0, 0, 0)]  # seccomp_data.nr
    for number in sorted(WITH_FD | WITH_PATH | SYNCS):
        code += [(equal, 0, 1, number), (back, 0, 0, SECCOMP_RET_TRACE)]
    for number, (_, position) in OPENS.items():
        low_word = 16 + 8 * position  # seccomp_data.args
        code += [
            (equal, 0, 4, number),
            (load, 0, 0, low_word),
            (any_bit, 0, 1, OPEN_CHANGES),
            (back, 0, 0, SECCOMP_RET_TRACE),
            (back, 0, 0, SECCOMP_RET_ALLOW),
        ]
    code.append((back, 0, 0, SECCOMP_RET_ALLOW))
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in code))
    header = struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(program))
    if _LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot install the filter: are you root?")


_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long)
_LIBC.ptrace.restype = ctypes.c_long


def _ptrace(request: int, pid: int, address: int, data: int, *, may_be_gone: bool = False) -> int:
    ctypes.set_errno(0)
    result: int = _LIBC.ptrace(request, pid, address, data)
    number = ctypes.get_errno()
    if number and not may_be_gone:
        raise OSError(number, f"ptrace request {request} of process {pid}: {os.strerror(number)}")
    return result
