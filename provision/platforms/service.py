"""A metadata service: questions by HTTP at addresses that need no DNS, IPv4 and IPv6 asked at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from provision.errors import AnswerError, SourceError
from provision.platforms.contract import Access

ABSENT = frozenset({404, 410})
IPV4 = "http://169.254.169.254"  # RFC 3927 link-local: the same on nearly every cloud

T = TypeVar("T")


class TokenRule(Struct, frozen=True):
    """How a token is asked for (PUT), and in which header it is shown."""

    path: str
    request: Mapping[str, str]
    header: str


class Service:
    """One metadata service. `headers` go with every question, the token too where there is a rule for one."""

    def __init__(
        self,
        access: Access,
        bases: Sequence[str] = (IPV4,),
        *,
        headers: Mapping[str, str] | None = None,
        token: TokenRule | None = None,
        passing: frozenset[int] = frozenset(),
    ) -> None:
        self._access = access
        self._bases = tuple(bases)
        self._headers = dict(headers or {})
        self._rule = token
        self._token: str | None = None
        self._passing = passing

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> bytes | None:
        """None when the service has no such item, which it says at once."""
        if self._rule is not None and self._token is None:
            self._token = self._first(self._new_token)
        try:
            return self._first(lambda base: self._ask(base, path, headers))
        except AnswerError as answer:
            if answer.status != 401 or self._rule is None:
                raise
        self._token = self._first(self._new_token)  # it was valid for hours, but not for ever
        return self._first(lambda base: self._ask(base, path, headers))

    def text(self, path: str) -> str | None:
        data = self.get(path)
        return None if data is None else data.decode("utf-8", "replace").strip()

    def demand(self, path: str) -> bytes:
        data = self.get(path)
        if data is None:
            raise SourceError(f"the metadata service has no {path}", hint="is this the cloud it says it is?")
        return data

    def _first(self, ask: Callable[[str], T]) -> T:
        """The answer of the first address that gives one; from then on only that one is asked."""
        if len(self._bases) == 1:
            return ask(self._bases[0])
        base, answer = first_of([_with(base, ask) for base in self._bases])
        self._bases = (base,)
        return answer

    def _ask(self, base: str, path: str, headers: Mapping[str, str] | None) -> bytes | None:
        shown = {self._rule.header: self._token} if self._rule and self._token else {}
        try:
            return self._access.fetch(
                base + path,
                headers={**self._headers, **(headers or {}), **shown},
                passing=self._passing,
                is_wanted=lambda: base in self._bases,
            )
        except AnswerError as answer:
            if answer.status in ABSENT:
                return None
            raise

    def _new_token(self, base: str) -> str:
        assert self._rule is not None
        try:
            token = self._access.fetch(
                base + self._rule.path,
                method="PUT",
                headers=self._rule.request,
                is_wanted=lambda: base in self._bases,
            )
        except AnswerError as answer:
            if answer.status not in ABSENT:
                raise
            return ""  # an older service that knows no tokens: EC2's first version
        return token.decode("ascii", "replace").strip()


def _with(base: str, ask: Callable[[str], T]) -> Callable[[], tuple[str, T]]:
    return lambda: (base, ask(base))


def first_of(askers: Sequence[Callable[[], T]]) -> T:
    """The first answer, also one that says no; when nobody answers, the failure of the first asker."""
    import threading
    from queue import SimpleQueue

    outcomes: SimpleQueue[tuple[int, T | None, SourceError | None]] = SimpleQueue()

    def run(number: int, ask: Callable[[], T]) -> None:
        try:
            outcomes.put((number, ask(), None))
        except SourceError as error:
            outcomes.put((number, None, error))
        except Exception as error:  # noqa: BLE001 - whatever happened, somebody waits to be told
            outcomes.put((number, None, SourceError(f"asking failed: {error!r}")))

    for number, ask in enumerate(askers):
        # Daemons: who lost the race may wait for its deadline, and nobody waits for it.
        threading.Thread(target=run, args=(number, ask), daemon=True).start()
    errors: dict[int, SourceError] = {}
    while len(errors) < len(askers):
        number, answer, error = outcomes.get()
        if error is None:
            return answer  # type: ignore[return-value] # None only where T has it
        if isinstance(error, AnswerError):  # the service is there, and means it
            raise error
        errors[number] = error
    raise errors[0]
