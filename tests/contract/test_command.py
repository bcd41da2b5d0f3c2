"""Real programs, started through the one door for them."""

from __future__ import annotations

import time

import pytest

from provision.errors import ProvisionError
from provision.execute.command import demand, run_program


def test_output_and_exit_code_come_back() -> None:
    done = run_program(["sh", "-c", "cat; echo problem >&2; exit 3"], stdin="given")

    assert (done.exit_code, done.stdout, done.stderr) == (3, "given", "problem\n")


def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("SECRET", "from the caller")

    names = {line.partition("=")[0] for line in run_program(["env"]).stdout.splitlines()}

    assert names == {"LC_ALL", "PATH"}


def test_arguments_are_never_read_by_a_shell() -> None:
    assert run_program(["printf", "%s", "$HOME; `id`"]).stdout == "$HOME; `id`"


def test_a_program_that_must_succeed_and_does_not_shows_its_last_words() -> None:
    with pytest.raises(ProvisionError) as caught:
        demand(run_program, ["sh", "-c", "echo no space left >&2; exit 1"])

    assert str(caught.value) == "sh -c 'echo no space left >&2; exit 1' failed (1): no space left"


def test_a_program_ended_by_a_signal_says_which() -> None:
    with pytest.raises(ProvisionError, match="was ended by SIGKILL: it printed nothing"):
        demand(run_program, ["sh", "-c", "kill -9 $$"])


def test_a_program_that_does_not_end_is_ended_at_the_deadline() -> None:
    begun = time.monotonic()

    with pytest.raises(ProvisionError, match=r"sleep 60 did not end within 0\.1 s"):
        run_program(["sleep", "60"], deadline_s=0.1)

    assert time.monotonic() - begun < 5


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ProvisionError, match="program 'no-such-program' is not installed"):
        run_program(["no-such-program"])
