"""A platform's access to a world of plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from provision.errors import AnswerError, SourceError
from provision.execute.command import Completed
from provision.platforms.contract import Access, Deadline, always
from provision.platforms.observation import Observation


class World:
    """`pages` by URL; programs answer by their last argument. What was done is in `asked` and `ran`."""

    def __init__(
        self,
        root: Path,
        *,
        pages: Mapping[str, str | bytes] | None = None,
        answers: Mapping[str, str] | None = None,
        observation: Observation | None = None,
    ) -> None:
        self.root = root
        self.pages = dict(pages or {})
        self.answers = dict(answers or {})
        self.observation = observation or Observation()
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.ran: list[list[str]] = []
        self.said: list[str] = []

    def access(self) -> Access:
        return Access(
            root=self.root,
            deadline=Deadline(60.0, clock=lambda: 0.0, sleep=lambda seconds: None),
            fetch=self.fetch,
            mounted=self.mounted,
            programs=self.run,
            say=self.said.append,
            interfaces=lambda: ("eth0",),
            observation=self.observation,
        )

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        passing: frozenset[int] = frozenset(),
        is_wanted: Callable[[], bool] = always,
    ) -> bytes:
        self.asked.append((method, url, dict(headers or {})))
        if any(url.startswith(base) for base in self.unreachable):
            raise SourceError(f"cannot fetch {url}")
        page = self.pages.get(url)
        if page is None:
            raise AnswerError(404, f"cannot fetch {url}: the server answers 404", "check the URL")
        return page if isinstance(page, bytes) else page.encode()

    unreachable: tuple[str, ...] = ()

    @contextmanager
    def mounted(self, device: str, type: str) -> Iterator[Path]:
        yield self.root / "mounted" / device.removeprefix("/dev/")

    def run(self, arguments: list[str], *, stdin: str = "") -> Completed:
        self.ran.append(arguments)
        answer = self.answers.get(arguments[-1])
        return Completed(1, "", "No value found") if answer is None else Completed(0, f"{answer}\n", "")
