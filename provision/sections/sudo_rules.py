"""Rules of sudoers(5), without the name of the user they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provision.findings import Place, Problem, error
from provision.variables import has_variable

SUDOERS_DIRECTORY = "/etc/sudoers.d"

# "Tag_Spec": these change how the commands after them run.
TAG = re.compile(
    r"(?:NO)?(?:EXEC|FOLLOW|INTERCEPT|LOG_INPUT|LOG_OUTPUT|MAIL|PASSWD|SETENV)\s*:\s*",
)
HOSTS = re.compile(r"(?:!*[\w.*%+:/-]+|\\.)(?:\s*,\s*!*[\w.*%+:/-]+)*")
RUN_AS = re.compile(r"\(([^()]*)\)\s*")
UNESCAPED_COMMA = re.compile(r"(?<!\\),")
# A path, a directory, an alias (capital letters, ALL among them), sudoedit with its file; `!` excludes.
COMMAND = re.compile(
    r"!*\s*(?:sha(?:224|256|384|512):\S+\s+)?(?:/\S.*|[A-Z][A-Z0-9_]*|sudoedit\s+/\S.*|list)"
)


def sudoers_path(user: str) -> str:
    """sudo reads no file of that directory whose name has a dot or ends in `~`; account names have neither."""
    return f"{SUDOERS_DIRECTORY}/provision-{user}"


def sudoers_text(user: str, rules: tuple[str, ...]) -> str:
    return "".join(f"{user} {rule.strip()}\n" for rule in rules)


def check_sudo_rule(rule: str, user: str, place: Place) -> Iterator[Problem]:
    """One broken line makes sudo refuse everyone on the machine, so a doubtful one is refused here."""
    if has_variable(rule):
        return
    reason = _reason(rule.strip(), user)
    if reason:
        yield error("sudo-rule", place, reason, "for example `ALL=(ALL) NOPASSWD: ALL`")


MAX_RULE_CHARS = 1024  # far more than a rule needs; a message quotes parts of it


def _reason(rule: str, user: str) -> str | None:
    if not rule.isprintable() or not rule:
        return "a rule is one line of printable text"
    if len(rule) > MAX_RULE_CHARS:
        return f"a rule has at most {MAX_RULE_CHARS} characters; write a list of rules"
    if rule.endswith("\\") or "#" in rule.replace("\\#", ""):
        return "a rule has no comment and no line that goes on"
    hosts, equals, rest = rule.partition("=")
    if not equals:
        return "a rule says hosts=(users) commands; there is no '='"
    if hosts.split()[:1] == [user] and len(hosts.split()) > 1:
        return f"the rule begins with {user!r}; the user's name is written before it anyway"
    if not HOSTS.fullmatch(hosts.strip()):
        return f"{hosts.strip()!r} is no list of hosts"
    return _commands_reason(rest.strip())


def _commands_reason(text: str) -> str | None:
    if text.startswith("(") and not RUN_AS.match(text):
        return "the parenthesis is not closed"
    rest = RUN_AS.sub("", text, count=1) if text.startswith("(") else text
    if not rest:
        return "there is no command"
    for command in UNESCAPED_COMMA.split(rest):
        bare = _without_tags(command.strip())
        if not COMMAND.fullmatch(bare):
            return f"{bare!r} is no command: an absolute path, ALL, or an alias in capitals"
        if re.search(r"(?<!\\):", re.sub(r"^!*\s*sha\d+:", "", bare)):
            return "an unescaped colon begins another rule; write a list of rules, or '\\:'"
    return None


def _without_tags(command: str) -> str:
    while tag := TAG.match(command):
        command = command[tag.end() :]
    return command
