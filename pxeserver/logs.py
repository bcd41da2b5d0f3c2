"""Log lines: one a decision, with ids that can be searched for, as text or as JSON."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

FORMATS = ("json", "text")
_FIELDS = "fields"
HIDDEN = "***"
# What opens a door stands behind these words: tokens of boots and of etcd discovery, user names in URLs.
_SECRETS = re.compile(
    r"(?:(?<=token=)|(?<=/discovery/)|(?<=Bearer ))[A-Za-z0-9._~%+-]{6,}"
    r"|(?<=://)[^/\s@]+(?=@)"
)


def log_decision(log: logging.Logger, text: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Logs what has been decided; fields that are None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    log.log(level, text, extra={_FIELDS: known})


def set_up_logging(log_format: str) -> None:
    """All of the program's log lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # waitress says "task queue depth" for every long poll that waits; that is what its threads are for.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z info offered 10.77.0.11 mac=52:54:00:77:00:01 step=offer`"""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={_quoted(value)}" for name, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname.lower()} {_one_line(_text(record))}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            **_fields(record),
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": _text(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = getattr(record, _FIELDS, {})
    return {name: _without_secrets(value) for name, value in fields.items()} if fields else {}


def _text(record: logging.LogRecord) -> str:
    return str(_without_secrets(record.getMessage()))


def _without_secrets(value: object) -> object:
    """The value, or as text without what must not be read in a log; numbers stay numbers."""
    if isinstance(value, int | float):
        return value
    return _SECRETS.sub(HIDDEN, str(value))


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(value: object) -> str:
    text = _one_line(str(value))
    return json.dumps(text) if " " in text or '"' in text or not text else text


def _one_line(text: str) -> str:
    """What machines send is logged: it must not be able to forge a line or to move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
