"""Apply on a running system: systemd reloaded once, and only what changed is restarted. With systemd as PID 1."""

from __future__ import annotations

import json
import sys

import pytest

from tests.running.container import REPOSITORY, Container

DYING_APPLY = str(REPOSITORY / "tests/running/dying_apply.py")


def service(name: str, command: str = "/bin/sleep infinity", *, more: str = "", unit: str = "") -> str:
    return f"""
  - name: {name}.service
    enable: true
    content: |
      [Unit]
      Description={name}
      {unit}
      [Service]
      {more}
      ExecStart={command}
      [Install]
      WantedBy=multi-user.target
"""


def rows(output: str) -> list[str]:
    """What apply did with what runs: `unit a.service restarted`."""
    lines = [line.split() for line in output.splitlines() if line.startswith("*")]
    return [" ".join(words[1:-2]) for words in lines]


def main_pid(system: Container, unit: str) -> str:
    return system.shell(f"systemctl show --property=MainPID --value {unit}")


def test_only_units_whose_files_changed_are_restarted_and_new_ones_started(system: Container) -> None:
    assert rows(system.apply("units:" + service("a") + service("b")).stdout) == [
        "systemd reloaded",
        "unit a.service started",
        "unit b.service started",
    ]
    a, b = main_pid(system, "a"), main_pid(system, "b")

    changed = system.apply("units:" + service("a") + service("b", more="Nice=3"))
    again = system.apply("units:" + service("a") + service("b", more="Nice=3"))

    assert rows(changed.stdout) == ["systemd reloaded", "unit b.service restarted"]
    assert main_pid(system, "a") == a
    assert main_pid(system, "b") not in (b, "0")
    assert again.stdout == "nothing to do: 5 unchanged\n"


def test_a_unit_no_longer_asked_for_is_stopped_while_its_file_is_there(system: Container) -> None:
    farewell = "ExecStop=/bin/sh -c 'systemctl cat going.service > /run/farewell'"
    system.apply("units:" + service("going", more=farewell))

    done = system.apply("units:" + service("a"))

    assert rows(done.stdout)[0] == "unit going.service stopped"
    assert "Description=going" in system.shell("cat /run/farewell")
    assert system.shell("systemctl show --property=LoadState --value going") == "not-found"


def test_a_unit_comes_after_the_one_that_systemd_orders_before_it(system: Container) -> None:
    config = "units:" + service("late", unit="After=early.service") + service("early")

    done = system.apply(config)

    assert rows(done.stdout)[-2:] == ["unit early.service started", "unit late.service started"]


def test_drop_ins_masks_and_templates_reach_the_units_they_are_about(system: Container) -> None:
    template = """
  - name: work@.service
    enable: true
    instances: [one, two]
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      %s
      [Install]
      WantedBy=multi-user.target
"""
    system.apply("units:" + template % "" + service("a"))
    one, two = main_pid(system, "work@one"), main_pid(system, "work@two")
    dropin = service("a") + "    dropins:\n      - {name: x.conf, content: '[Service]\n\n          Nice=4'}\n"

    system.apply("units:" + template % "Nice=3" + dropin)

    assert main_pid(system, "work@one") not in (one, "0")
    assert main_pid(system, "work@two") not in (two, "0")
    assert system.shell("systemctl show --property=Nice --value a") == "4"

    system.apply("units:" + template % "Nice=3" + "\n  - {name: work@one.service, mask: true}\n")

    assert system.shell("systemctl is-active work@one work@two || true") == "inactive\nactive"


def test_a_unit_that_does_not_start_is_named_with_its_config_path_and_last_words(system: Container) -> None:
    bad = "/bin/sh -c 'echo the-secret-of-it; exit 7'"
    config = "units:" + service("bad", bad, more="Type=oneshot") + service("good")

    done = system.apply(config)

    assert done.returncode == 4
    assert (
        "provision: units[0].content: cannot restart bad.service: Job for bad.service failed" in done.stderr
    )
    assert "the-secret-of-it" in done.stderr
    assert "unit good.service started" in rows(done.stdout)
    # Everybody may read the records of the agent, and not everybody what units say.
    assert system.shell("grep -l the-secret-of-it /var/lib/provision/*json* || true") == ""
    assert "cannot restart bad.service" in system.provision("status").stdout


def test_what_failed_is_tried_again_by_the_next_apply_until_it_works(system: Container) -> None:
    picky = "/bin/sh -c 'test -e /run/may-start'"
    config = (
        "units:" + service("picky", picky, more="Type=oneshot\n      RemainAfterExit=yes") + service("fine")
    )
    assert system.apply(config).returncode == 4
    fine = main_pid(system, "fine")
    assert system.apply(config).returncode == 4

    system.shell("touch /run/may-start")
    done = system.apply(config)

    assert (done.returncode, rows(done.stdout)) == (0, ["unit picky.service started"])
    assert main_pid(system, "fine") == fine
    assert system.apply(config).stdout.startswith("nothing to do")


def test_a_service_that_ends_right_after_its_start_has_failed(system: Container) -> None:
    done = system.apply("units:" + service("brief", "/bin/false") + service("other"))

    assert done.returncode == 4
    assert "brief.service was started and has failed: exit-code" in done.stderr


@pytest.mark.parametrize("program", ["daemon-reload", "restart"])
def test_what_a_killed_apply_had_still_to_do_is_done_by_the_next(system: Container, program: str) -> None:
    system.apply("units:" + service("kept") + service("a"))
    a = main_pid(system, "a")
    config = "units:" + service("kept") + service("a", more=f"Environment=KILLED_AT={program}")
    (system.root / "root/next.yaml").write_text(config)
    killed = system.run(sys.executable, DYING_APPLY, "/root/next.yaml", program)
    assert killed.returncode in (-9, 137)
    assert main_pid(system, "a") == a

    done = system.apply(config)

    assert "0 created, 0 changed" in done.stdout
    assert rows(done.stdout)[-1] == "unit a.service restarted"
    assert main_pid(system, "a") not in (a, "0")
    assert system.shell("ls /var/lib/provision") == "journal.jsonl\nkey\nlock\nstatus.json\nwanted.json"


def test_commands_run_and_run_again_when_they_change(system: Container) -> None:
    command = "commands:\n  - {name: mark, once: true, command: [/bin/sh, -c, 'echo %s >> /root/marks']}\n"

    system.apply(command % "first")
    system.apply(command % "first")
    system.apply(command % "second")

    assert system.shell("cat /root/marks") == "first\nsecond"


def test_names_and_settings_of_the_kernel_are_as_the_config_says_at_once(system: Container) -> None:
    done = system.apply("hostname: renamed\nkernel:\n  sysctl: {net.ipv4.ip_default_ttl: 77}\n")

    assert system.shell("hostname; cat /proc/sys/net/ipv4/ip_default_ttl") == "renamed\n77"
    assert done.returncode == 0


def test_another_root_directory_is_written_and_nothing_restarted(system: Container) -> None:
    system.shell("mkdir -p /root/other")

    done = system.apply("units:" + service("elsewhere"), "--root", "/root/other", "--format", "json")

    assert {step["result"] for step in json.loads(done.stdout)["steps"]} == {"created"}
    assert system.shell("systemctl show --property=LoadState --value elsewhere") == "not-found"
